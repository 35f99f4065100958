#!/bin/sh
# IDs from one command to another: a thousand at a time.

. "$TESTS/lib.sh"

q config set durability none
awk 'BEGIN { for (i = 1; i <= 1000; i++) {
	file = sprintf("spool/tmp/d%04d", i)
	printf "command=true\nmax_retries=0\n" >file
	printf "dead=2026-01-01T00:00:00Z attempt=1 exit_code=1\n" >file
	close(file)
} }'
mv spool/tmp/d* spool/dead/
q list -q --state dead | exits 0 q retry -
is '' "$(cat out err)" 'what retry says'
is 0 "$(count dead)" 'dead'
is 1000 "$(grep -l '^pending=.* reason=retried$' spool/pending/* | wc -l |
	tr -d ' ')" 'pending again'

# What cannot be is told, what can be is done, and the worst is the status.
q list -q | exits 0 q cancel -
is 1000 "$(count dead)" 'cancelled'
{
	echo d0001
	echo
	echo none
	echo d0002
} | exits 3 q retry -
is 'queuectl: none: no such job'"'"': queuectl list'"'"' shows all there are' \
    "$(sed "s/: 'queuectl list'/': queuectl list'/" err)" 'what it says'
is 2 "$(count pending)" 'pending'

# A line that is no ID: nothing is done.
printf 'd0003\n../x\n' | exits 2 q retry -
printf 'd0003\nd0004\000\n' | exits 2 q retry -
is 2 "$(count pending)" 'pending'

# An older record among them is refused, the others go.
cp spool/dead/d0005 'spool/dead/d0005~20260101T000000.000'
cp spool/dead/d0005 'spool/dead/d0006~20260101T000000.000'
q list -q --state dead | grep '^d000[56]' | exits 1 q retry -
is 2 "$(grep -c 'is an older record, which stays as it is' err)" 'refused'
is 4 "$(count pending)" 'pending'
rm spool/dead/*~*
# There is one standard input.
echo d0007 | exits 0 q retry - -
is 5 "$(count pending)" 'pending'

# Nothing to do is done.
exits 0 q retry - </dev/null

# All of them at once.
exits 2 q retry
exits 2 q retry --all d0003
exits 0 q dlq retry --all
is 1000 "$(count pending)" 'pending'
q list -q | exits 0 q cancel -
exits 0 q retry --all
is 1000 "$(count pending)" 'pending'
exits 1 q dlq retry d0001
grep -q 'd0001: is pending, not in the dead letter queue' err ||
	fail "$(cat err)"
