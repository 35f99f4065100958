#!/bin/sh
# slow
# Two operations meet on one ID, and both are stopped, see races.c -2: those
# that take a job or make room for one.

. "$TESTS/faultlib.sh"

# part NUMBER FIRST SECOND...
part() {
	part=$1 first=$2
	shift 2
	for second; do
		"$HELPERS/faults/races" -2 "spool$part" "$first" "$second" ||
			return
	done
}

pids=
part 1 claim claim >said1 &
pids="$pids $!"
part 2 recover recover >said2 &
pids="$pids $!"
part 3 again claim >said3 &
pids="$pids $!"
bad=
for pid in $pids; do
	wait "$pid" || bad=yes
done
cat said?
[ -z "$bad" ] || fail 'see above'
awk '/ meetings, / { n += $1 } END { print n " meetings" }' said?
