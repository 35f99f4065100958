#!/bin/sh
# The line that tells how far it has come: at a terminal, and only there.

. "$TESTS/lib.sh"
quick_poll
q config set durability none

esc=$(printf '\033')
cr=$(printf '\r')

no_worker="no worker is running: start one with 'queuectl worker start'"

# fill: eleven jobs, one of which dies; two last a while.
fill() {
	rm -rf spool/completed/* spool/dead/*
	for i in 1 2 3 4 5 6 7 8; do
		drop "quick-$i" 'command=true'
	done
	drop bad 'command=exit 3' 'max_retries=0'
	drop slow-1 'command=sleep 0.7'
	drop slow-2 'command=sleep 0.7'
}

# at_terminal COMMAND...: its status in $STATUS; what it wrote to the
# terminal is in ./screen.
at_terminal() {
	rm -f keys
	mkfifo keys
	"$HELPERS/pty" "$@" <keys >screen &
	pty=$!
	PIDS="$PIDS $pty"
	exec 3>keys
	STATUS=0
	wait "$pty" || STATUS=$?
	forget "$pty"
	exec 3>&-
}

# lines: what of ./screen was drawn in place, one to a line.
lines() {
	tr '\r' '\n' <screen | sed -n "s/$esc\[K\$//p" | sed "s/^$esc\[K//" |
		grep ' done, '
}

# kept: what of ./screen was to stay.
kept() {
	sed "s/$cr\$//; s/.*$cr//; s/^$esc\[K//; /^hung up\$/d" screen
}

form='^[0-9]* done, [0-9]* running, [0-9]* waiting, [0-9]* failed'
form="$form\\(, [0-9.]* jobs/s\\(, about [0-9dhms]* left\\)\\{0,1\\}\\)\\{0,1\\}\$"

# well_formed: there are such lines, and no others.
well_formed() {
	lines >drawn
	[ -s drawn ] || fail "no line was drawn: $(cat screen)"
	! grep -v "$form" drawn || fail 'lines of another form'
}

# ---- Not at a terminal: nothing of the kind

fill
drain --count 2
! grep -v '^20[0-9TZ:.-]* [a-z]*=' log || fail 'the log has other lines'
! grep "[$esc$cr]" log || fail 'the log has escapes'
fill
timeout 60 "$QUEUECTL" wait >out 2>err &
waiter=$!
wait_for 10 test -s err
drain --count 2
wait "$waiter" || :
printf 'queuectl: %s\n' "$no_worker" 'bad: died: exit code 3' | cmp - err ||
	fail 'wait says something else'
is '' "$(cat out)" 'standard output of wait'

# ---- A drain: the log whole above the line, at the end a summary

fill
at_terminal "$QUEUECTL" worker start --drain --count 2
is 1 "$STATUS" 'exit status of the drain'
well_formed
grep -q ', 2 running, ' drawn || fail "what runs is not shown: $(cat drawn)"
! grep "${cr}20" screen || fail 'a line of the log in a drawn one'
kept >text
is 1 "$(grep -c '^10 done, 1 failed in [0-9]*s$' text)" 'summaries'
is "$(tail -n 1 text)" "$(grep ' done, ' text)" 'the last line'
! grep -v ' done, ' text | grep -v '^20[0-9TZ:.-]* [a-z]*=' ||
	fail 'lines of the log are not whole'
is 26 "$(grep -vc 'event=draining' text)" \
    "lines: of eleven jobs, of the supervisor, and the last, in $(cat text)"

# With a log file the terminal has the line alone.
fill
at_terminal "$QUEUECTL" worker start --drain --log "$PWD/file"
well_formed
is 1 "$(kept | wc -l | tr -d ' ')" "lines that stay: $(kept)"
! grep "[$esc$cr]" file || fail 'the log file has escapes'

# No line: without --drain, of a daemon, on a terminal without escapes.
fill
at_terminal env TERM=dumb "$QUEUECTL" worker start --drain
! grep "$esc" screen || fail 'escapes on a dumb terminal'
at_terminal "$QUEUECTL" worker start --drain --daemon
is 1 "$(wc -l <screen | awk '{ print $1 - 1 }')" 'lines of a daemon'
nobody() {
	[ "$(count workers)" -eq 0 ]
}
wait_for 10 nobody

# ---- wait: the same, no wider than the terminal

fill
: >screen
{
	wait_for 10 grep -q ' done, ' screen
	drain --count 2
} &
drainer=$!
at_terminal sh -c "stty cols 30; exec $QUEUECTL wait"
is 1 "$STATUS" 'exit status of wait'
wait "$drainer" || fail 'the drain fails'
lines >drawn
[ -s drawn ] || fail "no line was drawn: $(cat screen)"
is 29 "$(awk '{ if (length > n) n = length } END { print n }' drawn)" \
    'width of the line'
kept >text
is "queuectl: $no_worker
queuectl: bad: died: exit code 3" "$(sed '$d' text)" 'what it says'
sed -n '$p' text | grep -q '^10 done, 1 failed in [0-9]*s$' ||
	fail "the last line: $(cat text)"

# At most five a second: it took no longer than this.
seconds=$(sed -n '$s/.* in \([0-9]*\)s/\1/p' text)
[ "$(wc -l <drawn)" -le "$((seconds * 5 + 6))" ] ||
	fail "drawn too often: $(cat drawn)"
