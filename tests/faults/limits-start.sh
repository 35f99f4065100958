#!/bin/sh
# Started by a careless parent: with signals ignored or blocked, with standard
# input, output or error closed.  Every command does what it always does, no
# message ends up in a file of the spool, and jobs start with all defaults.

. "$TESTS/faultlib.sh"
quick_poll
odd=$HELPERS/odd
report=$HELPERS/report

# snapshot: prints what is in the files of the spool.
snapshot() {
	find spool -type f -exec cksum {} + | sort
}

# closed WHICH COMMAND...: with these of 0, 1 and 2 closed, the others in
# ./out and ./err.
closed() {
	which=$1
	shift
	case $which in
	0)	"$@" <&- >out 2>err ;;
	1)	"$@" >&- 2>err ;;
	2)	"$@" >out 2>&- ;;
	01)	"$@" <&- >&- 2>err ;;
	02)	"$@" <&- >out 2>&- ;;
	12)	"$@" >&- 2>&- ;;
	012)	"$@" <&- >&- 2>&- ;;
	odd)	"$odd" "$@" >out 2>err ;;
	*)	fail "$which" ;;
	esac
}

# gives STATUS COMMAND...: it exits so, however it is started; $how says how.
gives() {
	wanted=$1
	shift
	got=0
	closed "$how" "$QUEUECTL" "$@" || got=$?
	is "$wanted" "$got" "with $how closed: status of $*"
}

# refused STATUS COMMAND...: and it changes nothing.
refused() {
	snapshot >before
	gives "$@"
	snapshot | cmp - before || fail "with $how closed, '$*' changes files"
}

# text FILE LINE...: it has these lines, but for its first stamps, and no
# other ones.
text() {
	file=$1
	shift
	printf '%s\n' "$@" >wanted
	grep -v '^cwd=\|^umask=\|^created_at=\|^timeout=\|^priority=\|^max_ret' \
	    "$file" | sed 's/=20.*T.*Z/=TIME/' | diff wanted - ||
		fail "with $how closed: $file"
}

# ---- Commands

commands() {
	for name in good bad dead; do
		gives 0 enqueue --id "$name.$how" true
		text "spool/pending/$name.$how" command=true
	done
	refused 1 enqueue --id "bad.$how" true
	refused 2 enqueue --no-such-option
	gives 0 cancel "bad.$how" "dead.$how"
	text "spool/dead/bad.$how" command=true 'dead=TIME error=cancelled'
	gives 0 retry "bad.$how"
	text "spool/pending/bad.$how" command=true \
	    'dead=TIME error=cancelled' 'pending=TIME reason=retried'
	gives 0 cancel "bad.$how"
	refused 1 cancel "bad.$how"
	refused 3 cancel nobody
	gives 0 config set max_retries 7
	is max_retries=7 "$(grep -v ^poll spool/config)" 'the config'
	refused 2 config set max_retries many
	gives 0 config unset max_retries
	printf 'true\n{"command": "false"}\n' >lines
	gives 0 enqueue --batch lines
	gives 0 pause
	gives 0 resume
	for what in list status 'show good' 'worker status' 'config list' \
	    'dlq list' help version doctor 'completion sh'; do
		case $what in
		show*) what="$what.$how" ;;
		completion*) what='completion bash' ;;
		esac
		# shellcheck disable=SC2086 # words
		refused 0 $what
	done
	gives 0 purge "bad.$how"
	[ ! -e "spool/dead/bad.$how" ] || fail "bad.$how is still there"
	is 0 "$(count tmp)" 'files left in tmp/'
}

for how in 0 1 2 01 02 12 012 odd; do
	commands
done
sound

# ---- Workers

# What a job has written is in its files, and nothing else is; nothing of a
# log is in the spool.
unharmed() {
	is out "$(cat "spool/output/$1.1.out")" "output of $1"
	is err "$(cat "spool/output/$1.1.err")" "errors of $1"
	! grep -rq event= spool || fail "$how: a log in $(grep -rl event= spool)"
}

# prove NAME: the supervisor that was started runs jobs as it should: each
# with its own exit status, what it writes in its files, and all defaults;
# and it sees it when a worker is killed.
prove() {
	# shellcheck disable=SC2016 # for the shell of the job
	drop "$1.killer" "cwd=$PWD" max_retries=0 \
	    "command=test -e killed.$1 || { : >killed.$1; kill -9 \$PPID; }"
	drop "$1" "command=cat; echo out; echo err >&2"
	drop "$1.three" max_retries=0 'command=exit 3'
	drop "$1.report" "arg=$report"
	wait_for 10 test -f "spool/completed/$1"
	wait_for 10 test -f "spool/completed/$1.report"
	wait_for 10 test -f "spool/dead/$1.three"
	is 3 "$(field "spool/dead/$1.three" dead exit_code)" 'exit code'
	wait_for 10 test -f "spool/completed/$1.killer"
	unharmed "$1"
	for line in blocked= ignored= stdin=null; do
		grep -q "^$line\$" "spool/output/$1.report.1.out" ||
			fail "$how: no '$line' for a job: $(cat \
			    "spool/output/$1.report.1.out")"
	done
}

# started: waits until it is entered; $SUPERVISOR is the one that is.
started() {
	wait_for 10 entered
	SUPERVISOR=$(cat pid)
	PIDS="$PIDS $SUPERVISOR"
}

entered() {
	sed -n 's/^pid=//p' spool/workers/* >pid
	[ -s pid ]
}

# told COMMAND...: that stops it, soon.
told() {
	"$@" || fail "$how: '$*' exits with $?"
	wait_for 10 gone "$SUPERVISOR"
	forget "$SUPERVISOR"
	! entered || fail "$how: there still is $(ls spool/workers)"
}

for name in $(q list -q --state pending); do
	q cancel "$name"
done
for how in 0 1 2 012; do
	closed "$how" "$QUEUECTL" worker start --count 2 &
	started
	prove "plain$how"
	told q worker stop --timeout 10
	closed "$how" "$QUEUECTL" worker start --count 2 --daemon ||
		fail "$how: --daemon exits with $?"
	started
	prove "daemon$how"
	told q worker stop --timeout 10
done

# A signal that was ignored or blocked is obeyed, but for those that are
# ignored on purpose, by nohup or by a shell for what is in the background.
for how in -b -i -bi; do
	"$odd" "$how" "$QUEUECTL" worker start --count 2 --log log &
	started
	prove "odd$how"
	told kill -TERM "$SUPERVISOR"
	"$odd" "$how" "$QUEUECTL" worker start --count 2 --daemon --log log \
	    >out
	started
	is "$SUPERVISOR" "$(sed 's/.*\.//' out)" 'its PID as it was printed'
	prove "daemon$how"
	told kill -TERM "$SUPERVISOR"
done
put_right
