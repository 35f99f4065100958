#!/bin/sh
# slow
# Errors at each step: doctor.

NEEDS='strace timeout'
. "$TESTS/faultmatrix.sh"

error_matrix doctor
