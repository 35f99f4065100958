#!/bin/sh
# Signals to the supervisor: the first waits for what runs, the second sends
# it back to pending/, uncharged; HUP reopens the log, or stops.

. "$TESTS/lib.sh"
quick_poll
q config set durability none
q config set kill_grace_seconds 1

# held NAME ON-TERM [LINE...]: a job that says that it began, and ends when
# ./go is there; ON-TERM is what it does on a SIGTERM.
held() {
	name=$1
	trap=$2
	shift 2
	drop "$name" "cwd=$PWD" "command=$trap" " echo \$\$ >pid.$name" \
	    " until [ -e go ]; do sleep 0.02; done" "$@"
}

# began NAME...
began() {
	for name; do
		wait_for 10 test -s "pid.$name"
	done
}

stopping() {
	logged event=stopping
}

# ---- The first one

workers --count 2
held slow :
began slow
kill -TERM "$SUPERVISOR" "$SUPERVISOR" # at once: that is one
wait_for 10 stopping
drop later "command=touch $PWD/later"
q list >listed
grep -q '^slow *processing' listed || fail "slow is not running: $(cat listed)"
kill -0 "$SUPERVISOR" || fail 'it did not wait for what runs'
: >go
STATUS=0
wait "$SUPERVISOR" || STATUS=$?
is 0 "$STATUS" 'exit status after one SIGTERM'
is 'processing completed' "$(states spool/completed/slow)" 'history of slow'
is '' "$(states spool/pending/later)" 'history of later'
[ ! -e later ] || fail 'a job was started after the SIGTERM'
is 0 "$(count workers)" 'files left in workers/'
rm spool/pending/later go pid.*

# ---- The second one

: >log
workers --count 5
held plain : max_retries=0
held good 'trap "exit 0" TERM' max_retries=0
held sorry 'trap "exit 3" TERM' max_retries=0
held deaf 'trap "" TERM' max_retries=0
held retried : " exit 1" max_retries=1 max_backoff=0
began plain good sorry deaf retried
kill -TERM "$SUPERVISOR"
wait_for 10 stopping
sleep 0.3 # two within a quarter of a second are one
kill -TERM "$SUPERVISOR"
STATUS=0
wait "$SUPERVISOR" || STATUS=$?
is 1 "$STATUS" 'exit status after two SIGTERMs'
for name in plain sorry deaf retried; do
	job=spool/pending/$name
	[ -f "$job" ] || fail "$name is not back in pending/"
	is 'processing pending' "$(states "$job")" "history of $name"
	is stopped "$(field "$job" pending reason)" "reason of $name"
	gone "$(cat "pid.$name")" || fail "$name still runs"
done
is 'processing completed' "$(states spool/completed/good)" 'history of good'
is 0 "$(($(count processing) + $(count workers)))" 'files left'
logged event=interrupting || fail 'the log does not tell of it'

# None of that was charged: all their retries are still theirs.
q list --no-header --state pending >listed
is 4 "$(awk '$4 ~ /^0\//' listed | wc -l | tr -d ' ')" 'jobs with 0 tries'
: >go
drain
is 1 "$STATUS" 'exit status of --drain'
for name in plain sorry deaf; do
	is 'processing pending processing completed' \
	    "$(states "spool/completed/$name")" "history of $name"
	is 2 "$(field "spool/completed/$name" completed attempt)" \
	    "attempts of $name"
done
is 'processing pending processing failed processing dead' \
    "$(states spool/dead/retried)" 'history of retried'
rm go pid.*

# ---- A SIGTERM to a worker: the supervisor's affair, unless that is gone

: >log
workers
# shellcheck disable=SC2016 # it is for that shell
drop orphan "cwd=$PWD" 'command=echo $PPID >parent; echo $$ >pid.orphan' \
    ' until [ -e go ]; do sleep 0.02; done'
began orphan
read -r worker <parent
kill -TERM "$worker"
drop cancelled 'command=true'
q cancel cancelled # this much later
is processing "$(states spool/processing/orphan)" 'history of orphan'
kill -KILL "$SUPERVISOR"
wait "$SUPERVISOR" 2>/dev/null || :
forget "$SUPERVISOR"
asked() {
	kill -TERM "$worker" 2>/dev/null || :
	test -f spool/pending/orphan
}
wait_for 10 asked # until it has seen that it is alone
is 'processing pending' "$(states spool/pending/orphan)" 'history of orphan'
is stopped "$(field spool/pending/orphan pending reason)" 'reason of orphan'
left() {
	[ -z "$(find spool/workers -name "*.$SUPERVISOR.*")" ]
}
wait_for 10 left
rm spool/pending/orphan spool/dead/cancelled pid.*

# ---- A hangup

: >log
workers
held hung :
began hung
kill -HUP "$SUPERVISOR"
wait_for 10 stopping
kill -HUP "$SUPERVISOR" # a second one interrupts nothing
: >go
STATUS=0
wait "$SUPERVISOR" || STATUS=$?
is 0 "$STATUS" 'exit status after SIGHUPs'
logged 'reason=hangup' || fail 'the log does not tell of the hangup'
[ -f spool/completed/hung ] || fail 'what ran was not waited for'

# With a log of its own it opens that anew; the config is read again.
: >log
workers --log own.log
wait_for 10 grep -q event=started own.log
mv own.log own.log.1
kill -HUP "$SUPERVISOR"
wait_for 10 grep -q event=config-read own.log
drop after 'command=true'
wait_for 10 grep -q 'job=after event=completed' own.log
! grep -q job=after own.log.1 || fail 'it still writes the old log'
stop_workers
is 0 "$STATUS" 'exit status'
is '' "$(cat log)" 'standard error with --log'

# Whoever was started with SIGHUP ignored (nohup) goes on.
(
	trap '' HUP
	exec "$QUEUECTL" worker start >>log 2>&1
) &
SUPERVISOR=$!
PIDS="$PIDS $SUPERVISOR"
wait_for 10 registered
kill -HUP "$SUPERVISOR"
drop nohup 'command=true'
wait_for 10 test -f spool/completed/nohup
stop_workers
is 0 "$STATUS" 'exit status'
! logged hangup || fail 'SIGHUP was obeyed though it was ignored'
