#!/bin/sh
# Stopping by a request: a file in control/, and `worker stop`.

. "$TESTS/lib.sh"
quick_poll
q config set durability none

# start: a supervisor that runs the job `held` until ./go is there; its name
# in $NAME.
start() {
	rm -f go began
	: >log
	workers
	NAME=$(find spool/workers -name "*.$SUPERVISOR")
	NAME=${NAME##*/}
	drop held "cwd=$PWD" 'command=: >began' \
	    ' until [ -e go ]; do sleep 0.02; done'
	wait_for 10 test -f began
}

# ended STATUS HISTORY-FILE HISTORY: what must have come of it.
ended() {
	STATUS=0
	wait "$SUPERVISOR" || STATUS=$?
	is "$1" "$STATUS" 'exit status of the supervisor'
	is "$3" "$(states "$2")" "history in $2"
	is 0 "$(($(count control) + $(count workers)))" \
	    'files left in control/ and workers/'
	rm -f "$2"
}

stopping() {
	logged event=stopping
}

# still_waits: it does not end before the job.
still_waits() {
	wait_for 10 stopping
	kill -0 "$SUPERVISOR" || fail 'it did not wait for what runs'
	[ -f spool/processing/held ] || fail 'held does not run any more'
	: >go
}

completed='spool/completed/held'
completed_history='processing completed'
pending='spool/pending/held'
pending_history='processing pending'

# ---- By touch

start
touch "spool/control/stop.$NAME"
still_waits
ended 0 $completed "$completed_history"

start
touch "spool/control/interrupt.$NAME"
ended 1 $pending "$pending_history"

# One after the other.
start
touch "spool/control/stop.$NAME"
wait_for 10 stopping
touch "spool/control/interrupt.$NAME"
ended 1 $pending "$pending_history"

# Meant for somebody else: nobody obeys it.
start
touch "spool/control/stop.nobody.$SUPERVISOR" "spool/control/stop.$NAME.1"
rm -f go
drop after 'command=true'
: >go
wait_for 10 test -f spool/completed/after
! stopping || fail 'it obeyed what was for another'
rm spool/control/stop.*
stop_workers
rm -f $completed

# What was asked of an earlier process of that PID is not obeyed.
host=${NAME%.*}
: >log
# shellcheck disable=SC2016 # for the inner shell
sh -c '>"spool/control/stop.$1.$$"; >"spool/control/interrupt.$1.$$"
    exec "$QUEUECTL" worker start' sh "$host" >>log 2>&1 &
SUPERVISOR=$!
PIDS="$PIDS $SUPERVISOR"
wait_for 10 registered
is 0 "$(count control)" 'stale requests left'
drop fresh 'command=true'
wait_for 10 test -f spool/completed/fresh
! stopping || fail 'a stale request was obeyed'
stop_workers

# ---- By command

exits 0 q worker stop
is 'queuectl: no worker is running' "$(cat err)" 'note of worker stop'
exits 0 q worker stop "$NAME"
is "queuectl: $NAME: is not running" "$(cat err)" 'note of worker stop NAME'

start
exits 75 q worker stop --timeout 0.2
is '' "$(cat out)" 'standard output of worker stop'
is 1 "$(grep -c "^queuectl: $NAME: still finishing" err)" 'message of it'
q worker stop >stop.out 2>&1 &
stop=$!
still_waits
wait $stop || fail "worker stop fails: $(cat stop.out)"
wait_for 10 gone "$SUPERVISOR" # its last steps are seen by nobody else
is '' "$(cat stop.out)" 'what worker stop says'
ended 0 $completed "$completed_history"

for option in --now --force; do
	start
	exits 0 q worker stop $option
	wait_for 10 gone "$SUPERVISOR"
	ended 1 $pending "$pending_history"
done

# First so, then so.
start
exits 75 q worker stop --timeout 0
exits 0 q worker stop --now
ended 1 $pending "$pending_history"

# One of two.
start
workers
exits 0 q worker stop "$(basename spool/workers/*."$SUPERVISOR")"
gone "$SUPERVISOR" || fail 'the one named still runs'
: >go
wait_for 10 test -f $completed
drop still 'command=true'
wait_for 10 test -f spool/completed/still
workers
exits 0 q worker stop
is 0 "$(count workers)" 'files in workers/ when all were stopped'
