#!/bin/sh
# slow
# The spool as it may look on a network, where other hosts move and remove
# files: a name that was looked up before is answered for from a cache, and a
# file that was removed cannot be used by who has it open.  helper/stale.c is
# such a file system.

. "$TESTS/lib.sh"

if [ -n "${TEST_SANITIZED:-}" ] ||
    ! "${CC:-cc}" -shared -fPIC -o stale.so "$TESTS/helper/stale.c" -ldl \
	2>err; then
	echo 'no shared object can be loaded here'
	exit 77
fi
plain=$QUEUECTL
# on_network NAME=VALUE...: the program is run so from now on.
on_network() {
	cat >on-network <<EOT
#!/bin/sh
LD_PRELOAD=$PWD/stale.so exec env $* "$plain" "\$@"
EOT
	chmod +x on-network
	QUEUECTL=$PWD/on-network
}

drop probe command=true
on_network "STALE_HIDDEN=$PWD/spool/pending/probe"
if q show probe >out 2>err; then
	echo 'the program uses no shared library'
	exit 77
fi
rm spool/pending/probe
quick_poll
q config set durability none

# held: a job that keeps the one worker until ./go is there.
held() {
	rm -f go began
	drop held "cwd=$PWD" 'priority=9' \
	    'command=: >began; until [ -e go ]; do sleep 0.02; done'
	wait_for 10 test -e began
}

# told MS-OF-A-SECOND STATE FIELD...: a state line, long ago.
told() {
	ms=$1 state=$2
	shift 2
	echo "$state=2026-01-01T00:00:00.${ms}000Z $*"
}
ended() {
	told 001 processing attempt=1 worker=h.1.1
	told 002 completed attempt=1 exit_code=0
}

# ---- A job that has ended elsewhere is not claimed, nor written to.

mkdir jobs
run="$(told 001 processing attempt=1 worker=h.1.1)"
lost="$(told 002 pending reason=lost)"
{
	printf '%s\n' command=true
	ended
} >jobs/moved
printf '%s\n' command=true "$run" >jobs/lost
printf '%s\n' command=true "$run" "$lost" "$run" "$lost" "$run" >jobs/often
{
	printf '%s\n' command=true priority=11
	ended
} >jobs/bad
printf '%s\n' command=true "$run" "$(told 002 failed attempt=1 exit_code=1 \
    retry_at=2026-01-01T00:00:01Z)" >jobs/failed
for dir in pending failed; do
	on_network "STALE_IN=$PWD/spool/$dir" "STALE_AS=$PWD/spool/completed"
	workers --count 1
	held
	(cd jobs && for job in *; do
		cp "$job" "../spool/tmp/$job"
		mv "../spool/tmp/$job" "../spool/$dir/$job"
	done)
	noticed
	(cd "spool/$dir" && mv ./* ../completed/)
	drop last command=true
	noticed
	: >go
	wait_for 10 test -f spool/completed/last
	stop_workers
	is 0 "$STATUS" 'exit status of the supervisor'
	for job in jobs/*; do
		cmp "$job" "spool/completed/${job##*/}" ||
			fail "$job was changed, as seen in $dir/"
	done
	is 'processing completed' "$(states spool/completed/last)" \
	    'history of last'
	rm spool/completed/*
done

# ---- A claim that fails leaves the request to cancel an older job.

if command -v flock >/dev/null; then
	{
		printf '%s\n' command=true
		told 001 processing attempt=1 worker=h.1.1
	} >spool/processing/x
	(flock 9 && : >is-locked && exec sleep 1000) 9<spool/processing/x &
	holder=$!
	PIDS="$PIDS $holder"
	wait_for 10 test -e is-locked
	: >spool/control/cancel.x
	on_network "STALE_HIDDEN=$PWD/spool/processing/x"
	workers --count 1
	drop x command=true
	drop last command=true
	wait_for 10 test -f spool/completed/last
	stop_workers
	[ -e spool/control/cancel.x ] || fail 'the request has gone'
	is '' "$(states spool/pending/x)" 'history of x'
	kill "$holder"
	forget "$holder"
	rm -f spool/control/* spool/pending/* spool/processing/* \
	    spool/completed/*
fi

# ---- What was removed elsewhere while it ran

# removed_too N: so many jobs have ended so.
removed_too() {
	[ "$(grep -c event=removed-while-running log)" -eq "$1" ]
}
for error in ESTALE ENOENT; do
	: >log
	on_network "STALE_ERROR=$error"
	q config set kill_grace_seconds 1
	workers --count 1
	held
	rm spool/processing/held
	: >go
	wait_for 10 removed_too 1
	# The same when it is to go back.
	held
	rm spool/processing/held
	kill -TERM "$SUPERVISOR"
	wait_for 10 logged event=stopping
	sleep 0.3 # two within a quarter of a second are one
	stop_workers
	is 1 "$STATUS" 'exit status after two SIGTERMs'
	removed_too 2 || fail "the log does not tell of it: $(cat log)"
	is '' "$(find spool/[pcfd]*/ -type f ! -path 'spool/control/*')" \
	    'files left'
done
