#!/bin/sh
# slow
# A supervisor stands still for a minute (SIGSTOP, as a debugger or a suspended
# shell may leave it).  Its workers end what they run and record it, another
# supervisor takes what is new, nobody takes what is alive, and afterwards it
# goes on.

. "$TESTS/faultlib.sh"
quick_poll
seconds=60
mkfifo soon.gate late.gate
exec 8<>soon.gate 9<>late.gate # a gate is shut as long as that is open

# put NAME LINE...: a job that notes its run.
put() {
	name=$1
	shift
	drop "$name" max_retries=1 max_backoff=1 "$@" \
	    "arg=$HELPERS/runonce" "arg=$TRACES" "arg=$name"
}

# ran NUMBER: so many runs have begun.
ran() {
	[ "$(wc -l <"$TRACES/ran")" -ge "$1" ]
}

: >"$TRACES/ran"
workers --count 4
first=$SUPERVISOR
put soon1 "env=RUNONCE_GATE=$PWD/soon.gate"
put soon2 "env=RUNONCE_GATE=$PWD/soon.gate"
put late "env=RUNONCE_GATE=$PWD/late.gate"
drop fails "cwd=$PWD" max_retries=1 max_backoff=1 \
    "command=[ ! -e failed ] || exit 0; : >failed; read line <soon.gate; exit 3"
wait_for 10 ran 3
wait_for 10 test -e failed
put waits1 # there is no worker for it
put waits2
noticed

kill -STOP "$first"
stopped_at=$(date +%s)
exec 8>&-
wait_for 10 test -f spool/completed/soon1
wait_for 10 test -f spool/completed/soon2
wait_for 10 test -f spool/failed/fails
is processing "$(states spool/processing/late)" 'history of late'
[ -f spool/pending/waits1 ] || fail 'waits1 was started by a stopped one'

# ---- The second one

mv log log.1
workers --count 2
second=$SUPERVISOR
for name in waits1 waits2 fails; do
	wait_for 10 test -f "spool/completed/$name"
done
put new
wait_for 10 test -f spool/completed/new
is 2 "$(q worker status | grep -c 'supervisor of')" 'supervisors'
q list --no-header | grep -q '^late *processing' || fail "late: $(q list)"
sound

# All the time; nobody has to do anything, and nobody does.
minute_over() {
	[ $(($(date +%s) - stopped_at)) -ge "$seconds" ]
}
idle "$second"
wait_for $((seconds + 10)) minute_over
is processing "$(states spool/processing/late)" 'history of late'
! logged event=recovered || fail 'the second one has recovered something'
sound

# ---- It goes on

kill -CONT "$first"
told_of() {
	grep -q "job=$1 event=$2" log.1
}
wait_for 10 told_of soon1 completed
wait_for 10 told_of soon2 completed
wait_for 10 told_of fails failed
exec 9>&-
wait_for 10 test -f spool/completed/late
wait_for 10 told_of late completed
is 'processing completed' "$(states spool/completed/late)" 'history of late'

stop_workers # the second one
is 0 "$STATUS" 'exit status of the second one'
put last
wait_for 10 told_of last completed
for name in soon1 soon2 late waits1 waits2 fails new last; do
	! grep -q '^pending=' "spool/completed/$name" ||
		fail "$name was put back: $(states "spool/completed/$name")"
done
SUPERVISOR=$first
stop_workers
is 0 "$STATUS" 'exit status of the first one'
is 0 "$(count workers)" 'files left in workers/'
sound
q purge fails 2>>said
true_history "$TRACES"
