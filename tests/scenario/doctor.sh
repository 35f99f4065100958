#!/bin/sh
# slow
# queuectl doctor by the command line: what it prints, in lines and as JSON,
# its exit statuses, a spool that nobody should use, and that it neither sees
# faults where there are none nor disturbs workers that are busy on names
# which are used again and again.  What it finds and repairs is in
# tests/test_doctor.c.

. "$TESTS/lib.sh"

# lines TEXT: what was printed.
lines() {
	is "$1" "$(cat out)" "what $what prints"
}

# ---- Nothing wrong

what='doctor of a new spool'
exits 0 q doctor
lines ''
[ ! -s err ] || fail "$what says $(cat err)"
exits 0 q doctor --json
lines '[]'
exits 0 q doctor --repair
lines ''

what='doctor without a spool'
exits 0 q -s none doctor
lines ''
grep -q 'there is no spool' err || fail "$what says $(cat err)"
exits 0 q -s none doctor --json
lines '[]'
[ ! -e none ] || fail "$what makes one"

# ---- A fault that can be repaired, one that cannot, a note

q enqueue --id a true >/dev/null
drain
: >spool/output/a.1.out
chmod 622 spool/completed/a
odd=$(printf 'x\ny\033')
: >"spool/pending/$odd"
foreign='foreign: pending/x\ny\x1b: is not the ID of a job'
what=doctor
exits 1 q doctor
lines "fault: $foreign (move it out of the spool)
fault: mode: completed/a: others may write it (--repair forbids it)
note: empty: output/a.1.out: is empty, and its run is over (--repair removes it)"
is 'queuectl: 2 faults' "$(cat err)" "what $what says"

what='doctor --json'
exits 1 q doctor --json
grep -q '^{"kind":"foreign","path":"pending/x\\ny\\u001b","what":"is not the ID of a job","remedy":"move it out of the spool","fault":true,"repairable":false,"repaired":false},$' \
    out || fail "$what prints $(cat out)"
is 5 "$(wc -l <out | tr -d ' ')" "lines of $what"
if command -v jq >/dev/null; then
	is 'foreign 1 mode 1 empty' "$(jq -r \
	    '[.[] | .kind, (if .fault then 1 else empty end)] | join(" ")' \
	    <out | sed 's/ $//')" 'what jq reads'
fi

what='doctor --repair'
exits 1 q doctor --repair --json
cp out json
is 2 "$(grep -c '"repaired":true' json)" "what $what repairs"
is 'queuectl: 2 repaired, 1 fault left' "$(cat err)" "what $what says"
exits 1 q doctor
lines "fault: $foreign (move it out of the spool)"
is 'queuectl: 1 fault' "$(cat err)" "what $what says afterwards"
rm "spool/pending/$odd"
exits 0 q doctor

# ---- Notes alone, and all repaired: exit status 0

touch spool/control/cancel.a
chmod 666 spool/completed/a
exits 1 q doctor
exits 0 q doctor --repair
lines 'repaired: request: control/cancel.a: there is nobody to obey it
repaired: mode: completed/a: others may write it'
is 'queuectl: 2 repaired, 0 faults left' "$(cat err)" 'what it says'
touch spool/control/cancel.a
exits 0 q doctor
grep -q '^note: request: ' out || fail "no note of a request: $(cat out)"
rm spool/control/cancel.a
# Of a job with two names that may run, but not of what a backup has linked.
what='doctor of a job with two names'
q enqueue --id two --delay 1w true >/dev/null
ln spool/pending/two spool/pending/three
cp -al spool/completed copy 2>/dev/null || ln spool/completed/a copy
exits 0 q doctor
sort -o out out
lines 'note: links: pending/three: has 2 names, which are one job: they share its lock and its history
note: links: pending/two: has 2 names, which are one job: they share its lock and its history'
rm -rf copy spool/pending/two spool/pending/three

# ---- A spool that is not to be used

chmod 770 spool
what='doctor of an unsafe spool'
exits 1 q doctor
lines 'fault: unsafe: .: group or others may write it: chmod go-w it (nothing is repaired as long as this is so)'
exits 1 q list
chmod 700 spool
mv spool/dead elsewhere
exits 1 q doctor
grep -q '^queuectl: .*spool/dead: No such file.*queuectl init makes it' err ||
	fail "without dead/ it says $(cat err)"
q init
echo nonsense >spool/config
what='doctor with a faulty config'
exits 1 q doctor
grep -q '^fault: config: config: .*(mend it' out || fail "$what: $(cat out)"
rm spool/config

# ---- A lock that a process has left

if command -v flock >/dev/null; then
	mkfifo go
	flock spool/completed/a sh -c 'echo >held; read -r _ <go' &
	PIDS="$PIDS $!"
	wait_for 10 test -f held
	exits 1 q doctor --repair
	grep -q '^fault: held: completed/a: ' out || fail "held: $(cat out)"
	echo >go
	wait_for 10 flock -n spool/completed/a true
	exits 0 q doctor
fi

# ---- What a killed worker leaves: recovered without a supervisor

q config set durability none
quick_poll
# shellcheck disable=SC2016 # of the job
q enqueue --id b 'echo $PPID >pid; until [ -e go2 ]; do sleep 0.02; done' \
    --cwd "$PWD" >/dev/null
workers
wait_for 10 test -s pid
kill -KILL "$SUPERVISOR" "$(cat pid)"
wait "$SUPERVISOR" 2>/dev/null || :
forget "$SUPERVISOR"
exits 1 q doctor --repair
grep -q '^fault: orphaned: processing/b: ' out || fail "orphaned: $(cat out)"
touch go2
wait_for 10 sh -c "q() { '$QUEUECTL' \"\$@\"; }; q doctor | grep -q ^fault:.lost"
exits 0 q doctor --repair
grep -q '^repaired: lost: processing/b: ' out || fail "lost: $(cat out)"
[ -f spool/pending/b ] || fail 'b was not put back'
rm -f pid
drain
is 'processing pending processing completed' "$(states spool/completed/b)" \
    'history of b'
exits 0 q doctor
lines ''

# ---- While workers are busy

# Jobs of six names, two of which fail and are tried again, as fast as the
# names are free.
if [ "$TEST_OS" != linux ] || [ -n "${TEST_SANITIZED:-}" ]; then
	times=50
else
	times=500
fi
mkdir traces
workers --count 4
droppers=
for name in c d e f; do
	"$HELPERS/dropper" spool 1 $times 60 $name max_retries=0 \
	    "arg=$HELPERS/runonce" "arg=$PWD/traces" 'arg=%' &
	droppers="$droppers $!"
done
for name in g h; do
	"$HELPERS/dropper" spool 1 $((times / 10)) 60 $name max_retries=2 \
	    max_backoff=0 'command=echo x; exit 1' &
	droppers="$droppers $!"
done

# all_dropped: no dropper is left.
all_dropped() {
	for pid in $droppers; do
		gone "$pid" || return
	done
}

what='doctor of busy workers'
option=
looks=0
while ! all_dropped || [ "$looks" -lt 4 ]; do
	exits 0 q doctor ${option:+"$option"}
	lines ''
	looks=$((looks + 1))
	option=$([ -n "$option" ] || echo --repair)
done
for pid in $droppers; do
	wait "$pid" || fail 'a name is never free again'
done
wait_for 30 nothing_live
is $((4 * times)) "$(wc -l <traces/ran | tr -d ' ')" runs
[ ! -s traces/overlaps ] || fail "ran twice at once: $(cat traces/overlaps)"
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
exits 0 q doctor
lines ''
