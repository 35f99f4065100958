#!/bin/sh
# slow
# Errors at each step: doctor.

. "$TESTS/faultmatrix.sh"

error_sample 20 doctor
