#!/bin/sh
# worker status: who works, and what each runs.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\n' >spool/config

exits 0 q worker status
is '' "$(cat out)" 'output with no worker'
grep -q 'no worker is running' err || fail 'no note'

# row PATTERN: exactly one line of ./out matches.
row() {
	is 1 "$(grep -c "$1" out)" "lines with '$1' in $(cat out)"
}

not_shown() {
	q worker status >out && ! grep -q "\.$SUPERVISOR" out
}

workers --count 2
first=$SUPERVISOR
drop held "cwd=$PWD" 'command=echo begun >&2; until test -e open; do sleep 0.02; done'
wait_for 10 test -s spool/output/held.1.err
workers --count 1

# A worker enters itself once it has begun.
all_there() {
	[ "$(q worker status | wc -l)" -eq 6 ]
}
wait_for 5 all_there
exits 0 q worker status
is 6 "$(wc -l <out | tr -d ' ')" "lines of $(cat out)"
row '^WORKER '
row "^[^ ]*\.$first .*supervisor of 2"
row "^[^ ]*\.$first\.[12] .* held .*until"
row "^[^ ]*\.$first\.[12] .* - "
row "^[^ ]*\.$SUPERVISOR .*supervisor of 1"
row "^[^ ]*\.$SUPERVISOR\.1 .* - "
q status >out
row '^workers: 1 busy, 2 idle'
row '^processing: 1'

: >open
wait_for 10 test -f spool/completed/held
exits 0 q worker status
! grep -q held out || fail 'it shows a job that has ended'

# One that was killed is not shown, whatever it left.
kill -9 "$SUPERVISOR"
wait "$SUPERVISOR" 2>/dev/null || :
forget "$SUPERVISOR"
wait_for 10 not_shown
is 4 "$(wc -l <out | tr -d ' ')" "lines of $(cat out)"
