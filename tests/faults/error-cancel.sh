#!/bin/sh
# slow
# Errors at each step: cancel cancel_failed.

. "$TESTS/faultmatrix.sh"

error_matrix cancel cancel_failed
