#!/bin/sh
# Several hosts with one spool: each shows the others that it lives, and one
# that sees that locks do not work between them stops, and says so.

. "$TESTS/lib.sh"
quick_poll
q config set durability none

if ! command -v flock >/dev/null; then
	echo 'there is no flock(1)'
	exit 77
fi

# ---- Entries that nobody touches: an old one goes, others may live

echo count=2 >spool/workers/other.98
echo count=2 >spool/workers/other.99
touch -t 202601010000 spool/workers/other.98
exits 0 q doctor
is 'note: worker: workers/other.98: its process is dead' \
    "$(sed 's/ (.*//' out)" 'what doctor finds'
rm spool/workers/other.99
workers --log "$PWD/events"
super=$(cd spool/workers && echo *."$SUPERVISOR")
swept() {
	[ ! -e spool/workers/other.98 ]
}
wait_for 10 swept

# ---- It shows that it lives as soon as there are others

touch -t 202601010000 "spool/workers/$super"
echo count=2 >spool/workers/other.99
touch -t 202601010001 spool/workers/other.99
shown() {
	[ -n "$(find "spool/workers/$super" -newer spool/workers/other.99)" ]
}
wait_for 10 shown
touch spool/workers/other.99
drain
is 0 "$STATUS" 'exit status of another supervisor'
[ -e spool/workers/other.99 ] || fail 'an entry that may live was removed'

# ---- Others whose locks are held may touch their entries

(exec 9>>spool/workers/other.99 && flock -x 9 && : >held && exec sleep 60) &
PIDS="$PIDS $!"
holder=$!
wait_for 10 test -f held
for n in 1 2 3 4 5 6 7 8; do
	touch spool/workers/other.99
	q enqueue --id "job$n" : >/dev/null
	wait_for 10 test -f "spool/completed/job$n"
	sleep 0.15
done
! grep locks-fail events || fail 'it takes a lock that is held for free'
kill -0 "$SUPERVISOR" || fail "it has ended: $(cat log events)"

# ---- The lock is free, but somebody touches the entry

kill "$holder"
wait "$holder" || :
forget "$holder"
touched() {
	touch spool/workers/other.99
	sleep 0.1
	gone "$SUPERVISOR"
}
wait_for 10 touched
STATUS=0
wait "$SUPERVISOR" || STATUS=$?
forget "$SUPERVISOR"
is 1 "$STATUS" 'exit status'
grep -q '^20.* event=locks-fail error="workers/other\.99 is touched .* its lock is free here: .*"$' events ||
	fail "log: $(cat events)"
logged '^queuectl: .*/spool: workers/other\.99 is touched .* use the spool, or move it' ||
	fail "standard error: $(cat log)"
grep -q 'event=stopping reason=locks-fail running=0$' events ||
	fail "log: $(cat events)"

# ---- A lock that CIFS says is held

strace -o /dev/null true 2>/dev/null || exit 0
rm spool/workers/*
echo count=2 >spool/workers/other.97
q worker status >listed 2>/dev/null
is '' "$(cat listed)" 'who works'
ASAN_OPTIONS=detect_leaks=0 strace -o trace -e trace=flock \
    -e inject=flock:error=EACCES "$QUEUECTL" worker status >listed
grep -q '^other.97 .*(supervisor of 2)' listed || fail "$(cat listed)"
