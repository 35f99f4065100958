#!/bin/sh
# stop_grace_seconds and --grace: after a stop what runs has that long, then it
# is interrupted, and the exit status is 0.  A second signal still means 1.

. "$TESTS/lib.sh"

quick_poll
q config set durability none
q config set kill_grace_seconds 60 # no SIGKILL in this test

# runs OPTION...: a supervisor with a job that notes its SIGTERM in ./term,
# and ends by itself when there is ./go.
runs() {
	rm -f spool/*/job go began term log
	drop job "cwd=$PWD" max_retries=0 'command=trap "echo >term; exit 3" TERM' \
	    ' : >began; until [ -e go ]; do sleep 0.02; done'
	workers "$@"
	wait_for 10 test -e began
}

# ends STATUS HISTORY: so does the supervisor, and so does the job.
ends() {
	STATUS=0
	wait "$SUPERVISOR" || STATUS=$?
	forget "$SUPERVISOR"
	is "$1" "$STATUS" 'exit status'
	is "$2" "$(states spool/*/job)" 'history'
}

# put_back: the job had its SIGTERM, and is not charged for it.
put_back() {
	[ -e term ] || fail 'no SIGTERM'
	is stopped "$(field spool/pending/job pending reason)" 'reason'
}

# interrupted REASON
interrupted() {
	logged "event=interrupting reason=$1 running=1\$" ||
		fail "no interrupting for $1: $(cat log)"
}

# time_of EVENT: of its line in the log, in milliseconds of the day.
time_of() {
	sed -n "s/^[^T]*T\\([0-9:.]*\\)Z event=$1 .*/\\1/p" log |
		awk -F '[:.]' '{ print (($1 * 60 + $2) * 60 + $3) * 1000 + $4 }'
}

# waited MS: at least so long from the stop to the interrupt.
waited() {
	ms=$((($(time_of interrupting) - $(time_of stopping) + 86400000) %
		86400000))
	[ "$ms" -ge "$1" ] || fail "interrupted after $ms ms, not $1"
}

# ---- The grace is over

for how in signal hangup asked; do
	q config set stop_grace_seconds 1
	runs
	case $how in
	signal)	kill -TERM "$SUPERVISOR" ;;
	hangup)	kill -HUP "$SUPERVISOR" ;;
	asked)	exits 0 q worker stop ;;
	esac
	ends 0 'processing pending'
	logged "event=stopping reason=$how running=1\$" || fail "log: $(cat log)"
	interrupted grace
	waited 900
	put_back
done

# The option comes before the config, here a drain's.
q config set stop_grace_seconds 3600
runs --drain --grace 1
kill -TERM "$SUPERVISOR"
ends 0 'processing pending'
interrupted grace
waited 900
put_back

# But what died counts.
runs --drain --grace 1 --count 2
drop dies max_retries=0 'command=exit 4'
wait_for 10 test -f spool/dead/dies
kill -TERM "$SUPERVISOR"
ends 1 'processing pending'
interrupted grace
rm spool/dead/dies

# ---- It is not over

runs --grace 1h
kill -TERM "$SUPERVISOR"
wait_for 10 logged event=stopping
sleep 0.3 # two within a quarter of a second are one
kill -TERM "$SUPERVISOR"
ends 1 'processing pending'
interrupted signal
put_back

runs
exits 75 q worker stop --timeout 0
exits 0 q worker stop --now
ends 1 'processing pending'
interrupted asked
put_back

runs
kill -TERM "$SUPERVISOR"
wait_for 10 logged event=stopping
: >go
ends 0 'processing completed'
! logged event=interrupting || fail 'interrupted all the same'

# None: it may take as long as it likes.
q config set stop_grace_seconds 1
runs --grace 0
kill -TERM "$SUPERVISOR"
wait_for 10 logged event=stopping
sleep 1.5
[ ! -e term ] || fail 'interrupted although there is no limit'
: >go
ends 0 'processing completed'
