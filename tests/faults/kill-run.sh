#!/bin/sh
# slow
# Killed at each step: completed failed dead.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

kill_matrix completed failed dead
