#!/bin/sh
# slow
# A worker has an error at each step of a job: reused.

. "$TESTS/faultmatrix.sh"

error_worker reused
