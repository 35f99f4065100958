#!/bin/sh
# slow
# Jobs that kill -9 their workers and supervisors at random moments, new
# supervisors, and hands that move what has ended back to pending/: what
# `cat` shows of each job stays its true history, and none runs twice at the
# same time.  helper/history.c is the judge; helper/runonce.c tells what it
# did.

. "$TESTS/lib.sh"

jobs=60
seconds=7
[ -z "${TEST_SANITIZED:-}" ] || seconds=10
traces=$PWD/traces
RUNONCE_SESSION=$("$HELPERS/runonce" -s)
export RUNONCE_SESSION

now() {
	date +%s
}

# by_hand: some of what has ended is to run again.  mv would replace, but
# these names have no second job.
by_hand() {
	for file in spool/dead/* spool/completed/*"$1"; do
		[ -f "$file" ] || continue
		mv "$file" "spool/pending/${file##*/}" 2>/dev/null || continue
		moves=$((moves + 1))
	done
}

mkdir "$traces"
: >"$traces/kills"
q config set durability none
q config set backoff_base 1
q config set max_backoff_seconds 0
quick_poll

i=0
while [ "$i" -lt "$jobs" ]; do
	i=$((i + 1))
	drop "job$i" max_retries=2 "arg=$HELPERS/runonce" arg=-r \
	    "arg=$traces" "arg=job$i"
done
moves=0 round=0
end=$(($(now) + seconds))
while [ "$(now)" -lt "$end" ] ||
	{ [ "$moves" -lt 20 ] && [ "$(now)" -lt $((end + 20)) ]; }; do
	keep_one 1 --count 3
	keep_one 2 --count 3
	round=$(((round + 1) % 10))
	by_hand "$round"
	sleep 0.03
done

# Quiet now: all that is left comes to its end.  The last killer may still be
# about.
settled() {
	keep_one 1 --count 3
	nothing_live
}
: >"$traces/calm"
wait_for 20 settled
true_history "$traces"
is "$jobs" "$(($(count completed) + $(count dead)))" 'jobs that have ended'
echo "$(wc -l <"$traces/ran") runs, $(grep -c worker "$traces/kills")" \
    "workers and $(grep -c supervisor "$traces/kills") supervisors killed," \
    "$(grep -c ' lost ' runs) runs lost, $moves moves by hand"

# It must have been havoc.
[ "$(grep -c worker "$traces/kills")" -ge 5 ] || fail 'few workers killed'
[ "$(grep -c supervisor "$traces/kills")" -ge 3 ] ||
	fail 'few supervisors killed'
[ "$(grep -c ' lost ' runs)" -ge 3 ] || fail 'few runs were lost'
[ "$moves" -ge 20 ] || fail 'few moves by hand'
