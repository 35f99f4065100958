#!/bin/sh
# slow
# A worker killed at each step of a job: cancelled.

. "$TESTS/faultmatrix.sh"

kill_matrix cancelled
