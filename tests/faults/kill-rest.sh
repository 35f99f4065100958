#!/bin/sh
# slow
# Killed at each step: config pause resume init.

. "$TESTS/faultmatrix.sh"

kill_matrix config pause resume init
