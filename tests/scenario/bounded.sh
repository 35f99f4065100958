#!/bin/sh
# slow
# Nobody waits for ever: not for the lock on SPOOL/lock, which some process
# holds and does not give up, and not for a FIFO in the place of a file.  A
# supervisor goes on with what needs no lock, and obeys SIGTERM at once; a
# command ends with 75 after ten seconds, and says what to look for.

. "$TESTS/lib.sh"

command -v flock >/dev/null || {
	echo 'flock(1) is missing'
	exit 77
}
quick_poll
q config set durability none

# seconds SINCE: since that time in microseconds.
seconds() {
	echo $((($("$HELPERS/micros") - $1) / 1000000))
}

# ---- The lock

run='processing=2026-01-01T00:00:00Z attempt=1 worker=otherhost.77.1'
printf '%s\n' 'command=true' "$run" >lost
printf '%s\n' 'command=true' >waits
printf '%s\n' 'command=true' 'dead=2026-01-01T00:00:00Z error=x' >dead
cp waits spool/pending/waits
echo 'run_at=2100-01-01T00:00:00Z' >>spool/pending/waits
cp dead spool/dead/dead
cp dead spool/dead/old
cp spool/pending/waits waits
: >spool/lock
(flock 9 && : >is-locked && exec sleep 1000) 9<spool/lock &
holder=$!
PIDS="$PIDS $holder"
wait_for 10 test -e is-locked
# The lease of this one is over; only the file system's clock can tell.
cp lost spool/processing/lost
touch -t 202601010000 spool/processing/lost

# start NAME COMMAND...: in the background; its status is in NAME.status.
start() {
	name=$1
	shift
	(
		got=0
		"$QUEUECTL" "$@" >"$name.out" 2>"$name.err" || got=$?
		echo "$got" >"$name.status"
	) &
}

begun=$("$HELPERS/micros")
waiting='chosen config'
start chosen enqueue --id chosen true
start config config set max_retries 7
if [ "$TEST_OS" = posix ]; then
	waiting="$waiting new retry cancel purge"
	start new enqueue true
	start retry retry dead
	start cancel cancel waits
	start purge purge old
fi

workers --count 1
drop job 'command=true'
if [ "$TEST_OS" = posix ]; then
	# Nothing can be moved; each second it is tried.
	wait_for 10 logged \
	    'event=not-claimed error=".* holds the lock on SPOOL/lock"'
else
	wait_for 10 test -f spool/completed/job
	wait_for 10 test -f spool/completed/lost
	is 'processing pending processing completed' \
	    "$(states spool/completed/lost)" 'history of lost'
fi
told=$("$HELPERS/micros")
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
[ "$(seconds "$told")" -lt "$(timed 4)" ] ||
	fail "it ended $(seconds "$told") s after SIGTERM"

for name in $waiting; do
	wait_for 30 test -s "$name.status"
	is 75 "$(cat "$name.status")" "exit status of $name"
	is '' "$(cat "$name.out")" "output of $name"
	grep -q "held the lock on $PWD/spool/lock for 10 s: .*fuser" \
	    "$name.err" || fail "$name says: $(cat "$name.err")"
done
took=$(seconds "$begun")
[ "$took" -ge 9 ] || fail "they gave up after $took s"
[ "$took" -lt "$(timed 25)" ] || fail "they waited for $took s"

# Nothing was changed.
is 3 "$(q config get max_retries)" max_retries
is '' "$(find spool -name 'chosen*' -o -path 'spool/tmp/*')" 'files left'
cmp waits spool/pending/waits
cmp dead spool/dead/dead
cmp dead spool/dead/old
kill "$holder"
forget "$holder"
wait "$holder" || :
q enqueue --id chosen true >id
rm spool/pending/waits
drain
is completed "$(q show chosen | sed -n 's/^state: //p')" 'state of chosen'
is completed "$(q show lost | sed -n 's/^state: //p')" 'state of lost'

# ---- FIFOs: each command ends, whatever it then says

rm spool/lock
mkfifo spool/lock spool/control/stop.h.1 spool/control/cancel.x \
    spool/workers/h.1 spool/processing/fifo spool/paused
# briefly COMMAND...
briefly() {
	got=0
	timeout "$(timed 10)" "$QUEUECTL" "$@" >out 2>err || got=$?
	[ "$got" -ne 124 ] || fail "'$*' waits for a FIFO"
}
workers --count 1
name=$(cd spool/workers && echo ./*."$SUPERVISOR")
name=${name#./}
kill -STOP "$SUPERVISOR"
mkfifo "spool/control/stop.$name"
briefly worker stop "$name"
kill -CONT "$SUPERVISOR"
wait "$SUPERVISOR" || fail "a FIFO stops it with $?"
forget "$SUPERVISOR"
briefly enqueue --id one true
briefly config set max_retries 4
briefly cancel fifo
briefly retry fifo
briefly purge --all
briefly show fifo
briefly status
briefly pause
briefly resume
briefly doctor
rm -f spool/paused
briefly worker start --drain
rm spool/config
mkfifo spool/config
briefly config list
briefly config set max_retries 5
briefly worker start --drain
