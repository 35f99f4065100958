# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # of faultops.sh and lib.sh
# faultmatrix.sh - an operation of faultops.sh is done again and again, each
# time with another fault at another system call, as strace(1) injects them.
# After each the spool is judged: restart, drain, look.
#
# EVERY		if set, each error that a call can have is tried, once and
#		lasting: too many for each run.  Else some calls have but the
#		next of theirs, in turn.

NEEDS='strace timeout pgrep'
. "$TESTS/faultlib.sh"
. "$TESTS/faultops.sh"

# What changes the file system, or keeps others from it.
CHANGING='openat write pwrite64 ftruncate rename renameat renameat2 unlink
	unlinkat mkdir mkdirat link linkat fsync fdatasync syncfs utimensat flock
	fchmod'
# What tells the truth about it.
LOOKING='newfstatat pread64 read getdents64 close'

FAULT= # options of strace that inject it; none: only looks

# trace_options: what strace is to look at and do, one word each.
# shellcheck disable=SC2086 # lists
trace_options() {
	set -- $CHANGING $LOOKING poll clone clone3 vfork pipe2
	traced=
	for call; do
		traced=$traced${traced:+,}$call
	done
	echo "-qq -a1 -o trace -e trace=$traced $FAULT"
}

# under COMMAND...: it runs with the fault; its exit status in $status.
under() {
	status=0
	# shellcheck disable=SC2046 # options
	timeout 60 strace $(trace_options) "$@" >out 2>err || status=$?
}

# under_worker [DURING]: a worker process, and it alone, has the fault while
# it does what is pending; DURING is called when the job x runs.
under_worker() {
	: >spool/paused
	workers --count 1 --log log
	wait_for 10 pgrep -P "$SUPERVISOR"
	worker=$(pgrep -P "$SUPERVISOR")
	wait_for 10 test -f "$(find spool/workers -name "*.$SUPERVISOR").1"
	# shellcheck disable=SC2046 # options
	strace $(trace_options | sed 's/-qq//') -p "$worker" 2>attached &
	tracer=$!
	wait_for 10 grep -q attached attached
	rm spool/paused
	if [ -n "${1:-}" ]; then
		wait_for 10 begun_or_gone
		! grep -q '^x ' "$TRACES/ran" || "$1"
	fi
	if [ -n "$HOLD" ]; then
		hold
	else
		wait_for 60 over
	fi
	status=0
	! gone "$tracer" || status=137
	after_worker
}

# under_supervisor: a supervisor, and it alone, has the fault while a job comes
# and is run.
under_supervisor() {
	workers --count 1 --log log
	wait_for 10 test -f "$(find spool/workers -name "*.$SUPERVISOR").1"
	# shellcheck disable=SC2046 # options
	strace $(trace_options | sed 's/-qq//') -p "$SUPERVISOR" 2>attached &
	tracer=$!
	wait_for 10 grep -q attached attached
	put x ''
	hold
	status=0
	after_worker
}

HOLD= # seconds for which an error that lasts does so; none: it is one kill

# hold: what is traced gets on or not with its error; then that ends.
hold() {
	begun=$("$HELPERS/micros")
	looks=$((HOLD * 25))
	until left_to_itself || [ "$looks" -le 0 ]; do
		looks=$((looks - 1))
		sleep 0.04
	done
	took=$(($("$HELPERS/micros") - begun))
	kill -INT "$tracer" 2>/dev/null || :
	calls=$(wc -l <trace)
	[ "$calls" -le $((CALLS_MAX + took * CALLS_SECOND / 1000000)) ] ||
		fail "$calls system calls in $took microseconds"
	wait_for 60 left_to_itself
}

# begun_or_gone: the job x runs, or the worker was killed.
begun_or_gone() {
	gone "$tracer" || grep -q '^x ' "$TRACES/ran"
}

over() {
	gone "$tracer" || nothing_live
}

# left_to_itself: the supervisor has nothing more to do.
left_to_itself() {
	gone "$SUPERVISOR" || nothing_live
}

