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

# From the rename until the job itself tells the time.  The pauses put the
# drops anywhere between two polls.
tries='1 2 3 4 5 6 7 8 9'
in_time() {
	for i in $tries; do
		id=t$1.$i
		printf 'arg=%s\n' "$HELPERS/micros" >"spool/tmp/$id"
		"$HELPERS/micros" mv "spool/tmp/$id" "spool/pending/$id" \
			>"moved.$id"
		sleep 0.07
	done
	for i in $tries; do
		id=t$1.$i
		wait_for 10 test -f "spool/completed/$id"
		echo "$(($(cat "spool/output/$id.1.out") - \
			$(cat "moved.$id")))"
	done >late
	[ "$(median <late)" -le "$(timed $((interval * 1000)))" ]
}
one_round in_time || fail "jobs run too late after they were moved in:" \
	"$(cat late)"
