#!/bin/sh
# slow
# Power cuts on ext4, with blocks that are larger than a job file and with
# blocks that are not; see powerlib.sh.

# shellcheck disable=SC2034 # faultlib.sh looks at it
NEEDS='unshare mount mkfs.ext4'

make_fs() {
	rm -f "$1"
	truncate -s 64M "$1"
	mkfs.ext4 -q -F -b $((1024 << ($2 % 2 * 2))) "$1"
}

. "$TESTS/powerlib.sh"
