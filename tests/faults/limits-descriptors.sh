#!/bin/sh
# ulimit -n: with few descriptors a command does all that it is to do, or says
# that it cannot and does nothing; with 20 of them a worker runs jobs, and with
# fewer none is started, lost or damaged.

. "$TESTS/faultlib.sh"
[ -z "${TEST_SANITIZED:-}" ] || {
	echo 'counts descriptors: that is done without sanitizers'
	exit 77
}
quick_poll

# few NUMBER COMMAND...: with so many descriptors.
few() (
	# shellcheck disable=SC3045 # dash and busybox sh have it
	ulimit -n "$1"
	shift
	exec "$@"
)

# tries NUMBER WANTED COMMAND...: it succeeds with the status wanted, or exits
# with 1 or 75 and says why; its status is in $got.
tries() {
	number=$1 wanted=$2
	shift 2
	got=0
	few "$number" "$QUEUECTL" "$@" >out 2>err || got=$?
	case $got in
	"$wanted") ;;
	1 | 75)	grep -q '^queuectl: ' err || fail "with $number, '$*' says nothing" ;;
	*)	fail "with $number, '$*' exits with $got: $(cat err)" ;;
	esac
	is 0 "$(count tmp)" "with $number, files in tmp/ after $*"
}

# all_or_nothing BEFORE AFTER FILE: that is there if it is all, and if it is
# not, what was there before.
all_or_nothing() {
	if [ "$got" -eq 0 ]; then
		[ -f "$2" ] || fail "with $number: no $2"
		worked="$worked $number"
	elif [ -f "$2" ] || [ ! -f "${1:-$PWD/spool/config}" ]; then
		fail "with $number: it failed, and yet did something to $2"
	fi
}

# ---- Commands

for i in 1 2 3 4 5; do
	drop "sound$i" max_retries=0 "command=echo $i; exit $((i % 2))"
done
drain
q enqueue --id waits --delay 1w true >id
q config set max_retries 3

number=4 # fewer, and no program can open its C library
worked=
while [ "$number" -le 20 ]; do
	tries "$number" 0 enqueue --id "job$number" --delay 1d true
	all_or_nothing '' "spool/pending/job$number"
	q enqueue --id "to$number" --delay 1d true >id
	tries "$number" 0 cancel "to$number"
	all_or_nothing "spool/pending/to$number" "spool/dead/to$number"
	[ "$got" -eq 0 ] || q cancel "to$number"
	tries "$number" 0 retry "to$number"
	all_or_nothing "spool/dead/to$number" "spool/pending/to$number"
	[ "$got" -ne 0 ] || q cancel "to$number"
	tries "$number" 0 purge "to$number"
	[ "$got" -ne 0 ] || [ ! -e "spool/dead/to$number" ] ||
		fail "with $number: it was not purged"
	[ -e "spool/dead/to$number" ] && q purge "to$number" 2>>said
	[ ! -e "spool/pending/job$number" ] ||
		{ q cancel "job$number" && q purge "job$number" 2>>said; }
	tries "$number" 0 config set max_retries "$number"
	[ "$got" -ne 0 ] ||
		is "$number" "$(q config get max_retries)" 'the setting'

	# What cannot be read is not taken for what is not there.
	q list >whole
	tries "$number" 0 list
	[ "$got" -ne 0 ] || diff whole out || fail "with $number, list"
	tries "$number" 0 doctor
	! grep -v 'Too many open files' out || fail "with $number, doctor"
	tries "$number" 0 show sound1
	tries "$number" 0 output --stdout sound1
	[ "$got" -ne 0 ] || is 1 "$(cat out)" 'output of sound1'
	number=$((number + 1))
done
[ "$got" -eq 0 ] || fail "with 20: $(cat err)"
case "$worked " in
*' 20 '*) ;;
*) fail "with 20 nothing was done; with$worked" ;;
esac
sound

# ---- Workers

# start_few NUMBER: a supervisor of four, with so many descriptors.
start_few() {
	(
		# shellcheck disable=SC3045 # dash and busybox sh have it
		ulimit -n "$1"
		exec "$QUEUECTL" worker start --count 4
	) >>log 2>&1 &
	SUPERVISOR=$!
	PIDS="$PIDS $SUPERVISOR"
	wait_for 10 logged "no-worker.*Too many open files"
}

# Too few for any worker: nothing is all, and that without effort.
q purge --state completed --state dead 2>>said
i=0
while [ "$i" -lt 30 ]; do
	drop "job$i" max_retries=1 max_backoff=0 "arg=$HELPERS/runonce" \
	    "arg=$TRACES" "arg=job$i"
	i=$((i + 1))
done
start_few 17
idle "$SUPERVISOR"
is 31 "$(count pending)" 'waiting jobs'
stop_workers
is 0 "$STATUS" 'exit status with 17'

# 20 are enough for one.
: >log
start_few 20
all_ended() {
	[ "$(count pending)" -eq 1 ] && nothing_runs
}
nothing_runs() {
	[ "$(($(count processing) + $(count failed)))" -eq 0 ]
}
# One more that fails, one that is too slow, one that writes much.
drop fails max_retries=1 max_backoff=0 'command=exit 3'
drop slow max_retries=0 timeout=1 'command=sleep 100 & sleep 100'
drop writes 'command=head -c 1000000 /dev/zero; echo all >&2'
wait_for 20 all_ended
is 31 "$(count completed)" 'completed jobs'
is 'processing failed processing dead' "$(states spool/dead/fails)" \
    'history of fails'
is '"timed' "$(field spool/dead/slow dead error)" 'error of slow'
is all "$(cat spool/output/writes.1.err)" 'what writes has said'
stop_workers
is 0 "$STATUS" 'exit status with 20'
sound
q purge fails slow writes 2>>said
true_history "$TRACES"
