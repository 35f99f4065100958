#!/bin/sh
# slow
# Errors at each step: retry retry_failed.

. "$TESTS/faultmatrix.sh"

error_matrix retry retry_failed
