#!/bin/sh
# slow
# Errors at each step: doctor.

. "$TESTS/faultmatrix.sh"

error_sample 8 doctor
