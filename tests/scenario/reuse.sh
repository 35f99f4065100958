#!/bin/sh
# slow
# 4 names, reused as soon as they are free by `ln tmp/x pending/x && rm tmp/x`,
# for 8 workers of 2 supervisors: nothing is lost, nothing runs twice, and
# every older record is kept as ID~TIME with its output.
#
# reuse-mutants.sh runs it on programs with a rule taken out, with
#	DROPS		how many jobs
#	BATCH		so many, then look if all is well
#	PATIENCE	seconds for a name to become free

. "$TESTS/lib.sh"

if [ "$TEST_OS" != linux ]; then
	drops=2000 # one in poll_interval_ms for each name is all there is
	q config set poll_interval_ms 10
elif [ -n "${TEST_SANITIZED:-}" ]; then
	drops=1000
elif [ -n "${TEST_LONG:-}" ]; then
	drops=20000
else
	drops=5000
fi
drops=${DROPS:-$drops}
batch=${BATCH:-$drops}
patience=${PATIENCE:-30}
names='a b c d'
traces=$PWD/traces

# drop_many FIRST LAST: so many of each name.
drop_many() {
	droppers=
	for name in $names; do
		"$HELPERS/dropper" spool "$1" "$2" "$patience" "$name" \
		    max_retries=0 "arg=$HELPERS/runonce" "arg=$traces" \
		    'arg=%' &
		droppers="$droppers $!"
	done
	stuck=
	for pid in $droppers; do
		wait "$pid" || stuck=yes
	done
	[ -z "$stuck" ] || fail 'a name is never free again'
	wait_for "$patience" nothing_live
}

# check COUNT: so many have run, and all is recorded.
check() {
	true_history "$traces" -o
	is "$1" "$(wc -l <"$traces/ran" | tr -d ' ')" runs
	is "$1" "$(count completed)" records
	is "$1" "$(count output)" outputs
	is 0 "$(count dead)" 'dead jobs'
}

mkdir "$traces"
q config set durability none
workers --count 4
workers --count 4
dropped=0
while [ "$dropped" -lt "$drops" ]; do
	drop_many $((dropped / 4 + 1)) $(((dropped + batch) / 4))
	dropped=$((dropped + batch))
	check "$dropped"
done
for name in $names; do
	[ -f "spool/completed/$name" ] || fail "$name is not the latest"
done
stop_workers
is 0 "$STATUS" 'exit status of a supervisor'
