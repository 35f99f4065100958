#!/bin/sh
# slow
# Killed at each step: doctor.

. "$TESTS/faultmatrix.sh"

kill_matrix doctor
