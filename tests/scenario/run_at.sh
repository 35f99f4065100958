#!/bin/sh
# run_at: never before, and at most 100 ms after.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\n' >spool/config
workers --count 2

tries='1 2 3 4 5 6 7'
for i in $tries; do
	at=$("$HELPERS/micros" in $((500 + i * 60)))
	"$HELPERS/micros" at "$at" >"at.$i"
	drop "t$i" "arg=$HELPERS/micros" "run_at=$at"
done
for i in $tries; do
	wait_for 10 test -f "spool/completed/t$i"
	echo "$(($(cat "spool/output/t$i.1.out") - $(cat "at.$i")))"
done >late
earliest=$(sort -n late | head -n 1)
[ "$earliest" -ge 0 ] || fail "a job ran $earliest us after its run_at"
median=$(median <late)
[ "$median" -le 100000 ] ||
	fail "runs $median us after its run_at, of" "$(cat late)"

# As the command line says it.
before=$("$HELPERS/micros")
q enqueue --id delayed --delay 1s -- "$HELPERS/micros" >out
wait_for 10 test -f spool/completed/delayed
[ "$(($(cat spool/output/delayed.1.out) - before))" -ge 1000000 ] ||
	fail '--delay 1s: it ran earlier'
