#!/bin/sh
# slow
# Killed at each step: recover.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

kill_matrix recover
