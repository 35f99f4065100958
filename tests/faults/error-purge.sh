#!/bin/sh
# slow
# Errors at each step: purge.

. "$TESTS/faultmatrix.sh"

error_matrix purge
