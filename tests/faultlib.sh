# shellcheck shell=sh
# faultlib.sh - what the tests of tests/faults share; each begins with
#	. "$TESTS/faultlib.sh"
# and then has all of lib.sh.  Those who need a tool that is missing say so
# and are skipped.

for tool in ${NEEDS:-}; do
	command -v "$tool" >/dev/null || {
		echo "$tool is missing"
		exit 77
	}
done

. "$TESTS/lib.sh"

TRACES=$PWD/traces
mkdir -p "$TRACES"
: >"$TRACES/calm"

# sound: doctor finds nothing wrong in the spool, and nothing to note.
sound() {
	q doctor >found 2>&1 || :
	[ ! -s found ] || fail "doctor: $(cat found)"
}

# put_right: a doctor's repair, after which it finds nothing.
put_right() {
	q doctor --repair >found 2>&1 || fail "doctor --repair: $(cat found)"
	sound
}

# children PID: prints the states and PIDs of its children.
children() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{
		pid = $1
		sub(/.*\) /, "")
		if ($2 == parent)
			print $1, pid
	}'
}

# used PID: the clock ticks of the processor that it has used.
used() {
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

# idle PID: within a second it uses no more than a third of it.
idle() {
	before=$(used "$1")
	sleep 1 # what is measured is that this second is idle
	after=$(used "$1")
	[ $((after - before)) -le "$(timed 30)" ] ||
		fail "of 100 ticks it used $((after - before))"
}
