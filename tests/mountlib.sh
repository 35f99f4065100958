# shellcheck shell=sh
# mountlib.sh - what the tests share that mount a file system of their own on
# ./spool.  Such a test defines
#	make_fs FILE N	makes the N-th file system in a file
# and sources this, then faultlib.sh.  It goes on in a mount namespace of its
# own: however it ends, nothing stays mounted and no loop device taken.

if [ -z "${QUEUECTL_TEST_MOUNTS:-}" ]; then
	if ! why=$(unshare -m true 2>&1); then
		echo "nothing can be mounted here: $why"
		exit 77
	fi
	QUEUECTL_TEST_MOUNTS=private
	export QUEUECTL_TEST_MOUNTS
	# shellcheck disable=SC2086 # the shell may be "busybox sh"
	exec unshare -m --propagation private ${TEST_SH:-sh} "$0"
fi

# cannot STATUS WHAT: ends the test; why is in ./err.
cannot() {
	echo "cannot $2 here: $(cat err)"
	exit "$1"
}

mount_spool() {
	mount -o loop ram/image spool 2>err || cannot "$1" 'mount a file'
}

# new_spool N: an empty spool on the N-th file system, in memory.
new_spool() {
	if [ -d ram ]; then
		umount spool
	else
		mkdir ram
		mount -t tmpfs none ram 2>err || cannot 77 'mount anything'
	fi
	make_fs ram/image "$1" >err 2>&1 || cannot 77 'make a file system'
	mount_spool 77
	q init
}

# remount: it is taken out and put in again.
remount() {
	umount spool
	mount_spool 1
}
