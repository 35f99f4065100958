#!/bin/sh
# slow
# A worker has an error at each step of a job: completed.

. "$TESTS/faultmatrix.sh"

error_worker completed
