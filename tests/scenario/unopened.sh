#!/bin/sh
# A run whose second output cannot be opened does not begin, and leaves
# nothing of its first one.

. "$TESTS/lib.sh"

quick_poll
mkdir spool/output/a.1.err
drop a 'command=echo ran'
workers
wait_for 10 logged 'job=a event=not-started error="Is a directory"'
wait_for 20 test -f spool/completed/a
is 'processing pending processing completed' "$(states spool/completed/a)" \
    'history of a'
is returned "$(field spool/completed/a pending reason)" 'why it waited again'
[ ! -e spool/output/a.1.out ] || fail 'an output of no run was left'
is ran "$(cat spool/output/a.2.out)" 'output of a'
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
