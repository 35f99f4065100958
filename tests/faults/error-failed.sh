#!/bin/sh
# slow
# A worker has an error at each step of a job: failed.

. "$TESTS/faultmatrix.sh"

error_worker failed
