#!/bin/sh
# output -f and --attempt: every byte, in time, until the job has ended.

. "$TESTS/lib.sh"
quick_poll
q config set durability none
q config set backoff_base 1

# follows STATUS JOB OPTION...: follows a job that ends by itself.
follows() {
	wanted=$1
	shift
	exits "$wanted" timeout 60 "$QUEUECTL" output -f "$@"
}

# said TEXT: all of what was said on standard error.
said() {
	is "$1" "$(sed 's/again at [0-9TZ:-]*/again at TIME/' err)" \
	    'what it says'
}

# begin OPTION...: begins to follow in the background, as $FOLLOWER.
begin() {
	: >shown # of an earlier one
	"$QUEUECTL" output -f "$@" >shown 2>said &
	FOLLOWER=$!
	PIDS="$PIDS $FOLLOWER"
}

# ended STATUS: it ends, with that status.
ended() {
	STATUS=0
	wait "$FOLLOWER" || STATUS=$?
	forget "$FOLLOWER"
	is "$1" "$STATUS" "exit status; it said: $(cat said)"
}

# shows FILE PATTERN
shows() {
	grep -q -e "$2" "$1"
}

# ---- What has ended already

# shellcheck disable=SC2016 # for the job to expand
drop bad 'max_retries=1' 'command=echo "out $QUEUECTL_ATTEMPT"' \
    ' printf "err %s" "$QUEUECTL_ATTEMPT" >&2' ' exit 3'
drop good 'command=printf "a\033b\n"'
drain
follows 0 good
is 'a\x1bb' "$(cat out)" 'what good wrote'
said 'queuectl: good: completed, exit code 0'
follows 0 --stdout good
printf 'a\033b\n' | cmp - out || fail 'the bytes are not those'
follows 1 bad
is 'out 2' "$(cat out)" 'what bad wrote'
said 'err 2
queuectl: bad: dead, exit code 3'
follows 1 bad --attempt 1
is 'out 1' "$(cat out)" 'what bad wrote first'
said 'err 1
queuectl: bad: attempt 1: failed, exit code 3; again at TIME'
follows 1 bad --stderr
is 'err 2' "$(cat out)" 'what bad wrote to standard error'
said 'queuectl: bad: dead, exit code 3'
follows 1 bad --attempt 3
said 'queuectl: bad: there is no attempt 3: the last one is 2'
follows 3 none

# Without -f: one attempt of several, its own end, and an older record.
exits 0 q output --attempt 1 bad
at=$(sed -n 's/^failed=\([^ ]*\).*/\1/p' spool/dead/bad)
is "STDOUT:
out 1
STDERR:
err 1
exit_code: 3
finished_at: $at" "$(cat out)" 'the first attempt'
exits 1 q output --attempt 3 bad
said 'queuectl: bad: there is no attempt 3: the last one is 2'
exits 2 q output --attempt 0 bad
exits 2 q output --attempt x bad
drop bad 'command=true'
drain
old=$(find spool/dead -name 'bad~*')
exits 0 q output --attempt 1 --stderr "${old##*/}"
is 'err 1' "$(cat out)" 'the first attempt of the older record'
follows 1 "${old##*/}"

# ---- One that has not run yet

drop later "cwd=$PWD" 'max_retries=1' 'command=echo one; test -e tried || {' \
    ' : >tried; printf "\342\202"; exit 4; }' \
    ' printf "\342\202"; until [ -e go ]; do sleep 0.02; done' \
    ' printf "\254"; echo two >&2'
begin later
wait_for 10 shows said 'no worker is running'
is "queuectl: later: has not run yet: 'queuectl show later' says why
queuectl: no worker is running: start one with 'queuectl worker start'" \
    "$(cat said)" 'what it says of one that has not run'