# The supervisor of the worker is killed now and then, else it puts right
# itself what there is to be put right.
after_worker() {
	: >"$TRACES/calm"
	pkill -TERM -f -- "-t $TRACES" || :
	[ -z "$HOLD" ] || where=0
	case ${where:-0} in
	*[1235679]) kill -KILL "$SUPERVISOR" 2>/dev/null || : ;;
	*)
		wait_for 60 left_to_itself
		kill -TERM "$SUPERVISOR" 2>/dev/null || :
		;;
	esac
	wait "$SUPERVISOR" 2>/dev/null || :
	forget "$SUPERVISOR"
	wait "$tracer" 2>/dev/null || :
}

# plan CALL...: of the last trace, each of these calls and the how many-th it
# was, in a line; openat(2) only where it may create something.
plan() {
	awk -v "wanted= $* " '
	{
		call = $1
		sub(/\(.*/, "", call)
		if (index(wanted, " " call " ") == 0)
			next
		n[call]++
		if (call != "openat" || /O_CREAT/)
			print call, n[call]
	}' trace
}

# fresh: the spool is as setup_NAME has laid it.
fresh() {
	rm -rf spool "$TRACES"
	[ ! -d laid/spool ] || cp -a laid/spool spool
	cp -a laid/traces "$TRACES"
	rm -f out err trace attached
}

# lay_out NAME: prepares the operation.
lay_out() {
	rm -rf spool "$TRACES" laid
	mkdir "$TRACES" laid
	: >"$TRACES/ran"
	q init
	setup "$1"
	cp -a "$TRACES" laid/traces
	[ ! -d spool ] || cp -a spool laid/spool
}

# judge NAME: what must be so after the operation, whatever happened to it.
# $status is its exit status.
judge() {
	finished=
	if [ "$status" -eq 0 ] || [ -n "$always" ] || [ -s out ]; then
		finished=yes
	elif [ -n "$again" ]; then
		FAULT=
		cp trace trace.1
		"do_$1"
		case $status in
		0 | 1 | 3) ;; # done, or done before
		*) fail "again: exit status $status: $(cat err)" ;;
		esac
		finished=yes
	fi
	if [ -n "$finished" ] && [ -n "$early" ]; then
		"done_$1"
		finished=
	fi
	rm -f spool/paused
	finish_all
	# shellcheck disable=SC2086 # lists
	once $kept
	for token in $new; do
		[ "$(copies "$token")" -le 1 ] || fail "$token is in twice"
		[ -z "$finished" ] || once "$token"
	done
	true_history "$TRACES"
	[ -z "$finished" ] || "done_$1"
	cases=$((cases + 1))
	mkdir -p kept
	mv spool "kept/$cases"
}

