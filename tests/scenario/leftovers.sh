#!/bin/sh
# What a job leaves behind: of one that timed out nothing, of one that has
# ended its daemons, which hold the descriptor of its lock and must not be in
# the way of a retry or of a new job of that name.

. "$TESTS/lib.sh"

# Whoever lurks writes its name and PID to a FIFO; it ends with the last.
listen() {
	mkfifo "$1.fifo"
	{
		cat "$1.fifo" >"$1.pids"
		touch "$1.all-gone"
	} &
	PIDS="$PIDS $!"
}

here() {
	[ "$(wc -l <"$1.pids")" -ge "$2" ]
}

state_is() {
	[ -f "spool/$2/$1" ]
}

pid_of() {
	sed -n "s/^$2 \([0-9]*\) .*/\1/p" "$1.pids"
}

# Our own, all of them: KILL is sure to hit only what still lurks.
at_exit() {
	for list in *.pids; do
		[ ! -f "${list%.pids}.all-gone" ] || continue
		while read -r _ pid _; do
			kill -KILL "$pid" 2>/dev/null || :
		done <"$list"
	done
}

lurk=$HELPERS/lurk
q config set kill_grace_seconds 1
q config set max_retries 0
quick_poll
workers --count 2

# The time limit: the shell, its child and its grandchild ignore TERM, and
# another grandchild is in a process group of its own.
listen limit
{
	echo 'timeout=1'
	echo "cwd=$PWD"
	echo "command=trap '' TERM"
	echo " '$lurk' limit.fifo child &"
	echo " sh -c \"'$lurk' limit.fifo grandchild & wait\" &"
	echo " sh -c \"'$lurk' -g limit.fifo group & wait\" &"
	echo ' while :; do sleep 60; done'
} >spool/tmp/limit
mv spool/tmp/limit spool/pending/limit

# A daemon of a job that succeeds, and one of a job that fails.
for job in good bad; do
	listen "$job"
	code=0
	[ "$job" = good ] || code=3
	drop "$job" "cwd=$PWD" \
	    "command='$lurk' -s $job.fifo \$QUEUECTL_ATTEMPT; exit $code"
done
wait_for 10 here good 1
wait_for 10 here bad 1
wait_for 10 state_is good completed
wait_for 10 state_is bad dead
is "1 $(pid_of good 1) lock" "$(cat good.pids)" 'the daemon of good'
is "1 $(pid_of bad 1) lock" "$(cat bad.pids)" 'the daemon of bad'

# Both can run again, once more with a daemon.
exits 0 q retry --again good
exits 0 q retry bad
wait_for 10 here good 2
wait_for 10 here bad 2
wait_for 10 state_is good completed
wait_for 10 state_is bad dead
is 'processing completed pending processing completed' \
    "$(states spool/completed/good)" 'history of good'
is 'processing dead pending processing dead' \
    "$(states spool/dead/bad)" 'history of bad'

# And a new job gets the name, at once.
for job in good bad; do
	drop "$job" 'command=echo new'
	wait_for 10 grep -q '^command=echo new' "spool/completed/$job"
	is new "$(cat "spool/output/$job.1.out")" "output of the new $job"
done
is 2 "$(find spool/completed -name 'good*' | wc -l | tr -d ' ')" \
    'records of good'
is 1 "$(find spool/dead -name 'bad~*' | wc -l | tr -d ' ')" 'old ones of bad'
for daemon in "$(pid_of good 1)" "$(pid_of good 2)" "$(pid_of bad 1)" \
    "$(pid_of bad 2)"; do
	kill -0 "$daemon" || fail "the daemon $daemon has gone"
done

wait_for 10 state_is limit dead
is '"timed' "$(field spool/dead/limit dead error)" 'error of limit'
is 9 "$(field spool/dead/limit dead signal)" 'signal that ended limit'
here limit 3 || fail "only these lurked: $(cat limit.pids)"
if [ "$TEST_OS" != linux ]; then
	# Only a process group can be killed there: what is in another one of
	# the session stays.
	kill -KILL "$(pid_of limit group)" || fail 'nobody in the other group'
fi
wait_for 2 test -f limit.all-gone
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
