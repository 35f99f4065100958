#!/bin/sh
# slow
# Files whose server does not answer: a job that hangs there obeys its time
# limit, cancel and stop like any other, be it on its way into its directory,
# or to its program, or later.  A process that SIGKILL does not end is told of,
# and keeps the lock: nothing runs beside it.

. "$TESTS/mountlib.sh"
. "$TESTS/lib.sh"

SERVERS=
at_exit() {
	for pid in $SERVERS; do
		kill -KILL "$pid" 2>/dev/null || :
	done
}

mounted() {
	grep -q " $PWD/$1 fuse" /proc/mounts
}

# serve NAME [deaf]: mounts such files on ./NAME.  A mute server keeps each
# process that asks it in state D, a deaf one does not read what it is asked.
serve() {
	mkdir "$1"
	"$HELPERS/hangfs" "$PWD/$1" ${2:+"$2"} 2>err &
	SERVERS="$SERVERS $!"
	looks=250
	until mounted "$1"; do
		if gone "$!" || [ "$looks" -eq 0 ]; then
			cannot 77 'mount a file system of FUSE'
		fi
		looks=$((looks - 1))
		sleep 0.04
	done
}
[ -c /dev/fuse ] || {
	echo 'there is no /dev/fuse'
	exit 77
}
serve mute
serve deaf deaf

q config set kill_grace_seconds 1
q config set max_backoff_seconds 0
q config set durability none
quick_poll

# hang NAME LINE...: a job with a time limit and no retries.
hang() {
	name=$1
	shift
	drop "$name" timeout=1 max_retries=0 "$@"
}

# ended NAME DIR SAID: how it has ended is recorded, and what is left of it.
state=' (state D)'
[ "$TEST_OS" = linux ] || state=
kept="process [1-9][0-9]*$state did not end after SIGKILL and keeps its lock"
ended() {
	wait_for 20 test -f "spool/$2/$1"
	tail -n 1 "spool/$2/$1" >line
	grep -q "error=\"\{0,1\}$3\"\{0,1\}\$" line || fail "$1: $(cat line)"
}

# locked FILE
locked() {
	! flock -n "$1" true
}

# A supervisor that is told twice to stop puts its job back, and leaves.
workers
stopped=$SUPERVISOR
drop stopped "cwd=$PWD/mute/dir" command=true
wait_for 10 logged 'job=stopped event=processing'
kill -TERM "$stopped"
wait_for 10 logged event=stopping
sleep 0.3 # two within a quarter of a second are one
kill -TERM "$stopped"

workers --count 9
hang cwd-deaf "cwd=$PWD/deaf/dir" command=true
hang exec-deaf "arg=$PWD/deaf/program"
hang cwd-mute "cwd=$PWD/mute/dir" command=true
hang exec-mute "arg=$PWD/mute/program"
hang reads-deaf "arg=/bin/cat" "arg=$PWD/deaf/x"
hang reads-mute "arg=/bin/cat" "arg=$PWD/mute/x"
hang child-mute "command=cat $PWD/mute/y; true"
drop again timeout=1 max_retries=1 "cwd=$PWD" 'command=echo run >>again.runs' \
    ' [ ! -e go ] || exit 0' ' exec cat mute/z'
drop cancelled "cwd=$PWD/mute/dir" max_retries=3 command=true
wait_for 10 logged 'job=cancelled event=processing'
exits 0 q cancel cancelled

for job in cwd-deaf exec-deaf reads-deaf; do
	ended "$job" dead 'timed out after 1 s'
	is 15 "$(field "spool/dead/$job" dead signal)" "signal of $job"
	! locked "spool/dead/$job" || fail "$job is locked"
done
for job in cwd-mute exec-mute reads-mute; do
	ended "$job" dead "timed out after 1 s; $kept"
done
ended cancelled dead "cancelled; $kept"
ended again failed "timed out after 1 s; $kept"
for job in cwd-mute exec-mute reads-mute cancelled; do
	is 'processing dead' "$(states "spool/dead/$job")" "history of $job"
	locked "spool/dead/$job" || fail "$job is not locked"
done
# Elsewhere nobody can tell that a child of the first process is left.
if [ "$TEST_OS" = linux ]; then
	ended child-mute dead "timed out after 1 s; $kept"
	locked spool/dead/child-mute || fail 'child-mute is not locked'
fi
for job in cwd-deaf exec-deaf cwd-mute exec-mute; do
	logged "job=$job event=processing" || fail "no start of $job in the log"
done

# The workers that had to leave are replaced: others run as many at a time.
i=0
while [ "$i" -lt 9 ]; do
	i=$((i + 1))
	drop "other$i" "cwd=$PWD" "command=: >other$i.runs" \
	    ' until [ -e go-on ]; do sleep 0.05; done'
done
all_run() {
	[ "$(find other*.runs | wc -l)" -eq 9 ]
}
wait_for 20 all_run
: >go-on
! logged event=worker-died || fail 'a worker died'

# What failed waits, although it is due, until its process ends.
: >go
drop later 'command=true'
wait_for 20 test -f spool/completed/later
is run "$(cat again.runs)" 'runs of again'
locked spool/failed/again || fail 'again is not locked'
q show again >shown
grep -q '^note: its file is locked' shown || fail "show: $(cat shown)"

# The stop has led to the same.
STATUS=0
wait "$stopped" || STATUS=$?
forget "$stopped"
is 1 "$STATUS" 'exit status of the supervisor that was stopped'
ended stopped pending "$kept"
is stopped "$(field spool/pending/stopped pending reason)" 'its reason'
locked spool/pending/stopped || fail 'stopped is not locked'
stop_workers
is 0 "$STATUS" 'exit status of the other one'
is 0 "$(count workers)" 'files left in workers/'

# The server is gone: whatever hung there gets an error, and ends.
at_exit
rm spool/pending/stopped
drain
is 'processing failed processing completed' \
    "$(states spool/completed/again)" 'history of again'
is 2 "$(grep -c run again.runs)" 'runs of again'
