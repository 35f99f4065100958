#!/bin/sh
# slow
# Errors at each step: enqueue.

NEEDS='strace timeout'
. "$TESTS/faultmatrix.sh"

error_matrix enqueue
