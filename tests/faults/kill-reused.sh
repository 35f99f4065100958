#!/bin/sh
# slow
# A worker killed at each step of a job: reused.

. "$TESTS/faultmatrix.sh"

kill_matrix reused
