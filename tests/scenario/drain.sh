#!/bin/sh
# worker start --drain: when it leaves, and with which status.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\nbackoff_base=1\n' >spool/config

# drains STATUS WHAT
drains() {
	drain --count 2
	is "$1" "$STATUS" "$2"
}

drains 0 'exit status with nothing to do'

drop bad 'command=exit 3' 'max_retries=0'
drop good 'command=true'
drains 1 'exit status when a job died'
test -f spool/dead/bad || fail 'bad is not dead'
test -f spool/completed/good || fail 'good is not completed'

# Dead before does not count.  Scheduled jobs and retries are waited for.
drop failing "cwd=$PWD" 'command=test -e tried || { : >tried; exit 1; }'
drop later 'command=true' "run_at=$("$HELPERS/micros" in 1200)"
: >log
drains 0 'exit status when a job failed and then did not'
is 'processing failed processing completed' \
    "$(states spool/completed/failing)" 'history of failing'
test -f spool/completed/later || fail 'it left before a scheduled job'
grep -q 'event=draining waiting=[12] next_due=20' log ||
	fail 'it does not say what it waits for'

# So is what another supervisor runs.
workers --count 1
drop elsewhere "cwd=$PWD" 'command=until test -e open; do sleep 0.02; done'
wait_for 10 test -f spool/processing/elsewhere
: >log
drain &
drainer=$!
PIDS="$PIDS $drainer"
wait_for 10 grep -q 'event=draining.*running_elsewhere=yes' log
sleep 1.3 # it looks again every second
! grep event=stopping log || fail 'it leaves while a job runs elsewhere'
: >open
wait "$drainer" || fail 'a drain fails that waited for another supervisor'
forget "$drainer"
test -f spool/completed/elsewhere || fail 'it left before a running job ended'
stop_workers
is 0 "$STATUS" 'exit status of the other supervisor'

# What waits for its time is cancelled, or is taken away: no need to wait.
rm -f log
q enqueue --id gone --delay 1h true >id
q enqueue --id dies --delay 1h true >id
STATUS=0
"$QUEUECTL" worker start --drain >log 2>&1 &
SUPERVISOR=$!
PIDS="$PIDS $SUPERVISOR"
wait_for 10 registered
wait_for 10 logged event=draining
rm spool/pending/gone
q cancel dies
wait_for 10 logged reason=drained
wait "$SUPERVISOR" || STATUS=$?
forget "$SUPERVISOR"
is 1 "$STATUS" 'exit status: a job died meanwhile'
