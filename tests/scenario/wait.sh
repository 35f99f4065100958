#!/bin/sh
# wait: for whom, how long, with which status, in time, and at no cost.

. "$TESTS/lib.sh"
quick_poll
q config set durability none
q config set backoff_base 1

# waits STATUS ARGUMENT...
waits() {
	wanted=$1
	shift
	exits "$wanted" timeout 60 "$QUEUECTL" wait "$@"
	is '' "$(cat out)" 'standard output'
}

# said TEXT: all of what was said on standard error.
said() {
	is "$1" "$(cat err)" 'what it says'
}

no_worker="queuectl: no worker is running: start one with \
'queuectl worker start'"

# ---- Nothing to wait for, and what has ended

waits 0
said ''
drop good 'command=true'
drop bad 'command=exit 3' 'max_retries=0'
drain
# Dead before is dead, but nobody's death meanwhile.
waits 0
said ''
waits 0 good
said ''
waits 1 goo bad
said 'queuectl: bad: died: exit code 3'
waits 3 bad nobody good
said "queuectl: bad: died: exit code 3
queuectl: nobody: no such job: 'queuectl list' shows all there are"
waits 2 ../x
waits 2 --timeout x
waits 2 --bad
waits 0 --timeout 0

# ---- Not for ever

drop soon 'command=true'
waits 75 --timeout 0.2 soon
said "$no_worker
queuectl: 1 job has not ended yet"
waits 75 --timeout 0
said "$no_worker
queuectl: 1 job has not ended yet"
# What is on standard input may be nothing.
printf 'good\n\n' | waits 0 -
waits 0 - </dev/null
printf 'so\n' | waits 75 good - --timeout 0

# ---- What happens meanwhile

# begin ARGUMENT...: waits in the background.
begin() {
	: >said
	"$QUEUECTL" wait "$@" 2>said &
	WAITER=$!
	PIDS="$PIDS $WAITER"
	wait_for 10 test -s said # that no worker runs
}

# ended STATUS SAID: it ends, with that status, and has said that.
ended() {
	STATUS=0
	wait "$WAITER" || STATUS=$?
	forget "$WAITER"
	is "$1" "$STATUS" "exit status; it said: $(cat said)"
	is "$no_worker${2:+
$2}" "$(cat said)" 'what it says'
}

begin soon
rm spool/pending/soon
ended 3 'queuectl: soon: was removed meanwhile'

# All: also what comes later, through retries, to the last.
drop soon 'command=true'
drop first "cwd=$PWD" 'max_retries=1' 'command=test -e tried || {' \
    ' : >tried; exit 1; }' \
    " $QUEUECTL enqueue --id second --max-retries 0 'sleep 0.3; exit 5'"
begin
rm spool/pending/soon
drain
ended 1 'queuectl: second: died: exit code 5'
test -f spool/completed/first || fail 'first has not completed'

# One that came and died while another one ran: perhaps never seen alive.
drop holds "cwd=$PWD" 'command=until [ -e go ]; do sleep 0.02; done'
begin
drain --count 2 &
drainer=$!
wait_for 10 test -f spool/processing/holds
drop passing 'command=exit 6' 'max_retries=0'
wait_for 10 test -f spool/dead/passing
: >go
wait "$drainer" || fail 'the drain fails'
ended 1 'queuectl: passing: died: exit code 6'

# Several, some by their beginnings, one twice.
for i in 1 2 3; do
	drop "job-$i" 'command=true'
done
begin job-1 job-2 job-3 job-1
drain
ended 0 ''
begin_all=$(printf 'x%s\n' 1 2 3 4 5 6 7 8 9)
for id in $begin_all; do
	drop "$id" 'command=true'
done
begin
drain --count 2
ended 0 ''

# Whatever lies there that is no job.
mkdir spool/pending/directory
waits 0
rmdir spool/pending/directory

# ---- In time

workers --count 2

# hold NAME: a job that runs until ./NAME.go is there.
hold() {
	drop "$1" "cwd=$PWD" "command=until [ -e $1.go ]; do sleep 0.02; done"
	wait_for 10 test -f "spool/processing/$1"
}

# lateness NAME: how long after the end of that job $WAITER ended.
lateness() {
	at=$(sed -n 's/^completed=\([^ ]*\).*/\1/p' "spool/completed/$1")
	echo "$(($(cat back) - $("$HELPERS/micros" at "$at")))"
}

lag=$(timed 200000)
in_time() {
	: >late
	for names in "t$1" ''; do
		rm -f "t$1.go" "spool/completed/t$1" back
		hold "t$1"
		# shellcheck disable=SC2086 # perhaps none
		{
			timeout 60 "$QUEUECTL" wait $names || exit
			"$HELPERS/micros" >back
		} &
		WAITER=$!
		PIDS="$PIDS $WAITER"
		sleep 0.3 # it waits, at the latest
		[ ! -e back ] || fail 'it did not wait'
		: >"t$1.go"
		wait "$WAITER" || fail 'it fails'
		forget "$WAITER"
		lateness "t$1" >>late
	done
	[ "$(sort -n late | tail -n 1)" -le "$lag" ]
}
one_round in_time || fail "it comes back too late: $(cat late)"

# ---- At no cost: what it takes to wait is not to be seen

i=0
while [ "$i" -lt 1000 ]; do
	echo "{\"id\":\"far-$i\",\"command\":\"true\",\"run_at\":\"+1d\"}"
	i=$((i + 1))
done | q enqueue --batch - >ids

# cpu ARGUMENT...: the milliseconds of processor time that waiting takes.
cpu() {
	(
		"$QUEUECTL" wait "$@" <ids 2>err || :
		times
	) | sed -n '$s/[ms]/ /gp' |
		awk '{ printf "%d\n", ($1 * 60 + $2 + $3 * 60 + $4) * 1000 }'
}

most=$(timed 30)
no_cost() {
	for names in far-0 - ''; do
		# shellcheck disable=SC2086 # perhaps none
		before=$(cpu $names --timeout 0)
		# shellcheck disable=SC2086
		after=$(cpu $names --timeout 3)
		echo "$((after - before))"
	done >cost
	[ "$(sort -n cost | tail -n 1)" -le "$most" ]
}
one_round no_cost || fail "milliseconds for 3 s of waiting: $(cat cost)"
stop_workers
