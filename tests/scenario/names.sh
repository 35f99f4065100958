#!/bin/sh
# No two processes that live have one name in workers/: not if their process
# IDs are the same, as in two containers, and not if a worker has outlived its
# supervisor.  What is asked of one is not done by the other.

if ! command -v flock >/dev/null; then
	echo 'there is no flock(1)'
	exit 77
fi

. "$TESTS/lib.sh"
quick_poll
q config set durability none
host=$(hostname | tr -c 'A-Za-z0-9._\n-' _)

# hold NAME TEXT: an entry that a process holds, as a living one of another
# namespace; the process is $HOLDER.
hold() {
	printf '%s' "$2" >"spool/workers/$1"
	(exec 9>>"spool/workers/$1" && flock -x 9 && : >held && exec sleep 60) &
	HOLDER=$!
	PIDS="$PIDS $HOLDER"
	wait_for 10 test -f held
	rm held
}

# let_go: that process dies.
let_go() {
	kill "$HOLDER"
	wait "$HOLDER" || :
	forget "$HOLDER"
}

# as_twin SCRIPT: a supervisor in the place of a shell that has run the script;
# its process ID, which the script has as $$, is $SUPERVISOR.
as_twin() {
	sh -c "$1"'; exec "$QUEUECTL" worker start' >>log 2>&1 &
	SUPERVISOR=$!
	PIDS="$PIDS $SUPERVISOR"
}

# works NAME: there is such a supervisor, and its worker.
works() {
	q worker status >listed 2>&1
	grep -q "^$1 .*(supervisor of 1)" listed && grep -q "^$1\.1 " listed
}

# ---- The name of another supervisor, which was told to stop

as_twin 'until [ -f go ]; do sleep 0.02; done'
twin=$host.$SUPERVISOR
hold "$twin" 'count=7
'
: >"spool/control/stop.$twin"
: >go
wait_for 10 works "$twin-2"
grep -q "^$twin .*(supervisor of 7)" listed ||
	fail "the other one is not listed: $(cat listed)"
is 'count=7' "$(cat "spool/workers/$twin")" "entry of the other one"
[ -f "spool/control/stop.$twin" ] || fail 'it has taken a request to another'
grep -q "event=started supervisor=$twin-2 " log || fail "log: $(cat log)"

q enqueue --id job 'echo done' >/dev/null
wait_for 10 test -f spool/completed/job
is "$twin-2.1" "$(field spool/completed/job processing worker)" \
    'worker of the job'
exits 0 q doctor
q metrics >told
grep -q "{outcome=\"completed\",supervisor=\"$twin-2\"} 1$" told ||
	fail "metrics: $(cat told)"

exits 0 timeout 20 "$QUEUECTL" worker stop "$twin-2"
wait "$SUPERVISOR" || fail "it exits with $?"
forget "$SUPERVISOR"
grep -q "event=stopped supervisor=$twin-2$" log || fail "log: $(cat log)"
is "$twin" "$(ls spool/workers)" 'entries that are left'
let_go
rm -f go "spool/control/stop.$twin"

# ---- The name that a worker still has; the supervisor's entry is left

as_twin 'until [ -f go ]; do sleep 0.02; done'
twin=$host.$SUPERVISOR
echo count=7 >"spool/workers/$twin"
hold "$twin.1" ''
: >go
wait_for 10 works "$twin-2"
[ -f "spool/workers/$twin.1" ] || fail 'the entry of the worker is gone'
stop_workers
is 0 "$STATUS" 'exit status'
let_go
rm go

# ---- The name of the dead is taken, and what they were told is not obeyed

as_twin 'until [ -f go ]; do sleep 0.02; done'
twin=$host.$SUPERVISOR
echo count=7 >"spool/workers/$twin"
: >"spool/workers/$twin.1"
: >"spool/control/stop.$twin"
: >"spool/control/interrupt.$twin"
touch -t 202601010000 "spool/control/stop.$twin" \
    "spool/control/interrupt.$twin"
: >go
wait_for 10 works "$twin"
is '' "$(ls spool/control)" 'requests that are left'
q enqueue --id second 'echo done' >/dev/null
wait_for 10 test -f spool/completed/second
is "$twin.1" "$(field spool/completed/second processing worker)" \
    'worker of the second job'
exits 0 timeout 20 "$QUEUECTL" worker stop
wait "$SUPERVISOR" || fail "it exits with $?"
forget "$SUPERVISOR"
is 0 "$(count workers)" 'entries that are left'
