#!/bin/sh
# slow
# Errors at each step: config pause resume init.

. "$TESTS/faultmatrix.sh"

error_matrix config pause resume init
