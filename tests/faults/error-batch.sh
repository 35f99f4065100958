#!/bin/sh
# slow
# Errors at each step: batch.

. "$TESTS/faultmatrix.sh"

error_matrix batch
