#!/bin/sh
# slow
# Killed at each step: reused unreadable stopped cancelled.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

kill_matrix reused unreadable stopped cancelled
