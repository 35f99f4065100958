#!/bin/sh
# A job that cannot be started, or not be recorded, keeps no other from it.

. "$TESTS/lib.sh"

quick_poll
# Its outputs cannot be opened: it goes back, again and again.
mkdir spool/output/bad.1.out spool/output/bad.2.out
q enqueue --id bad --priority 10 true >id
for i in 1 2 3 4; do
	q enqueue --id "good$i" true >id
done
workers --count 1
for i in 1 2 3 4; do
	wait_for 10 test -f "spool/completed/good$i"
done
is pending "$(states spool/pending/bad | sed 's/.* //')" 'state of bad'
is returned "$(field spool/pending/bad pending reason)" 'why it is back'
rmdir spool/output/bad.*
wait_for 20 test -f spool/completed/bad

# A hand took its name in failed/: it waits in pending/ until that is done.
q enqueue --id taken --max-retries 1 --backoff-base 1 \
	': >began; until [ -e go ]; do sleep 0.02; done; [ -e twice ]' >id
wait_for 10 test -e began
echo command=true >spool/tmp/taken
ln spool/tmp/taken spool/failed/taken
: >go
wait_for 10 test -f spool/pending/taken
: >twice
q enqueue --id other true >id
wait_for 10 test -f spool/completed/other
wait_for 20 nothing_live
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
