#!/bin/sh
# slow
# A worker killed at each step of a job: cancelled.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

kill_matrix cancelled