# judge_kept: the doctor sees all the spools, in which nothing is young now.
judge_kept() {
	for QUEUECTL_SPOOL in "$PWD"/kept/*; do
		[ ! -d "$QUEUECTL_SPOOL" ] || faultless
	done
	QUEUECTL_SPOOL=$PWD/spool
	rm -rf kept
}

# fail tells where.
fail() {
	echo "FAIL: ${doing:-}: $*" >&2
	exit 1
}

# ---- Kills

# kill_matrix NAME...: each is killed with SIGKILL just before each of its
# system calls that change the file system.
kill_matrix() {
	cases=0 sum=0
	for name; do
		unharmed "$name"
		killed=0
		# shellcheck disable=SC2086 # a list
		plan $CHANGING >planned
		[ -s planned ] || fail 'it does nothing'
		where=0
		while read -r call n; do
			doing="$name, killed before $call number $n"
			where=$((where + 1))
			fresh
			FAULT="-e inject=$call:signal=KILL:when=$n"
			"do_$name"
			[ "$status" -ne 137 ] || killed=$((killed + 1))
			judge "$name"
		done <planned
		enough "$killed" "$where"
		sum=$((sum + killed))
		echo "$name: $killed kills"
	done
	doing=
	judge_kept
	echo "$sum kills in $cases cases"
}

# enough DONE PLANNED: as many were killed, or had their error, as was planned.
# What a supervisor or a worker has to do differs a little from run to run.
enough() {
	least=$2
	[ -z "$always" ] || least=$(($2 * 3 / 4))
	if [ "$2" -eq 0 ] || [ "$1" -lt "$least" ]; then
		fail "$1 were hit of $2"
	fi
}

# unharmed NAME: lays it out and does it without a fault; its trace is there.
unharmed() {
	doing="$1 unharmed"
	lay_out "$1"
	fresh
	where=0 FAULT=
	"do_$1"
	digest >unharmed
	judge "$1"
}

# ---- Errors

CALLS_MAX=2000   # of one command, whatever fails
CALLS_SECOND=500 # of a worker that has an error, beyond those

# errors CALL: those that it can return and that are tried.
errors() {
	case $1 in
	creating)	echo ENOSPC EDQUOT EROFS EMFILE ENFILE EIO ENOMEM \
			    ESTALE EINTR ;;
	openat)		echo EMFILE EIO ESTALE EINTR ;;
	write | pwrite64) echo ENOSPC EIO EDQUOT EINTR ;;
	ftruncate)	echo EIO EROFS EINTR ;;
	rename* | link*) echo ENOSPC EIO EROFS EDQUOT ENOMEM ESTALE ;;
	unlink*)	echo EIO EROFS ENOMEM ESTALE ;;
	mkdir*)		echo ENOSPC EIO EROFS EDQUOT ENOMEM ;;
	fsync | fdatasync | syncfs) echo EIO ENOSPC EDQUOT EINTR ;;
	flock)		echo ENOLCK ENOMEM EINTR ;;
	utimensat | fchmod) echo EROFS EIO ;;
	newfstatat)	echo EIO ESTALE ENOMEM ;;
	read | pread64)	echo EIO ESTALE EINTR ;;
	getdents64)	echo EIO ESTALE ;;
	close)		echo EIO ENOSPC EINTR ;;
	clone | clone3 | vfork) echo EAGAIN ENOMEM ;;
	pipe2)		echo EMFILE ENFILE ;;
	*)		fail "which errors has $1?" ;;
	esac
}

# plan_errors CALL...: of the last trace, a line for each fault: call, which
# one of them, error.  The first two errors also last; the start of the
# program, which is the loader's, is left out.
plan_errors() {
	awk -v "wanted= $* " '
	{
		call = $1
		sub(/\(.*/, "", call)
		if (/"\/(etc\/ld.so|lib|usr\/lib)/)
			loading = 1
		else if (call == "openat")
			loading = 0
		n[call]++
		if (!loading && index(wanted, " " call " ") > 0)
			print call, n[call], /O_CREAT/ ? "creating" : call
	}' trace >calls
	while read -r call n kind; do
		list=$(errors "$kind") || exit
		# Another one is the first at each call: some take but a few.
		# shellcheck disable=SC2086 # a list
		set -- $list
		turn=$((n % $#))
		while [ "$turn" -gt 0 ]; do
			turn=$((turn - 1)) first=$1
			shift
			set -- "$@" "$first"
		done
		lasting=2
		[ -z "${EVERY:-}" ] || lasting=$#
		for error; do
			echo "$call $n $error"
			[ "$error" != EINTR ] || continue
			[ "$lasting" -le 0 ] || echo "$call $n+ $error"
			lasting=$((lasting - 1))
		done
	done <calls
}

# digest: all that is in the spool, but for IDs and times.
digest() {
	[ ! -d spool ] || find spool -type f ! -name lock -exec awk '
		FNR == 1 { print FILENAME }
		{ print }' {} + |
		sed -E 's/[0-9]{8}T[0-9.]+-[a-z0-9]{6}/ID/g
		    s/[0-9-]{8,10}T[0-9:.]+Z?/TIME/g
		    s/^host=.*|pid=.*//' | sort
	[ ! -d spool ] || find spool -type f -size 0 | sort
}

# check_error NAME: after a command with an error: it says so, or it has
# done what it was to do; and it gave up in time.
check_error() {
	calls=$(wc -l <trace)
	[ "$calls" -le "$CALLS_MAX" ] || fail "$calls system calls"
	case $status in
	0) ;;
	1 | 2 | 3 | 75)
		# Where no write succeeds, no message can.
		[ -s err ] || [ "$call $n" = "write ${n%+}+" ] ||
			fail "exit status $status without a message"
		;;
	*) fail "exit status $status: $(cat err)" ;;
	esac
	digest >now
	if [ "$status" -eq 0 ] && cmp -s now unharmed; then
		same=$((same + 1))
	elif [ "$status" -ne 0 ] && cmp -s now laid/digest && [ ! -s out ]; then
		same=$((same + 1))
	else
		judge "$1"
	fi
}

