#!/bin/sh
# slow
# Killed at each step: doctor.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

kill_matrix doctor
