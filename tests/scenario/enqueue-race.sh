#!/bin/sh
# slow
# Two that enqueue the same ID at once while 4 workers carry off what they
# can: one of them succeeds, each time, and its job runs once.

. "$TESTS/lib.sh"

times=500
[ -z "${TEST_SANITIZED:-}" ] || times=100
traces=$PWD/traces

mkdir "$traces"
q config set durability none
[ "$TEST_OS" = linux ] || q config set poll_interval_ms 10
workers --count 4
"$HELPERS/race" "$times" printed "$QUEUECTL" enqueue --id j% --max-retries 0 \
    -- "$HELPERS/runonce" "$traces" j% >statuses 2>said ||
	fail 'race does not get done'
awk '{ n++ }
    $2 + $3 != 1 || $2 * $3 != 0 { print; bad = 1 }
    END { exit bad || n != times }' times="$times" statuses >wrong ||
	fail "not one success and one refusal: $(head -n 5 wrong)"
wait_for 10 nothing_live
true_history "$traces" -o
is "$times" "$(wc -l <"$traces/ran" | tr -d ' ')" runs
is "$times" "$(count completed)" 'jobs that completed'

# The winner has printed the ID, and the loser one line that names it.
is "$times" "$(grep -c '^j[0-9]*$' printed)" 'IDs printed'
is "$times" "$(grep -c '^queuectl: j[0-9]*: .*already' said)" refusals
is "$times" "$(wc -l <said | tr -d ' ')" 'lines on standard error'
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
