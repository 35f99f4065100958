#!/bin/sh
# Four runs with max_retries=3: the recorded retry_at is exactly base ^ n
# after the failure, no run begins before it, then the job is dead.

. "$TESTS/lib.sh"

printf 'poll_interval_ms=100\nbackoff_base=7\n' >spool/config

us() {
	"$HELPERS/micros" at "$@"
}

# delay FILE ATTEMPT: microseconds from its end to the recorded retry_at.
delay() {
	line=$(grep "^failed=.* attempt=$2 " "$1") || fail "$1: no end of run $2"
	end=${line#failed=}
	retry_at=${line#* retry_at=}
	echo "$(($(us "${retry_at%% *}") - $(us "${end%% *}")))"
}

# The job's own base counts, then that of the command line, then the config.
drop mine "cwd=$PWD" 'command=echo run >>mine; exit 7' \
    'max_retries=3' 'backoff_base=1.1'
drop line 'command=exit 8' 'max_retries=1'
drop shot 'command=kill -9 $$' 'max_retries=0'
# A job with a past, as if it had failed two and nine times.
old='=2026-01-01T00:00:00.000000Z attempt='
printf 'command=exit 9\nmax_retries=20\nbackoff_base=2\n' >past
for i in 1 2; do
	printf 'processing%s%d worker=x.1.1\n' "$old" $i
	printf 'failed%s%d exit_code=1 retry_at%s error=x\n' "$old" $i \
	    "${old%% *}"
done >>past
cp past spool/tmp/third
cp past spool/tmp/tenth
for i in 3 4 5 6 7 8 9; do
	printf 'processing%s%d worker=x.1.1\n' "$old" $i
	printf 'failed%s%d exit_code=1 retry_at%s error=x\n' "$old" $i \
	    "${old%% *}"
done >>spool/tmp/tenth
mv spool/tmp/third spool/tmp/tenth spool/failed/

workers --count 2 --backoff-base 1.5
wait_for 15 test -f spool/dead/mine

is 'processing failed processing failed processing failed processing dead' \
    "$(states spool/dead/mine)" 'history of mine'
is 4 "$(wc -l <mine | tr -d ' ')" 'runs of mine'
grep -q '^dead=.* attempt=4 exit_code=7 error="exit code 7"$' \
    spool/dead/mine || fail 'the last line of mine is another'
is 1100000 "$(delay spool/dead/mine 1)" 'first delay'
is 1210000 "$(delay spool/dead/mine 2)" 'second delay'
is 1331000 "$(delay spool/dead/mine 3)" 'third delay'

# Run n + 1 begins at the retry_at of run n, or later.
sed -n 's/^failed=.* retry_at=\([^ ]*\).*/\1/p' spool/dead/mine >retries
i=1
while read -r at; do
	i=$((i + 1))
	start=$(sed -n "s/^processing=\([^ ]*\) attempt=$i .*/\1/p" \
	    spool/dead/mine)
	gap=$(($(us "$start") - $(us "$at")))
	[ "$gap" -ge 0 ] || fail "run $i begins $gap us after its retry_at"
	[ "$gap" -le "$(timed 10000000)" ] || fail "run $i begins $gap us late"
done <retries

wait_for 10 test -f spool/dead/line
is 1500000 "$(delay spool/dead/line 1)" 'delay with worker start --backoff-base'
is 'processing dead' "$(states spool/dead/shot)" 'history of shot'
grep -q '^dead=.* attempt=1 signal=9 error="killed by signal 9"$' \
    spool/dead/shot || fail 'the last line of shot is another'
is 8000000 "$(delay spool/failed/third 3)" 'third delay with base 2'
is 300000000 "$(delay spool/failed/tenth 10)" 'delay at max_backoff_seconds'
q dlq list >out
grep -q '^mine .*exit code 7' out || fail "dlq list: $(cat out)"
