#!/bin/sh
# slow
# A worker killed at each step of a job: dead.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

kill_matrix dead
