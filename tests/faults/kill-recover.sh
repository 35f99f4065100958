#!/bin/sh
# slow
# Killed at each step: recover.

. "$TESTS/faultmatrix.sh"

kill_matrix recover
