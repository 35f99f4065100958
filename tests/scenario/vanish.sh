#!/bin/sh
# A spool that goes away under a supervisor: what runs may end, then exit 1.

. "$TESTS/lib.sh"

quick_poll
q enqueue --id long ': >began; until [ -e go ]; do sleep 0.02; done' >id
workers --count 1
wait_for 10 test -e began
mv spool/pending spool/elsewhere
wait_for 5 grep -q 'event=spool-gone' log
kill -0 "$SUPERVISOR" || fail 'it did not wait for what runs'
: >go
wait "$SUPERVISOR" && fail 'exit status 0'
forget "$SUPERVISOR"
test -f spool/completed/long || fail 'what ran was not recorded'

# A name that is used again is read again, whatever its inode number.
mv spool/elsewhere spool/pending
workers --count 1
drop again run_at=2099-01-01T00:00:00Z command=false
noticed
rm spool/pending/again
drop again command=true
wait_for 10 test -f spool/completed/again
stop_workers
