#!/bin/sh
# At a terminal: Ctrl-C once and twice, and the terminal going away.

. "$TESTS/lib.sh"
quick_poll
q config set durability none

# start: a supervisor at a terminal, as $PTY; what is written to descriptor 3
# is typed, what it prints is in ./log.
start() {
	rm -f keys go began late
	: >log
	mkfifo keys
	"$HELPERS/pty" "$QUEUECTL" worker start --count 2 <keys >log 2>&1 &
	PTY=$!
	exec 3>keys
	wait_for 10 logged event=started
	drop held "cwd=$PWD" 'command=trap "echo INT >>signal" INT HUP' \
	    ' : >began' ' until [ -e go ]; do sleep 0.02; done'
	wait_for 10 test -f began
}

# ended STATUS: the supervisor, with that status.
ended() {
	STATUS=0
	wait "$PTY" || STATUS=$?
	is "$1" "$STATUS" "exit status; it said: $(cat log)"
	exec 3>&-
	[ ! -e signal ] || fail 'the job got a signal of the terminal'
	[ ! -e late ] || fail 'a job was started when it was to stop'
	rm -f spool/pending/late
	is 0 "$(($(count processing) + $(count workers)))" 'files left'
}

start
printf '\003' >&3
wait_for 10 logged event=stopping
drop late "command=touch $PWD/late"
[ -f spool/processing/held ] || fail 'held does not run any more'
: >go
ended 0
is 'processing completed' "$(states spool/completed/held)" 'history of held'
rm spool/completed/held

start
printf '\003' >&3
wait_for 10 logged event=stopping
sleep 0.3 # two within a quarter of a second are one
printf '\003' >&3
ended 1
is 'processing pending' "$(states spool/pending/held)" 'history of held'
is stopped "$(field spool/pending/held pending reason)" 'reason of held'
rm spool/pending/held

# A shell that ends sends a SIGHUP to the workers as well.
start
pid=$(find spool/workers -name '*.[0-9]*' ! -name '*.[0-9]*.[0-9]*' |
	sed 's/.*\.//')
exec 3>&-
wait_for 10 logged 'hung up'
kill -HUP "-$pid"
# Its log is gone with the terminal: that it stops shows in an idle worker.
one_left() {
	[ "$(find spool/workers -name '*.[0-9]*.[0-9]*' | wc -l)" -eq 1 ]
}
wait_for 10 one_left
drop late "command=touch $PWD/late"
[ -f spool/processing/held ] || fail 'held does not run any more'
: >go
ended 0
is 'processing completed' "$(states spool/completed/held)" 'history of held'
