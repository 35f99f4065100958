#!/bin/sh
# run_at: never before, and at most 100 ms after.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\n' >spool/config
workers --count 2

# A round of jobs: none may be early, and half of them must be in time.
tries='1 2 3 4 5'
in_time() {
	for i in $tries; do
		at=$("$HELPERS/micros" in $((400 + i * 100)))
		"$HELPERS/micros" at "$at" >"at.$1.$i"
		drop "t$1.$i" "arg=$HELPERS/micros" "run_at=$at"
	done
	for i in $tries; do
		wait_for 20 test -f "spool/completed/t$1.$i"
		ran=$(cat "spool/output/t$1.$i.1.out")
		echo "$((ran - $(cat "at.$1.$i")))"
	done >late
	earliest=$(sort -n late | head -n 1)
	[ "$earliest" -ge 0 ] || fail "a job ran $earliest us after its run_at"
	[ "$(median <late)" -le "$(timed 100000)" ]
}
one_round in_time || fail "jobs run too late after their run_at: $(cat late)"

# As the command line says it.
before=$("$HELPERS/micros")
q enqueue --id delayed --delay 1s -- "$HELPERS/micros" >out
wait_for 20 test -f spool/completed/delayed
[ "$(($(cat spool/output/delayed.1.out) - before))" -ge 1000000 ] ||
	fail '--delay 1s: it ran earlier'
