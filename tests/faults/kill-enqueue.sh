#!/bin/sh
# slow
# Killed at each step: enqueue chosen again batch.

. "$TESTS/faultmatrix.sh"

kill_matrix enqueue chosen again batch
