#!/bin/sh
# slow
# Errors at each step: chosen again.

. "$TESTS/faultmatrix.sh"

error_matrix chosen again
