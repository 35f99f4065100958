#!/bin/sh
# slow
# The clock is set back by ten years, forward by twenty, and back again, under
# a supervisor with jobs that wait, are to be retried, are locked, and run.  No
# delay becomes ten years, time limits do not notice, doctor tells of times
# that are to come, and nothing is lost.  helper/shift.c is the clock.

. "$TESTS/faultlib.sh"

years=$((10 * 365 * 86400))
SHIFT=$PWD/seconds
export SHIFT

# set_clock SECONDS: by so much it is wrong now.
set_clock() {
	echo "$1" >seconds.new
	mv seconds.new seconds
}

# For programs that were linked dynamically, and without sanitizers.
if ! "${CC:-cc}" -shared -fPIC -o shift.so "$TESTS/helper/shift.c"; then
	echo 'cannot build a shared object'
	exit 77
fi
cat >shifted <<EOT
#!/bin/sh
LD_PRELOAD=$PWD/shift.so exec "$QUEUECTL" "\$@"
EOT
chmod +x shifted
QUEUECTL=$PWD/shifted

# year ID: that of the time in it.
year() {
	echo "$1" | sed 's/....T.*//'
}
now=$(date -u +%Y)
set_clock "-$years"
case $(year "$(q enqueue true)") in
"$((now - 10))") ;;
*)
	echo 'the clock of this program cannot be set'
	exit 77
	;;
esac
set_clock 0
rm spool/pending/*

q config set durability none
q config set kill_grace_seconds 1
quick_poll

# ---- What there is when the clock is set

# held NAME [LINE...]: a job that notes its runs; it ends when ./NAME.go is
# there.
held() {
	name=$1
	shift
	drop "$name" "cwd=$PWD" "$@" "command=echo run >>$name.runs" \
	    " until [ -e $name.go ]; do sleep 0.05; done"
	wait_for 10 test -s "$name.runs"
}

# retried NAME SECONDS: a job that has failed, to be retried after so long.
retried() {
	drop "$1" "backoff_base=$2" max_backoff=100000 max_retries=1 \
	    "cwd=$PWD" "command=test -e $1.again || { : >$1.again; exit 1; }"
	wait_for 10 test -f "spool/failed/$1"
}

workers --count 3
drop hour "run_at=$("$HELPERS/micros" in 3600000)" 'command=true'
retried later 3000
# This one is locked by somebody else for a while.
echo command=true >spool/tmp/locked
(flock 9 && : >is-locked && exec sleep 1000) 9<spool/tmp/locked &
locker=$!
PIDS="$PIDS $locker"
wait_for 10 test -e is-locked
mv spool/tmp/locked spool/pending/locked
held runs
held limited timeout=5 max_retries=0
started=$("$HELPERS/micros")
retried soon 6

# ---- Ten years back; nobody wakes the supervisor

set_clock "-$years"
wait_for 20 test -f spool/dead/limited
took=$(($("$HELPERS/micros") - started))
[ "$took" -ge 4000000 ] || fail "timed out after $took us"
is '"timed' "$(field spool/dead/limited dead error)" 'error of limited'
kill "$locker"
forget "$locker"
wait_for 40 test -f spool/completed/soon
wait_for 40 test -f spool/completed/locked
[ -f spool/failed/later ] || fail 'later was retried before its time'
[ -f spool/pending/hour ] || fail 'hour was run before its time'

# New jobs are as good as any; their IDs tell the time that is now.
ids=
for i in 1 2 3; do
	id=$(q enqueue "echo $i")
	is "$((now - 10))" "$(year "$id")" "year of $id"
	ids="$ids $id"
	wait_for 10 test -f "spool/completed/$id"
done
is 3 "$(echo "$ids" | tr ' ' '\n' | sort -u | grep -c .)" 'different IDs'
q enqueue --id delayed --delay 1 true >id
wait_for 10 test -f spool/completed/delayed
retried again 2
wait_for 10 test -f spool/completed/again
exits 0 q status
exits 0 q list

# What was written before is to come; it is no reason to put anything right.
told_of() {
	q doctor "$@" >found 2>&1 && fail 'doctor finds nothing'
	! grep -v '^fault: future: \|^queuectl: .*[0-9] fault' found ||
		fail 'doctor finds more than times to come'
	grep -q '^fault: future: completed/soon: ' found ||
		fail "doctor does not tell of soon: $(cat found)"
}
told_of
find spool/[cdfp]*/ -type f -exec cksum {} + | sort >before
told_of --repair
find spool/[cdfp]*/ -type f -exec cksum {} + | sort | diff before - ||
	fail 'a repair has changed a job'

# ---- Ten years forward

set_clock "$years"
wait_for 40 test -f spool/completed/later
wait_for 40 test -f spool/completed/hour
id=$(q enqueue true)
is "$((now + 10))" "$(year "$id")" "year of $id"
wait_for 10 test -f "spool/completed/$id"
retried forward 2
wait_for 20 test -f spool/completed/forward
is processing "$(states spool/processing/runs)" 'history of runs'

# ---- As it was

retried back 4
set_clock 0
wait_for 40 test -f spool/completed/back
: >runs.go
wait_for 10 test -f spool/completed/runs
is run "$(cat runs.runs)" 'runs of runs'
wait_for 10 nothing_live
is 'processing failed processing completed' "$(states spool/completed/later)" \
    'history of later'
is 13 "$(count completed)" 'completed jobs'
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'

# Nothing is wrong but that some times are ten years ahead: then it is sound.
set_clock $((years + 60))
sound
