#!/bin/sh
# slow
# Errors at each step: doctor.

. "$TESTS/faultmatrix.sh"

export ERRORS=1 LASTING=1
error_matrix doctor
