#!/bin/sh
# With few descriptors there are few workers, and nobody spins for the rest.

. "$TESTS/lib.sh"
[ -r /proc/self/stat ] || exit 77

quick_poll
for i in 1 2 3 4 5 6 7 8; do
	# shellcheck disable=SC2016 # for the shell of the job
	q enqueue --id "long$i" \
		'echo $PPID >worker; until [ -e enough ]; do sleep 0.1; done' >id
done
(
	# shellcheck disable=SC3045 # dash and busybox sh have it
	ulimit -n 26
	exec "$QUEUECTL" worker start --count 8
) >>log 2>&1 &
SUPERVISOR=$!
PIDS="$PIDS $SUPERVISOR"
wait_for 10 test -s worker
wait_for 5 grep -q 'event=no-worker error="Too many open files"' log

# One that comes now is due, and there is nobody to give it to.
q enqueue --id late true >id

# Clock ticks of the processor that the supervisor has used.
used() {
	sed 's/.*) //' "/proc/$SUPERVISOR/stat" | awk '{ print $12 + $13 }'
}
[ "$(count pending)" -gt 0 ] || fail 'all of them run'
before=$(used)
sleep 1 # what is measured is that this second is idle
after=$(used)
[ $((after - before)) -le "$(timed 30)" ] ||
	fail "of 100 ticks it used $((after - before))"

# A worker's own socket is a low one: select(2) takes no other.
case $(readlink "/proc/$(cat worker)/fd/3") in
socket:*) ;;
*) fail "descriptor 3 of a worker is no socket" ;;
esac
: >enough
wait_for 20 nothing_live
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
