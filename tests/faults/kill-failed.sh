#!/bin/sh
# slow
# A worker killed at each step of a job: failed.

. "$TESTS/faultmatrix.sh"

kill_matrix failed
