#!/bin/sh
# slow
# A supervisor has an error at each of its system calls while a job comes and
# is run.

. "$TESTS/faultmatrix.sh"

error_supervisor supervised
