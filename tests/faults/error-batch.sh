#!/bin/sh
# slow
# Errors at each step: batch.

NEEDS='strace timeout'
. "$TESTS/faultmatrix.sh"

error_matrix batch
