#!/bin/sh
# slow
# A worker killed at each step of a job: unreadable.

. "$TESTS/faultmatrix.sh"

kill_matrix unreadable
