#!/bin/sh
# slow
# Killed at each step: enqueue chosen again batch.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

kill_matrix enqueue chosen again batch
