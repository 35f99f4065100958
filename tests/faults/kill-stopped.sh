#!/bin/sh
# slow
# A worker killed at each step of a job: stopped.

. "$TESTS/faultmatrix.sh"

kill_matrix stopped
