#!/bin/sh
# slow
# A worker has an error at each step of a job: reused.

NEEDS='strace timeout pgrep'
. "$TESTS/faultmatrix.sh"

error_shares reused
