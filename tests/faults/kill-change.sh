#!/bin/sh
# slow
# Killed at each step: retry retry_failed cancel cancel_failed purge.

. "$TESTS/faultmatrix.sh"

kill_matrix retry retry_failed cancel cancel_failed purge
