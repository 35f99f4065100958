#!/bin/sh
# slow
# A worker has an error at each step of a job: dead.

. "$TESTS/faultmatrix.sh"

error_worker dead
