#!/bin/sh
# slow
# Errors at each step: purge.

NEEDS='strace timeout'
. "$TESTS/faultmatrix.sh"

error_matrix purge
