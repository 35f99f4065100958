#!/bin/sh
# slow
# A disk without a free inode: enqueue refuses and says why, what runs is
# recorded, what would be started is put back and left alone for a while, a
# worker that was killed is replaced as soon as that can be done, nothing
# spins, and nothing is lost.

# shellcheck disable=SC2034 # faultlib.sh looks at it
NEEDS='unshare mount mkfs.ext4 strace pgrep timeout'

. "$TESTS/mountlib.sh"
. "$TESTS/fulllib.sh"

# fill LEFT: takes all inodes but so many.
fill() {
	n=0
	while (: >"spool/.filler$n") 2>/dev/null; do
		n=$((n + 1))
	done
	left=0
	while [ "$left" -lt "$1" ]; do
		left=$((left + 1))
		rm "spool/.filler$((n - left))"
	done
}

# more_than NUMBER COMMAND...: it prints a greater one.
more_than() {
	few=$1
	shift
	[ "$("$@")" -gt "$few" ]
}

# says_much NAME: a job like `waiting`, both of whose outputs stay; it tells
# who runs it.
says_much() {
	waiting "$1" 0 "echo x; echo x >&2; echo \$PPID >$PWD/worker.$1"
	wait_for 10 begun "$1"
	wait_for 10 test -s "worker.$1"
}

new_spool 128
workers --count 3
says_much runs.a
says_much runs.b
says_much killed
job waits.a
job waits.b
fill 0

refuses q enqueue --id no true
refuses q enqueue true
echo true >lines
refuses q enqueue --batch lines
refuses q worker start

kill -KILL "$(cat worker.killed)"
wait_for 10 logged 'event=worker-died job=killed'
wait_for 10 logged 'worker=[^ ]* event=no-worker error="No space'
calm 4

# All three have ended, but of one nobody knows how: it is to run again.
: >"$GO"
wait_for 10 test -f spool/completed/runs.a
wait_for 10 test -f spool/completed/runs.b
wait_for 10 logged 'job=killed event=recovered state=pending reason=lost'
wait_for 10 logged 'job=waits.[ab] event=not-started error="output/waits.*: No space'
calm 4
ran_once killed runs.a runs.b
is 3 "$(count pending)" 'jobs that wait'
is 0 "$(find spool/output -size 0 | wc -l | tr -d ' ')" 'empty outputs'

# The first inode that is free is for a new worker, who has an entry; the
# next one is half of what a run needs.
entries=$(count workers)
rm spool/.filler0
wait_for 10 more_than "$entries" count workers
tries=$(grep -c event=not-started log)
rm spool/.filler1
wait_for 20 more_than $((tries + 2)) grep -c event=not-started log
is 0 "$(find spool/output -size 0 | wc -l | tr -d ' ')" 'empty outputs'

free_space
wait_for 20 nothing_live
is 5 "$(count completed)" 'jobs that have ended'
is 'killed killed runs.a runs.b waits.a waits.b ' \
    "$(sed 's/ .*//' traces/ran | sort | tr '\n' ' ')" 'what has run'
true_history traces
is 'processing pending processing completed' \
    "$(states spool/completed/waits.a | sed 's/^\(processing pending \)*/\1/')" \
    'history of what could not be started'
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
put_right
