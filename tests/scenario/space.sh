#!/bin/sh
# Below min_free_bytes nothing is enqueued and nothing new starts.  Needs a
# small file system: one in memory, mounted where nobody else sees it.

mount='mkdir small && mount -t tmpfs -o size=8m none small && cd small'
if [ -z "${SMALL:-}" ]; then
	if ! unshare -rm sh -c "$mount" 2>/dev/null; then
		echo 'cannot mount a small file system here'
		exit 77
	fi
	rmdir small
	SMALL=1
	export SMALL mount
	# shellcheck disable=SC2016,SC2086 # the shell may be "busybox sh"
	exec unshare -rm ${TEST_SH:-sh} -c 'eval "$mount" && . "$0"' "$0"
fi

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\nmin_free_bytes=4000000\n' \
    >spool/config

# fill: leaves about 2 MB.
fill() {
	head -c 6000000 /dev/zero >filler
}

workers --count 2
exits 0 q enqueue --id before true
wait_for 10 test -f spool/completed/before

fill
exits 75 q enqueue --id refused true
is '' "$(cat out)" 'output of a refused enqueue'
is 1 "$(wc -l <err)" 'lines of its message'
grep -q min_free_bytes err || fail "it does not say why: $(cat err)"
is 0 "$(count pending)" 'waiting jobs'
is '' "$(left_in_tmp)" 'files left in tmp/'

sleep 1 # free space is looked at once a second
drop waits 'command=true'
wait_for 10 grep -q 'event=holding reason=disk-full' log
noticed
test -f spool/pending/waits || fail 'a job was started'

rm filler
wait_for 10 test -f spool/completed/waits
exits 0 q enqueue --id again true
wait_for 10 test -f spool/completed/again

# The floor is 1 MiB if nobody says; 0 is none.
q config unset min_free_bytes
fill
exits 0 q enqueue --id enough true
head -c 1800000 /dev/zero >filler2
exits 75 q enqueue --id refused true
q config set min_free_bytes 0
exits 0 q enqueue --id little true
wait_for 10 test -f spool/completed/little
