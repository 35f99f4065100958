#!/bin/sh
# slow
# Power cuts on xfs; see powerlib.sh.

# shellcheck disable=SC2034 # faultlib.sh looks at it
NEEDS='unshare mount mkfs.xfs'

# No smaller one can be made.
make_fs() {
	rm -f "$1"
	truncate -s 300M "$1"
	mkfs.xfs -q "$1"
}

. "$TESTS/powerlib.sh"
