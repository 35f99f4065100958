#!/bin/sh
# slow
# Errors at each step: enqueue.

. "$TESTS/faultmatrix.sh"

error_matrix enqueue
