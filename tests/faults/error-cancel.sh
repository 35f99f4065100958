#!/bin/sh
# slow
# Errors at each step: cancel cancel_failed.

NEEDS='strace timeout'
. "$TESTS/faultmatrix.sh"

error_matrix cancel cancel_failed
