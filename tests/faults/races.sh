#!/bin/sh
# slow
# Two operations meet on one ID, see races.c: all ordered pairs, a part of
# them at a time.  $RACES is the program, if it is not the one of this source;
# FIRST and SECOND, if set, are the only operations; TWICE=-2 stops both.

. "$TESTS/faultlib.sh"

races=${RACES:-$HELPERS/faults/races}

if [ -n "${FIRST:-}" ]; then
	# shellcheck disable=SC2086 # an option
	"$races" ${TWICE:-} spool "$FIRST" "${SECOND:--}" || fail 'see above'
	exit 0
fi

# part NUMBER FIRST...: these operations, with all others.
part() {
	part=$1
	shift
	for first; do
		"$races" "spool$part" "$first" || return
	done
}

pids=
part 1 claim finish archive ln enqueue-run >said1 &
pids="$pids $!"
part 2 cancel >said2 &
pids="$pids $!"
part 3 fail put-back recover mv enqueue >said3 &
pids="$pids $!"
part 4 retry purge again rm-pending rm-processing >said4 &
pids="$pids $!"
part 5 doctor >said5 &
pids="$pids $!"
bad=
for pid in $pids; do
	wait "$pid" || bad=yes
done
cat said?
[ -z "$bad" ] || fail 'see above'
is 17 "$(grep -c 'meetings, 0 faults' said? | awk -F: '{ n += $2 }
    END { print n }')" operations
awk '/ meetings, / { n += $1 } END { print n " meetings" }' said?
