# shellcheck shell=sh
# powerlib.sh - what the tests of power cuts share; one of them sets
#	NEEDS		the tools that must be there
# defines
#	make_fs FILE N	see mountlib.sh
# and ends with
#	. "$TESTS/powerlib.sh"
#
# A spool on a file system of its own is filled and drained at the same time,
# until the power is cut (see helper/cutpower.c): every process dies, nothing
# more is written to the device.  The file system is mounted again, which
# recovers its journal, and a new supervisor finishes what is there.  Then
# nothing may be missing that was told before the cut:
#	an ID that enqueue had printed, or whose drop was synced, is there;
#	an end that stands in the log is in the job's history, the job in its
#	directory, and it never runs again;
#	each run that has left a trace is in the history, once, since
#	`processing` is synced before the job starts.
# What was told is kept outside of that file system.
#
# CUTS	how many (200)

# This many cuts for one file system, which then is made anew.
life=25

. "$TESTS/mountlib.sh"

# ---- What runs until the power is cut

# job RUN ID: a line of a batch; every third one fails at first, and every
# fifth for good.
job() {
	fails=
	[ $(($1 % 3)) -ne 0 ] || fails='"-f","1",'
	retries=2
	[ $(($1 % 5)) -ne 0 ] || retries=0
	echo "{\"id\":\"$2\",\"argv\":[\"$HELPERS/runonce\",$fails\"$PWD/traces\",\"$2\"],\"max_retries\":$retries}"
}

batches() {
	n=0
	while [ "$n" -lt 3 ]; do
		"$QUEUECTL" enqueue --batch "batch.$n" >>acks
		n=$((n + 1))
	done
}

# By options, without an ID: what makes the job known is its token.
singles() {
	n=0
	while [ "$n" -lt 20 ]; do
		n=$((n + 1))
		"$QUEUECTL" enqueue -- "$HELPERS/runonce" "$PWD/traces" \
		    "s$CUT.$n" >>acks
	done
}

# As spool(5) has it for scripts that want to be sure.
drops() {
	n=0
	while [ "$n" -lt 20 ]; do
		n=$((n + 1))
		name=d$CUT.$n
		printf 'arg=%s\n' "$HELPERS/runonce" "$PWD/traces" "$name" \
		    >"spool/tmp/$name" &&
			sync "spool/tmp/$name" &&
			ln "spool/tmp/$name" "spool/pending/$name" &&
			sync spool/pending &&
			rm "spool/tmp/$name" &&
			echo "$name" >>acks
	done
}

# The first process of a PID namespace: when it ends, so do all others.
world() {
	"$QUEUECTL" worker start --count 3 >>log 2>&1 &
	batches 2>>refused &
	singles 2>>refused &
	drops 2>>refused &
	ms=60
	case $((CUT % 4)) in
	0) watched=acks ;;
	1) watched=log ;;
	*) watched=- ms=90 ;;
	esac
	"$HELPERS/cutpower" spool "$ms" "$watched" acks log >known
}

if [ -n "${CUT:-}" ]; then
	world
	exit
fi

# ---- The test

. "$TESTS/faultlib.sh"

cuts=${CUTS:-200}

# new_life: an empty spool on a file system of its own.
new_life() {
	lives=$((lives + 1))
	new_spool "$lives"
	# Failed jobs are tried again at once.
	q config set backoff_base 1
	q config set max_backoff_seconds 0
	remount
	rm -rf traces acked ends
	mkdir traces
	: >traces/ran
	: >acked
	: >ends
}

# cut N: what is in the spool runs until the power fails.
cut() {
	for n in 0 1 2; do
		for m in 1 2 3 4 5 6 7; do
			job "$m" "b$1.$n.$m"
		done >"batch.$n"
	done
	: >acks
	: >log
	# shellcheck disable=SC2086 # the shell may be "busybox sh"
	CUT=$1 unshare -p -f ${TEST_SH:-sh} "$0" 2>err ||
		fail "cut $1: $(cat err)"
	remount
	{
		read -r size
		head -c "$size" acks >>acked
		read -r size
		head -c "$size" log | note_ends
	} <known
}

# note_ends: of a log, the ends that it tells: ID EVENT ATTEMPT.
note_ends() {
	sed -n 's/.* job=\([^ ]*\) event=\(completed\|failed\|dead\) attempt=\([0-9]*\) .*/\1 \2 \3/p' >>ends
}

# look: leaves in ./told, of all jobs, DIR ID submitted 0, and for each state
# line DIR ID STATE ATTEMPT.
look() {
	find spool/pending spool/processing spool/completed spool/failed \
	    spool/dead -type f >files
	awk '{
		n = split($0, part, "/")
		job = part[n - 1] " " part[n]
		args = 0
		while ((getline line <$0) > 0) {
			state = attempt = line
			sub(/=.*/, "", state)
			if (state == "arg" && ++args == 3)
				print job, "submitted", 0
			if (!sub(/.* attempt=/, "", attempt))
				attempt = 0
			sub(/ .*/, "", attempt)
			if (state ~ /^(pending|processing|completed|failed|dead)$/)
				print job, state, attempt
			if (line ~ / reason=moved$/)
				print job, "moved", 0
		}
		close($0)
	}' files >told
}

# nothing_missing WHEN: all that was acknowledged or logged is told; who has
# ended is where that says.
nothing_missing() {
	look
	awk '
	function missing(what) {
		print what
		if (++faults == 5)
			exit
	}
	FILENAME == "told" {
		dir[$2] = $1
		told[$2 " " $3 " " $4]
		if ($3 == "moved")
			missing($2 ": nobody has moved it by hand")
		next
	}
	FILENAME == "acked" && !(($1 " submitted 0") in told) {
		missing("enqueue of " $1 " was acknowledged")
	}
	FILENAME == "ends" && !($0 in told) { missing("it was logged: " $0) }
	FILENAME == "ends" && $2 != "failed" && dir[$1] != $2 {
		missing("it was logged, but is in " dir[$1] "/: " $0)
	}
	END { exit faults > 0 }' told acked ends >missing ||
		fail "cut $done, $1: $(cat missing)"
}

# finish: what is there is run to its end.
finish() {
	: >log
	drain --count 4
	note_ends <log
	nothing_live || fail "cut $done: a drain leaves" \
	    "$(find spool/pending spool/processing spool/failed -type f)"
	nothing_missing 'after a drain'
	true_history traces
	! grep -h '^dead=' spool/dead/* 2>/dev/null |
		grep -v 'error="exit code 7"$' >missing ||
		fail "cut $done: $(cat missing)"
}

# healthy: a doctor has little to do.
healthy() {
	q doctor --repair >found 2>&1 || fail "doctor --repair: $(cat found)"
	drain
	sound
	finish
}

lives=0
done=0
jobs=0
ends=0
while [ "$done" -lt "$cuts" ]; do
	[ $((done % life)) -ne 0 ] || new_life
	done=$((done + 1))
	cut "$done"
	nothing_missing 'after the mount'
	finish
	if [ $((done % life)) -eq 0 ] || [ "$done" -eq "$cuts" ]; then
		healthy
		jobs=$((jobs + $(wc -l <acked)))
		ends=$((ends + $(wc -l <ends)))
		lost=$((${lost:-0} + $(grep -c ' lost ' runs)))
	fi
done
echo "$done cuts: $jobs jobs, $ends ends, $lost runs cut short"

# There must have been something to lose.
[ "$jobs" -ge "$done" ] || fail 'few jobs were enqueued'
[ "$lost" -ge $((done / 10)) ] || fail 'few runs were cut short'
