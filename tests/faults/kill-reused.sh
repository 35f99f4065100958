#!/bin/sh
# slow
# A worker killed at each step of a job: reused.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

kill_matrix reused