: >said
workers
# Its retry is followed too; a character is shown when it is whole.
wait_for 10 shows said 'attempt 2'
wait_for 10 test -f spool/output/later.2.out
: >go
ended 0
is 'one
\xe2\x82
one
€' "$(cat shown)" 'what later wrote'
is 'queuectl: later: attempt 1: failed, exit code 4; again at TIME
queuectl: later: attempt 2
two
queuectl: later: completed, exit code 0' \
    "$(sed 's/again at [0-9TZ:-]*/again at TIME/' said)" 'what it says'

# ---- Truncated, removed, not read any more

# hold NAME: a job that writes, and goes on when ./go is there.
hold() {
	rm -f go
	drop "$1" "cwd=$PWD" 'command=echo begun; echo more' \
	    ' until [ -e go ]; do sleep 0.02; done; echo last'
	wait_for 10 shows "spool/output/$1.1.out" more
}

hold cut
begin cut
wait_for 10 shows shown more
echo anew >spool/output/cut.1.out
wait_for 10 shows shown anew
: >go
ended 0
is 'begun
more
anew
last' "$(cat shown)" 'what cut wrote'
shows said 'truncated' || fail 'it does not say that it was truncated'

hold removed
begin removed
wait_for 10 shows shown more
rm spool/processing/removed
: >go
ended 3
shows said 'removed: was removed' || fail "it says: $(cat said)"

hold unread
timeout 60 "$QUEUECTL" output -f unread 2>said | head -n 1 >shown
is begun "$(cat shown)" 'what head took'
: >go
wait_for 10 test -f spool/completed/unread

# ---- At a terminal, with another one where the lines are written: in time

# Reads lines, prints each behind the time when it came.
stamp() {
	while read -r line; do
		echo "$("$HELPERS/micros") $line"
	done
}

lag=$(timed 200000)
in_time() {
	rm -f keys go
	mkfifo keys
	drop "t$1" "cwd=$PWD" 'command=echo ready' \
	    ' until [ -e go ]; do sleep 0.02; done' \
	    ' for i in 1 2 3 4 5 6 7 8; do' \
	    "  $HELPERS/micros; sleep 0.07" ' done'
	{
		STATUS=0
		"$HELPERS/pty" "$QUEUECTL" output -f "t$1" <keys || STATUS=$?
		echo "exit $STATUS"
	} | stamp >raw &
	reader=$!
	PIDS="$PIDS $reader"
	exec 3>keys
	wait_for 10 shows raw ready
	: >go
	wait "$reader" || fail 'the reader fails'
	forget "$reader"
	exec 3>&-
	tr -d '\r' <raw >seen
	shows seen "^[0-9]* queuectl: t$1: completed, exit code 0$" ||
		fail "it does not say how t$1 ended: $(cat seen)"
	shows seen '^[0-9]* exit 0$' || fail "exit status: $(cat seen)"
	awk '$2 ~ /^[0-9]+$/ { print $1 - $2 }' seen >late
	is 8 "$(wc -l <late | tr -d ' ')" "lines of $(cat seen)"
	# And its end.
	at=$(sed -n 's/^completed=\([^ ]*\).*/\1/p' "spool/completed/t$1")
	"$HELPERS/micros" at "$at" >ended
	awk 'NR == FNR { at = $1; next } / completed, / { print $1 - at }' \
	    ended seen >>late
	[ "$(sort -n late | tail -n 1)" -le "$lag" ]
}
one_round in_time || fail "lines come too late: $(cat late)"
stop_workers

# Without -f it is what there is: it ends, though the job goes on writing.
workers
q enqueue --id endless --timeout 60 'while :; do echo more; done' >id
wait_for 10 test -s spool/output/endless.1.out
for how in '' --stdout; do
	# shellcheck disable=SC2086 # may be empty
	"$QUEUECTL" output $how endless >part &
	reader=$!
	PIDS="$PIDS $reader"
	wait_for 20 gone "$reader"
	forget "$reader"
	[ -s part ] || fail 'nothing was printed'
done
q cancel endless
