#!/bin/sh
# A log that cannot be written keeps nothing waiting: lines that find no room
# are counted, and the count is logged when there is some.

. "$TESTS/lib.sh"

quick_poll
q config set durability none
time='20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]\{3\}Z'
jobs=450

# fill: so many jobs.
fill() {
	rm -rf spool/completed/*
	awk -v "n=$jobs" 'BEGIN {
		while (n-- > 0)
			print "{\"argv\":[\"true\"]}"
	}' | q enqueue --batch - >ids
}

all_done() {
	[ "$(find spool/completed -type f | wc -l)" -eq "$jobs" ]
}

# start NAME COMMAND...: a supervisor in the background, whatever its
# standard error; ./NAME.status is there when it has ended.
start() {
	name=$1
	shift
	rm -f "$name.status"
	{
		got=0
		"$@" || got=$?
		echo "$got" >"$name.status.new"
		mv "$name.status.new" "$name.status"
	} &
	wait_for 10 begun
	PIDS="$PIDS $SUPERVISOR"
}

# begun: there is a supervisor; its PID is $SUPERVISOR.
begun() {
	SUPERVISOR=$(find spool/workers -type f -size +0 | sed 's/.*\.//')
	[ -n "$SUPERVISOR" ]
}

# ended NAME STATUS: it ends with that.
ended() {
	wait_for 10 test -s "$1.status"
	forget "$SUPERVISOR"
	is "$2" "$(cat "$1.status")" "exit status of $1"
}

# silent PIPE: a reader that never reads; its PID is $reader.
silent() {
	tail -f /dev/null 3<"$1" &
	reader=$!
	PIDS="$PIDS $reader"
}

# reads PIPE FILE: one that reads.
reads() {
	rm -f reading
	(
		: >reading
		exec cat
	) <"$1" >"$2" &
	reader=$!
	PIDS="$PIDS $reader"
	wait_for 10 test -e reading
}

# leaves PID
leaves() {
	kill -KILL "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
	forget "$1"
}

lost() {
	sed -n 's/^.* event=log-lost lines=\([0-9]*\)$/\1/p' "$1" |
		awk '{ n += $1 } END { print n + 0 }'
}

# lines FILE: that it has and that it says are lost, those that say so not
# counted.
lines() {
	echo "$(($(grep -vc event=log-lost "$1") + $(lost "$1")))"
}

has_lines() {
	[ -z "$(tail -c 1 "$1")" ] && [ "$(lines "$1")" -ge "$2" ]
}

# whole FILE LINES: it comes to have so many lines, some are lost, none is torn.
whole() {
	wait_for 10 has_lines "$1" "$2"
	is "$2" "$(lines "$1")" "lines of $1, of which $(lost "$1") are lost"
	[ "$(lost "$1")" -gt 0 ] || fail "nothing is lost from $1"
	! grep -v "^$time [a-z]*=.*[^ ]\$" "$1" || fail "torn lines in $1"
}

mkfifo pipe

# ---- Standard error is a FIFO whose reader stalls

silent pipe
fill
start fifo "$QUEUECTL" worker start --count 4 2>pipe
wait_for 30 all_done
silent=$reader
reads pipe got
leaves "$silent"
# Though nothing is left to be logged.
whole got $((2 * jobs + 1))
kill -TERM "$SUPERVISOR"
ended fifo 0
whole got $((2 * jobs + 3))
leaves "$reader"

# Told to stop while there is no room from the beginning.
jobs=10
for how in signal command; do
	silent pipe
	silent=$reader
	head -c 1000000 /dev/zero >pipe &
	writer=$!
	PIDS="$PIDS $writer"
	fill
	start "$how" "$QUEUECTL" worker start --count 4 2>pipe
	wait_for 30 all_done
	case $how in
	signal)	kill -TERM "$SUPERVISOR" ;;
	*)	exits 0 q worker stop --timeout 10 ;;
	esac
	ended "$how" 0
	leaves "$silent"
	leaves "$writer"
done

# ---- A pipe, which is standard output as well

piped() {
	{
		got=0
		"$QUEUECTL" worker start --count 4 2>&1 || got=$?
		echo "$got" >piped.exit
	} | {
		until [ -e read.now ]; do sleep 0.05; done
		cat >got
	}
}
jobs=400
fill
: >got
start piped piped
wait_for 30 all_done
: >read.now
whole got $((2 * jobs + 1))
kill -TERM "$SUPERVISOR"
ended piped 0
is 0 "$(cat piped.exit)" 'exit status'
whole got $((2 * jobs + 3))

# ---- A log that is a FIFO: without a reader, with one, without again

jobs=10
fill
start unread "$QUEUECTL" worker start --log pipe 2>err
grep -q '^queuectl: pipe: nobody reads this FIFO' err ||
	fail "no warning: $(cat err)"
wait_for 20 all_done
reads pipe first
whole first $((2 * jobs + 1))
drop read "command=true"
wait_for 10 grep -q 'job=read event=completed' first
leaves "$reader"
fill
wait_for 20 all_done
reads pipe second
whole second $((2 * jobs))
leaves "$reader"
kill -TERM "$SUPERVISOR"
ended unread 0
# The first of them tells that the reader is gone.
grep -q 'pipe: 2 lines of the log could not be written$' err ||
	fail "it does not tell of the lines at the end: $(cat err)"

# ---- A file that may grow no more, until somebody empties it

jobs=100
fill
limited() {
	(
		ulimit -f 8
		exec "$QUEUECTL" worker start --log small
	)
}
start limited limited
wait_for 20 all_done
cp small before
: >small
wait_for 10 grep -q event=log-lost small
kill -TERM "$SUPERVISOR"
ended limited 0
cat before small >both
whole both $((2 * jobs + 3))

# A device that is always full; how many are lost is told at the end.
jobs=10
fill
start full "$QUEUECTL" worker start --log /dev/full 2>err
wait_for 20 all_done
kill -TERM "$SUPERVISOR"
ended full 0
grep -q "^queuectl: /dev/full: $((2 * jobs + 3)) lines of the log could" err ||
	fail "at the end: $(cat err)"

# ---- A log that cannot be opened anew

start reopened "$QUEUECTL" worker start --log own.log 2>err
wait_for 10 grep -q event=started own.log
mv own.log own.log.1
mkdir own.log
kill -HUP "$SUPERVISOR"
wait_for 10 grep -q 'event=log-not-reopened error="Is a directory"$' own.log.1
grep -q '^queuectl: .*/own.log: .* the old file: Is a directory$' err ||
	fail "standard error: $(cat err)"
drop after "command=true"
wait_for 10 grep -q 'job=after event=completed' own.log.1
kill -TERM "$SUPERVISOR"
ended reopened 0
grep -q event=stopped own.log.1 || fail 'the old file has no end'

# ---- A terminal whose output was stopped with Ctrl-S

at_terminal() {
	"$HELPERS/pty" "$QUEUECTL" worker start --drain --count 4 <keys >screen
}
drop gate "cwd=$PWD" "command=until [ -e go ]; do sleep 0.02; done" priority=9
: >screen
mkfifo keys
start terminal at_terminal &
exec 3>keys
wait_for 10 begun
PIDS="$PIDS $SUPERVISOR"
wait_for 10 grep -q 'job=gate event=processing' screen
printf '\023' >&3
jobs=100
fill
wait_for 30 all_done
printf '\021' >&3
wait_for 10 grep -q 'event=log-lost lines=[1-9]' screen
: >go
wait_for 10 test -s terminal.status
exec 3>&-
ended terminal 0
grep -q 'done, 0 failed in ' screen || fail 'no summary'
