#!/bin/sh
# slow
# Errors at each step: chosen again.

NEEDS='strace timeout'
. "$TESTS/faultmatrix.sh"

error_matrix chosen again