# few ERRORS LASTING: of the lines of plan_errors so many errors of a call, and
# so many that last; with EVERY all.
few() {
	if [ -n "${EVERY:-}" ]; then
		cat
		return
	fi
	awk -v "errors=$1" -v "lasting=$2" '
	$2 ~ /\+/ {
		if (++lasts[$1 $2] <= lasting)
			print
		next
	}
	++once[$1 $2] <= errors'
}

# error_matrix NAME...: each of these commands has an error at each of its
# system calls, once and from there on: all errors where it changes something.
error_matrix() {
	for name; do
		unharmed "$name"
		# shellcheck disable=SC2086 # a list
		{
			plan_errors $CHANGING
			plan_errors $LOOKING | few 1 1
		} >planned
		in_shares "$name" 4
	done
}

# error_sample N NAME: one that makes a thousand calls: an error at each that
# changes something, and at every N-th of the others.
error_sample() {
	unharmed "$2"
	# shellcheck disable=SC2086 # a list
	{
		plan_errors $CHANGING | grep -Ev '^(flock|openat) ' | few 1 1
		plan_errors openat flock $LOOKING | few 1 0 |
			awk -v "every=${EVERY:+1}" \
			    "NR % (every ? 1 : $1) == 0"
	} >planned
	in_shares "$2" 4
}

# error_worker NAME...: a worker has them, once and for a while.  To be tried
# again takes seconds.  Not close(2): what strace lets fail is not done, but a
# close that fails has closed, and a pipe to a job would stay open.
error_worker() {
	HOLD=2
	for name; do
		unharmed "$name"
		# shellcheck disable=SC2086 # a list
		{
			plan_errors $CHANGING clone clone3 vfork pipe2 | few 2 1
			plan_errors newfstatat pread64 | few 1 0
		} >planned
		in_shares "$name" 12
	done
}

# error_supervisor NAME: a supervisor has them.  No read(2) fails for ever: of
# a pipe of its own none does.
error_supervisor() {
	HOLD=2
	unharmed "$1"
	# shellcheck disable=SC2086 # a list
	plan_errors $CHANGING getdents64 newfstatat pread64 read | few 1 1 |
		grep -v '^read .*+' >planned
	in_shares "$1" 8
}

# in_shares NAME N: what is planned, in N directories at the same time.
in_shares() {
	shares='' share=0
	while [ "$share" -lt "$2" ]; do
		share=$((share + 1))
		(error_share "$1" "$share" "$2" >"said$share" 2>&1) &
		shares="$shares $!"
	done
	bad=
	for share in $shares; do
		wait "$share" || bad=yes
	done
	cat said*
	[ -z "$bad" ] || fail 'see above'
	rm -rf said* share*
	echo "$1: $(wc -l <planned) errors"
}

error_share() {
	PIDS=
	mkdir "share$2"
	cd "share$2" || exit
	QUEUECTL_SPOOL=$PWD/spool TRACES=$PWD/traces
	trap clean_up EXIT
	cases=0 same=0 hit=0
	lay_out "$1"
	fresh
	digest >laid/digest
	cp ../unharmed .
	awk "NR % $3 == $2 % $3" ../planned >mine
	while read -r call n error; do
		doing="$1, $call number $n fails with $error"
		fresh
		FAULT="-e inject=$call:error=$error:when=$n"
		"do_$1"
		! grep -q INJECTED trace || hit=$((hit + 1))
		if [ -n "$HOLD" ]; then
			judge "$1"
		else
			check_error "$1"
		fi
	done <mine
	enough "$hit" "$(wc -l <mine)"
	judge_kept
}
