#!/bin/sh
# The file paused: nothing new starts while it is there.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\n' >spool/config

drop runs "cwd=$PWD" 'command=until test -e open; do sleep 0.02; done'
workers --count 2
wait_for 10 test -f spool/processing/runs
touch spool/paused
drop waits 'command=true'
wait_for 10 grep -q 'event=holding reason=paused' log
q status | grep -q -i paused || fail 'status does not say that it is paused'

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

rm spool/paused
wait_for 10 test -f spool/completed/waits
is 'processing completed' "$(states spool/completed/waits)" 'its history'
stop_workers
is 0 "$STATUS" 'exit status'
