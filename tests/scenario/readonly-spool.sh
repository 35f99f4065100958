#!/bin/sh
# The file system of the spool fails and turns read-only under a job.  Its end
# cannot be recorded: once interrupted, the workers and the supervisor say so
# and leave.

. "$TESTS/mountlib.sh"
. "$TESTS/lib.sh"
[ "$TEST_OS" = linux ] || exit 77

make_fs() {
	rm -f "$1"
	truncate -s 4M "$1"
	mkfs.ext4 -q -F -b 1024 -m 0 "$1"
}

# turns_read_only: as after an error of the disk.
turns_read_only() {
	mount -o remount,abort spool 2>err || cannot 77 'make ext4 fail'
}

# new_life N: a spool in which a supervisor runs the job `ends`, which will end
# with status 3 when there is ./go, and whose PID and worker are in ./pids.
new_life() {
	new_spool "$1"
	rm -f go pids own.log log
	q config set kill_grace_seconds 1
	# shellcheck disable=SC2016 # it is for that shell
	q enqueue --id ends --max-retries 0 --cwd "$PWD" 'echo $$ $PPID >pids
until [ -e go ]; do sleep 0.05; done; exit 3' >id
	workers --log "$PWD/own.log"
	wait_for 10 test -s pids
	read -r job worker <pids
	turns_read_only
}

# over PID: no such process, or a zombie for as long as init likes.
over() {
	! readlink "/proc/$1/exe"
}

own_log() {
	grep -q -e "$1" own.log
}

# left_at_end STATUS: a second SIGTERM ends all within ten seconds.
left_at_end() {
	kill -TERM "$SUPERVISOR"
	wait_for 10 own_log event=stopping
	sleep 0.3 # two within a quarter of a second are one
	kill -0 "$SUPERVISOR" || fail 'it did not wait at the first SIGTERM'
	began=$(date +%s)
	stop_workers
	took=$(($(date +%s) - began))
	is 1 "$STATUS" 'exit status'
	[ "$took" -le 10 ] || fail "it took $took s"
	wait_for 1 over "$worker"
}

# tells LINE MESSAGE: its last line about the job.
tells() {
	grep 'job=ends' own.log | tail -n 1 |
		grep -q "event=end-unrecorded attempt=1 $1 .*error=\".*run again" ||
		fail "log: $(cat own.log)"
	grep -q "^queuectl: job ends: has ended with $2, which could not be recorded: .*: it will be found lost and run again when the spool can be written, unless it is cancelled by then\$" log ||
		fail "standard error: $(cat log)"
}

# runs_again: nothing keeps the file system busy, and the job is not lost.
runs_again() {
	remount
	is processing "$(states spool/processing/ends)" 'history'
	: >go
	drain
	is 'processing pending processing dead' "$(states spool/dead/ends)" \
	    'history afterwards'
	is lost "$(field spool/dead/ends pending reason)" 'reason'
}

# ---- The job has ended

new_life 1
: >go
wait_for 10 own_log 'job=ends event=unrecorded'
left_at_end
tells exit_code=3 'exit status 3'
runs_again

# ---- It is ended by that

new_life 2
left_at_end
wait_for 1 over "$job"
tells signal=15 'signal 15'
runs_again

# ---- The supervisor is gone: nobody is there to be told

new_life 3
kill -KILL "$SUPERVISOR"
wait "$SUPERVISOR" 2>/dev/null || :
forget "$SUPERVISOR"
: >go
wait_for 10 over "$job"
kill -TERM "$worker"
wait_for 10 over "$worker"
runs_again
