#!/bin/sh
# slow
# A worker killed at each step of a job: dead.

. "$TESTS/faultmatrix.sh"

kill_matrix dead
