#!/bin/sh
# A JOB by the beginning of its ID, where it is only read.

. "$TESTS/lib.sh"
q config set durability none

for id in b9 b3 b1 b8 b2 b7 b5 b6 b4 b0; do
	drop "long-$id" 'command=true'
done
drop long 'command=true'
drop other.1 'command=echo one'
drop 'other.2' 'command=echo two'
drop alone 'command=echo alone'
drain
# It is one job, with an older record.
drop alone 'command=echo again'
drain
set -- spool/completed/alone~*
old=${1##*/}
[ -f "$1" ] || fail 'no older record'

for command in show status output; do
	exits 0 q $command al
	exits 0 q $command alone
	exits 0 q $command long # the whole ID is not ambiguous
	exits 0 q $command "${old%????}"
	exits 1 q $command oth
	is 'queuectl: oth: is the beginning of several IDs: other.1 other.2' \
	    "$(cat err)" "$command oth"
	exits 1 q $command long-
	is "queuectl: long-: is the beginning of several IDs: $(printf 'long-b%s ' 0 1 2 3 4 5 6 7)..." \
	    "$(cat err)" "$command long-"
	exits 3 q $command none
	exits 3 q $command other.11
	exits 3 q $command 'alone~3'
	is '' "$(cat out)" 'output of an error'
done
is 'id: alone' "$(q show al | head -n 1)" 'what is found'
is "id: $old" "$(q show "${old%????}" | head -n 1)" 'the older record found'
is again "$(q output --stdout al)" 'the output found'
exits 0 q dlq list
exits 1 q dlq show al

# In whichever state they are.
mv spool/completed/other.2 spool/dead/other.2
drop other.0 run_at=2999-01-01T00:00:00Z 'command=true'
exits 1 q show o
is 'queuectl: o: is the beginning of several IDs: other.0 other.1 other.2' \
    "$(cat err)" 'show o'

# Commands that change take whole IDs only.
exits 3 q retry al
