# shellcheck shell=sh
# faultlib.sh - what the tests of tests/faults share; each begins with
#	NEEDS='strace ...'
#	. "$TESTS/faultlib.sh"
# and then has all of lib.sh.  Where a tool is missing the test is skipped.

for tool in ${NEEDS:-}; do
	command -v "$tool" >/dev/null || {
		echo "$tool is missing"
		exit 77
	}
done

. "$TESTS/lib.sh"

TRACES=$PWD/traces
mkdir "$TRACES"
: >"$TRACES/ran"

# put ID RUN [OPTION...]: enqueues a job that notes its runs; RUN is for the
# helper runonce, which it is, or empty.
put() {
	id=$1 run=$2
	shift 2
	# shellcheck disable=SC2086 # options
	q enqueue --id "$id" "$@" -- "$HELPERS/runonce" $run "$TRACES" \
	    "$id" >put
}

# finish_all: a new supervisor lets all that is live come to its end.
finish_all() {
	got=0
	timeout 60 "$QUEUECTL" worker start --drain >>log 2>&1 || got=$?
	[ "$got" -le 1 ] || fail "draining afterwards ends with $got"
	nothing_live || fail "drained, and yet live: $(ls spool/pending \
	    spool/processing spool/failed)"
}

# copies TOKEN: in how many records there is the job of that token.
copies() {
	find spool/pending spool/processing spool/completed spool/failed \
	    spool/dead -type f -exec grep -lx -e "arg=$1" {} + | wc -l
}

# once TOKEN...: each is in one record, whatever else happened.
once() {
	for token; do
		is 1 "$(copies "$token" | tr -d ' ')" "records of $token"
	done
}

# sound: doctor finds nothing wrong in the spool, and nothing to note.
sound() {
	q doctor >found 2>&1 || fail "doctor: $(cat found)"
	[ ! -s found ] || fail "doctor: $(cat found)"
}

# put_right: a doctor's repair, after which it finds nothing.
put_right() {
	q doctor --repair >found 2>&1 || fail "doctor --repair: $(cat found)"
	sound
}

# faultless: doctor finds no fault, though it may note something; a second
# repair, after one that found what there was, finds nothing to do.
faultless() {
	q doctor >found 2>&1 || fail "doctor: $(cat found)"
	q doctor --repair >found 2>&1 || fail "doctor --repair: $(cat found)"
	q doctor --repair >found 2>&1 || fail "doctor, after it: $(cat found)"
	! grep '^repaired' found || fail 'doctor repairs twice'
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
