#!/bin/sh
# slow
# A worker killed at each step of a job: stopped.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

kill_matrix stopped
