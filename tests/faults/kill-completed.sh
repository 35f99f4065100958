#!/bin/sh
# slow
# A worker killed at each step of a job: completed.

. "$TESTS/faultmatrix.sh"

kill_matrix completed
