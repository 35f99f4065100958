#!/bin/sh
# worker start --daemon and --log, worker stop, HUP.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\n' >spool/config

no_workers() {
	[ "$(count workers)" -eq 0 ]
}

# Reads to the end: it has to let go of standard output.
super=$(q worker start --daemon --count 2 --log log </dev/null)
daemon=${super##*.}
PIDS=$daemon
is 1 "$(echo "$super" | grep -c '^[A-Za-z0-9_][A-Za-z0-9._-]*\.[0-9][0-9]*$')" \
    "'$super' is a HOST.PID"
test -f "spool/workers/$super" || fail 'it returned before it was registered'
kill -0 "$daemon" || fail 'no such process'

drop ok 'command=true'
drop bad 'command=exit 3' 'max_retries=1' 'backoff_base=100' 'max_backoff=50'
drop ugly 'arg=/nonexistent/program with "quotes"' 'max_retries=0'
wait_for 10 test -f spool/completed/ok
wait_for 10 test -f spool/failed/bad
wait_for 10 test -f spool/dead/ugly
wait_for 10 grep -q 'job=ugly event=dead' log

# Every line: a time, then fields.
value='[^ "=]*\|"\([^"\\]\|\\.\)*"'
time='20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]\{3\}Z'
! grep -v "^$time\( [a-z_]*=\($value\)\)*\$" log ||
	fail 'these lines of the log are no logfmt'
has() {
	grep -q "$1" log || fail "the log has no line '$1'"
}
has "^$time event=started supervisor=$super workers=2\$"
has "^$time worker=$super\.[12] job=bad event=processing attempt=1\$"
has "^$time worker=$super\.[12] job=bad event=failed attempt=1 exit_code=3 duration=[0-9]*\.[0-9]\{3\} retry_in=50 error=\"exit code 3\"\$"
has "^$time worker=$super\.[12] job=ok event=completed attempt=1 exit_code=0 duration=[0-9.]*\$"
has 'job=ugly event=dead attempt=1 exit_code=127 .*error=".*with \\"quotes\\": '

# HUP: a log that was moved away is made anew where it was, and config read.
mv log log.old
kill -HUP "$daemon"
wait_for 10 test -s log
drop after 'command=true'
wait_for 10 grep -q 'job=after event=completed' log
! grep -q job=after log.old || fail 'it writes to the old log as well'

# stop waits for what runs, and until the supervisor is gone.  (Its process may
# yet be a zombie for as long as init likes.)
drop held "cwd=$PWD" 'command=until test -e open; do sleep 0.02; done'
wait_for 10 test -f spool/processing/held
exits 75 q worker stop --timeout 0
[ -s err ] || fail 'it does not say who is still running'
drop waits 'command=true'
(sleep 0.2; : >open) &
exits 0 q worker stop
test -f spool/completed/held || fail 'stop returned while a job ran'
test -f spool/pending/waits || fail 'a job was started after the stop'
tail -n 1 log | grep -q "event=stopped supervisor=$super\$" ||
	fail 'stop returned before the supervisor had stopped'
forget "$daemon"
is 0 "$(count workers)" 'files in workers/'
is 0 "$(count control)" 'requests left'
is '' "$(cat out err)" 'what a stop says'

exits 0 q worker stop
is '' "$(cat out)" 'output of a stop with no worker'
grep -q 'no worker is running' err || fail 'stop with no worker: no note'

# One of two; all spool paths relative.
a=$(cd spool && q -s . worker start --daemon)
b=$(q worker start --daemon)
PIDS="$PIDS ${a##*.} ${b##*.}"
exits 0 q worker stop "$a"
forget "${a##*.}"
is 2 "$(count workers)" 'files in workers/ after one of two was stopped'
test -f "spool/workers/$b" || fail 'the other one was stopped'
wait_for 10 test -f spool/completed/waits
kill -TERM "${b##*.}"
wait_for 10 no_workers
forget "${b##*.}"

exits 1 q worker start --daemon --log nowhere/log
is '' "$(cat out)" 'output of a start that fails'
grep -q nowhere/log err || fail "it does not say why: $(cat err)"
