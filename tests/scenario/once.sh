#!/bin/sh
# slow
# 8 workers, 5,000 jobs that append their ID to one file: each once.

. "$TESTS/lib.sh"

# each_once JOBS: so many were enqueued, and each ran once.
each_once() {
	sort ran >ran.sorted
	sort ids >ids.sorted
	is "$1" "$(wc -l <ids | tr -d ' ')" 'IDs printed'
	cmp ran.sorted ids.sorted ||
		fail "of $1 jobs $(sort -u ran | wc -l) ran in $(wc -l <ran) runs"
	is "$1" "$(count completed)" 'completed jobs'
	! grep -v '^processing=.* attempt=1 ' runs || fail 'runs after the first'
}

printf 'durability=none\n' >spool/config
awk -v "file=$PWD/ran" 'BEGIN {
	for (i = 0; i < 5000; i++)
		print "echo $QUEUECTL_JOB_ID >>" file
}' >lines
q enqueue --batch lines >ids
drain --count 8
is 0 "$STATUS" 'exit status'
cat spool/completed/* | grep '^processing=' >runs
each_once 5000

# As it is by default, synced to disk, with two supervisors that take each job
# while it is being enqueued.
rm -rf spool ran
workers --count 4
first=$SUPERVISOR
workers --count 4
head -n 300 lines | q enqueue --batch - >ids
drain
is 0 "$STATUS" 'exit status'
kill -TERM "$first"
stop_workers
wait "$first" || fail 'the other supervisor fails'
forget "$first"
cat spool/completed/* | grep '^processing=' >runs
each_once 300
