#!/bin/sh
# slow
# A worker killed at each step of a job: failed.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

kill_matrix failed
