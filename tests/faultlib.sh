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
