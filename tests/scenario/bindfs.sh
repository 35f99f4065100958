#!/bin/sh
# A spool on a file system of FUSE that is changed behind its back, as from
# another host: no watch tells of that, but the supervisor sees it soon.  That
# locks may not work on it is told.

. "$TESTS/mountlib.sh"
if ! command -v bindfs >/dev/null; then
	echo 'there is no bindfs(1)'
	exit 77
fi

. "$TESTS/lib.sh"

mkdir mounted
bindfs spool mounted 2>err || cannot 77 'mount bindfs'
export QUEUECTL_SPOOL="$PWD/mounted"
exits 0 q init
if [ "$TEST_OS" = linux ]; then
	grep -q '^queuectl: .*/mounted: is on a mount of type fuse' err ||
		fail "init says: $(cat err)"
else
	is '' "$(cat err)" 'what init says'
fi
q config set durability none
q config set poll_interval_ms 200

workers
super=$(cd spool/workers && echo *."$SUPERVISOR")
if [ "$TEST_OS" = linux ]; then
	logged '^queuectl: .*/mounted: is on a mount of type fuse' ||
		fail "worker start says: $(cat log)"
fi
exits 0 q -s spool init
is '' "$(cat err)" 'what init says of the spool itself'
# What was there at the start is seen at the start.
q enqueue --id first : >/dev/null
wait_for 10 test -f spool/completed/first

drop job command=:
wait_for 10 test -f spool/completed/job

rm spool/workers/*
back() {
	[ -s "spool/workers/$super" ] && [ -f "spool/workers/$super.1" ]
}
wait_for 10 back

: >"spool/control/stop.$super"
wait_for 10 gone "$SUPERVISOR"
wait "$SUPERVISOR" || fail "it exits with $?"
forget "$SUPERVISOR"
umount mounted
