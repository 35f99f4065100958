#!/bin/sh
# What waits runs in order of priority, then creation, then ID; in fifo mode
# of creation, then ID.  The mode applies to what waits already.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\n' >spool/config
history='created_at=2026-01-01T00:00:06.000000Z
processing=2026-01-01T00:00:06.500000Z attempt=1 worker=x.1.1
failed=2026-01-01T00:00:07.000000Z attempt=1 exit_code=1 retry_at=2026-01-01T00:00:09.000000Z error="exit code 1"'

# task NAME PRIORITY SECOND: a job that writes its name to ./order;
# created at that second.
task() {
	task=$1 lines="priority=$2
created_at=2026-01-01T00:00:$3.000000Z"
	drop "$task" "cwd=$PWD" "command=echo $task >>order" "$lines"
}

# gate NAME PRIORITY SECOND: one that then runs until ./NAME.open exists.
gate() {
	drop "$1" "cwd=$PWD" "command=echo $1 >>order
 until test -e $1.open; do sleep 0.02; done" "priority=$2" \
	    "created_at=2026-01-01T00:00:$3.000000Z"
}

# Waits until a gate is reached.
reached() {
	wait_for 20 grep -q "^$1\$" order
}

# check WHAT NAME...: that was the order since the last check.
check() {
	what=$1
	shift
	is "$*" "$(tr '\n' ' ' <order | sed 's/ $//')" "$what"
	: >order
}

# Drops all, by no means in order, with one worker behind gate g0.  Gate g1 is
# the first to run in either mode: what waits at it has been compared before.
fill() {
	rm -f spool/completed/* ./*.open
	gate g0 10 00
	reached g0
	: >order
	task y 0 02
	task w 5 04
	# It has no created_at: its mtime counts.
	printf '%s\n' "cwd=$PWD" 'command=echo u >>order' >spool/tmp/u
	TZ=UTC touch -t 202601010000.00 spool/tmp/u
	mv spool/tmp/u spool/pending/u
	task b 5 04
	gate g1 10 00
	task v 10 05
	task x 5 03
	task a 5 04
	task z 0 01
	# Due for its second run: no different from a first one.
	printf '%s\n' "cwd=$PWD" 'command=echo f >>order' priority=10 \
	    "$history" >spool/tmp/f
	mv spool/tmp/f spool/failed/f
	noticed
	: >g0.open
	reached g1
}

finish() {
	: >g1.open
	wait_for 20 all_completed
}

all_completed() {
	[ "$(count completed)" -eq 11 ]
}

workers --count 1
fill
finish
check 'priority mode' g1 v f x a b w u z y

fill
q config set scheduling_mode fifo
noticed
finish
check 'fifo mode, set while they waited' g1 u z y x a b w v f

fill
q config set scheduling_mode priority
noticed
finish
check 'priority mode again' g1 v f x a b w u z y

# A thousand wait with priority 5, created all at once.
rm -f spool/completed/* ./*.open
gate g0 10 00
reached g0
: >order
awk -v dir="$PWD" 'BEGIN {
	for (i = 1; i <= 1000; i++) {
		name = sprintf("n%04d", i)
		file = "spool/tmp/" name
		print "cwd=" dir >file
		print "command=echo " name " >>order" >file
		if (i == 3 || i == 6)
			print " until test -e " name ".open; do sleep 0.02; done" >file
		print "priority=5\ncreated_at=2026-01-01T00:00:30.000000Z" >file
		close(file)
	}
}'
mv spool/tmp/n* spool/pending/
q enqueue --id urgent --priority 6 --cwd "$PWD" 'echo urgent >>order' >out
q enqueue --id late --priority 4 --cwd "$PWD" 'echo late >>order' >out
noticed
: >g0.open
reached n0003
q enqueue --id urgent2 --priority 6 --cwd "$PWD" 'echo urgent2 >>order' >out
task older 5 29
task newer 5 31
noticed
: >n0003.open
reached n0006
check 'new ones among a thousand' \
    urgent n0001 n0002 n0003 urgent2 older n0004 n0005 n0006
