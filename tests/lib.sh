# shellcheck shell=sh
# lib.sh - what the scenario tests share; each begins with
#	. "$TESTS/lib.sh"
# and then has an empty spool in ./spool, and $QUEUECTL_SPOOL says so.

set -eu

QUEUECTL_SPOOL=$PWD/spool
export QUEUECTL_SPOOL
PIDS=
TRASH=

q() {
	"$QUEUECTL" "$@"
}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# is WANTED GOT WHAT: they must be equal.
is() {
	[ "$1" = "$2" ] || fail "$3: expected '$1', got '$2'"
}

# exits STATUS COMMAND...: it must exit with that status; its output is in
# ./out and ./err.
exits() {
	wanted=$1
	shift
	got=0
	"$@" >out 2>err || got=$?
	[ "$got" -eq "$wanted" ] || {
		cat out err >&2
		fail "'$*' exits with $got, not $wanted"
	}
}

# wait_for SECONDS COMMAND...: until it succeeds, looking every 40 ms.
wait_for() {
	looks=$(($1 * 25))
	shift
	until "$@" >/dev/null 2>&1; do
		looks=$((looks - 1))
		[ "$looks" -gt 0 ] || fail "waited in vain for: $*"
		sleep 0.04
	done
}

# gone PID: no such process (a zombie is none).
gone() {
	! kill -0 "$1" 2>/dev/null
}

# drop NAME LINE...: a job dropped as a script would do it.
drop() {
	name=$1
	shift
	printf '%s\n' "$@" >"spool/tmp/$name"
	mv "spool/tmp/$name" "spool/pending/$name"
}

# left_in_tmp: what lies in tmp/ but the outputs that workers keep there.
left_in_tmp() {
	find spool/tmp -type f ! -name '*.[1-9]*.[1-9]*.out' \
	    ! -name '*.[1-9]*.[1-9]*.err'
}

# workers OPTION...: a supervisor in the background; its PID is $SUPERVISOR,
# its log ./log (added to).
workers() {
	"$QUEUECTL" worker start "$@" >>log 2>&1 &
	SUPERVISOR=$!
	PIDS="$PIDS $SUPERVISOR"
	wait_for 10 registered
}

registered() {
	[ -n "$(find "$QUEUECTL_SPOOL/workers" -name "*.$SUPERVISOR" \
		2>/dev/null)" ]
}

# stop_workers: TERM to the last one, and waits; its status in $STATUS.
stop_workers() {
	kill -TERM "$SUPERVISOR" 2>/dev/null || :
	STATUS=0
	wait "$SUPERVISOR" || STATUS=$?
	forget "$SUPERVISOR"
}

# forget PID: it has ended, and its number may be another's by now; no signal
# is sent to it any more.
forget() {
	others=
	for pid in $PIDS; do
		[ "$pid" = "$1" ] || others="$others $pid"
	done
	PIDS=$others
}

# keep_one SLOT OPTION...: another supervisor in place of one that has ended or
# was killed, or the first one.
keep_one() {
	eval "pid=\${sup$1:-}"
	# shellcheck disable=SC2154 # it is set by eval
	if [ -n "$pid" ] && ! gone "$pid"; then
		return
	fi
	[ -z "$pid" ] || wait "$pid" 2>/dev/null || :
	[ -z "$pid" ] || forget "$pid"
	slot=$1
	shift
	"$QUEUECTL" worker start "$@" >>log 2>&1 &
	eval "sup$slot=$!"
	PIDS="$PIDS $!"
}

# drain OPTION...: runs all that waits, and fails only if the program does.
drain() {
	STATUS=0
	"$QUEUECTL" worker start --drain "$@" >>log 2>&1 || STATUS=$?
	[ "$STATUS" -le 1 ] || fail "drain exits with $STATUS"
}

# noticed: returns when the running supervisor, whose log is ./log, has seen
# all that was done before.  It tells when it has read its config, and what
# came earlier it has seen by then; twice, since an earlier change may still
# be on its way.
noticed() {
	read_config
	read_config
}

read_config() {
	reads=$(grep -c event=config-read log) || :
	q config set lock_lease_seconds $((500 + reads))
	wait_for 10 read_more
}

read_more() {
	[ "$(grep -c event=config-read log)" -gt "$reads" ]
}

# median: of the numbers that it reads.
median() {
	sort -n | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }'
}

# one_round COMMAND: runs it with the number of the round until it succeeds,
# five times at most.  For what must be in time: a busy machine is late now
# and then, but a program that is too slow always is.
one_round() {
	for round in 1 2 3 4 5; do
		"$1" "$round" && return
	done
	return 1
}

# timed N: a limit in time, ten times as much for a build with sanitizers.
timed() {
	echo "$(($1${TEST_SANITIZED:+ * 10}))"
}

# logged PATTERN: the log has such a line.
logged() {
	grep -q -e "$1" log
}

# quick_poll: where a supervisor has to look for what is new, it looks often.
quick_poll() {
	[ "${TEST_OS:-}" != posix ] || q config set poll_interval_ms 50
}

# states NAME: the keys of the state lines of a job, in one line.
states() {
	awk -F= '/^(pending|processing|completed|failed|dead)=/ {
		line = line sep $1; sep = " " } END { print line }' "$1"
}

# field FILE STATE FIELD: of the last line of that state.
field() {
	sed -n "s/^$2=.* $3=\([^ ]*\).*/\1/p" "$1" | tail -n 1
}

# count DIR: the files in a directory of the spool.
count() {
	find "spool/$1" -type f | wc -l | tr -d ' '
}

# nothing_live: no job waits or runs.
nothing_live() {
	[ -z "$(find spool/pending spool/processing spool/failed -type f)" ]
}

# true_history DIR [-o]: the state lines of every job are in order, and tell
# of exactly the runs that the helper `runonce` has noted in DIR; -o: their
# outputs are there.  The runs as the history has them are then in ./runs.
true_history() {
	# shellcheck disable=SC2086 # may be empty
	"$HELPERS/history" ${2:-} spool >runs 2>faults ||
		fail "false history: $(head -n 5 faults)"
	[ ! -s "$1/overlaps" ] ||
		fail "ran twice at once: $(sort "$1/overlaps" | uniq -c)"
	awk '
	function fault(what) {
		if (++faults <= 5)
			print what ": " key
	}
	{ key = $1 " " $2 }
	NR == FNR {
		if (key in ran)
			fault("ran twice")
		ran[key] = $3
		next
	}
	key in told { fault("recorded twice") }
	{ told[key] }
	$3 == "ended" && !(key in ran) { fault("never ran") }
	$3 == "ended" && ran[key] != $4 {
		fault("ended with " ran[key] ", not " $4)
	}
	END {
		for (key in ran)
			if (!(key in told))
				fault("lost")
		exit faults > 0
	}' "$1/ran" runs >faults || fail "$(cat faults)"
}

# For a test to define: what it must put right, however it ends.
at_exit() {
	:
}

# What a test leaves running is told to stop, then killed; $TRASH is
# removed.
clean_up() {
	status=$?
	trap - EXIT
	at_exit
	for pid in $PIDS; do
		kill -TERM "$pid" 2>/dev/null || continue
		sleep 0.3
		kill -TERM "$pid" 2>/dev/null || :
	done
	for pid in $PIDS; do
		looks=250
		until gone "$pid" || [ "$looks" -eq 0 ]; do
			looks=$((looks - 1))
			sleep 0.04
		done
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	[ -z "$TRASH" ] || rm -rf "$TRASH"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

q init
