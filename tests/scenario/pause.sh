#!/bin/sh
# The file paused: nothing new starts while it is there.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\n' >spool/config

drop runs "cwd=$PWD" 'command=until test -e open; do sleep 0.02; done'
workers --count 2
wait_for 10 test -f spool/processing/runs
exits 0 q pause upgrade of the database
grep -q '^[^ ]* since [0-9TZ:-]*: upgrade of the database$' spool/paused ||
	fail "$(cat spool/paused)"
drop waits 'command=true'
wait_for 10 grep -q 'event=holding reason=paused' log
q status | grep -q '^paused: .* since .*: upgrade' || fail 'status does not say that it is paused'

# What runs goes on, and its worker takes nothing either.
: >open
wait_for 10 test -f spool/completed/runs
noticed
test -f spool/pending/waits || fail 'a job was started'
is 1 "$(grep -c event=holding log)" 'lines of the log that say so'

# A supervisor that starts now starts nothing, and can be stopped.
stop_workers
workers --count 1
noticed
wait_for 10 grep -q 'event=holding reason=paused' log
test -f spool/pending/waits || fail 'a job was started'

exits 0 q resume
is '' "$(cat out err)" 'what resume says'
exits 0 q resume
is 'queuectl: the queue was not paused' "$(cat err)" 'what resume says'
wait_for 10 test -f spool/completed/waits
is 'processing completed' "$(states spool/completed/waits)" 'its history'
stop_workers
is 0 "$STATUS" 'exit status'
