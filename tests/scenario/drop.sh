#!/bin/sh
# A job that is moved into pending/ runs within 100 ms, or poll_interval_ms
# where there is no inotify.

. "$TESTS/lib.sh"

interval=100
[ "$TEST_OS" = linux ] || interval=300
printf 'poll_interval_ms=%s\n' "$interval" >spool/config
[ "$TEST_OS" = posix ] || q config unset poll_interval_ms

workers --count 1
(cd spool && printf 'command=echo hi\n' >tmp/x && mv tmp/x pending/x)
wait_for 10 test -f spool/completed/x
is hi "$(cat spool/output/x.1.out)" 'output of x'

# From the rename until the job itself tells the time; the median, since this
# machine may be busy.  The pauses put the drops anywhere between two polls.
tries='1 2 3 4 5 6 7 8 9'
for i in $tries; do
	printf 'arg=%s\n' "$HELPERS/micros" >"spool/tmp/t$i"
	"$HELPERS/micros" mv "spool/tmp/t$i" "spool/pending/t$i" >"moved.$i"
	sleep 0.07
done
for i in $tries; do
	wait_for 10 test -f "spool/completed/t$i"
	echo "$(($(cat "spool/output/t$i.1.out") - $(cat "moved.$i")))"
done >late
median=$(median <late)
[ "$median" -le $((interval * 1000)) ] ||
	fail "runs $median us after it was moved in, of" "$(cat late)"
