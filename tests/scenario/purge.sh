#!/bin/sh
# purge, dlq purge, and what supervisors purge by themselves.

. "$TESTS/lib.sh"

printf 'durability=none\nmax_retries=0\n' >spool/config
quick_poll

ended() {
	for id in "$@"; do
		q enqueue --id "$id" "echo $id; echo $id >&2; $CODE" >printed
	done
	drain
}

CODE='exit 0' ended good1 good2 good3
CODE='exit 1' ended bad1 bad2 bad3
q enqueue --id waits --delay 1h true >printed
touch -d '2 days ago' spool/completed/good1 spool/dead/bad1 2>/dev/null ||
	touch -t 202001010000 spool/completed/good1 spool/dead/bad1

# Nothing chosen, or too much, is refused and removes nothing.
exits 2 q purge
exits 2 q purge --force
exits 2 q purge --state pending
exits 2 q purge --state completed good1
exits 2 q purge --older-than 1d good1
exits 2 q purge -n good1
exits 2 q dlq purge
exits 2 q dlq purge --all bad1
is 3 "$(count completed)" 'completed'

exits 3 q -s "$PWD/none" purge bad1
[ ! -d none ] || fail 'a spool was made'

# -n tells, and removes nothing.
exits 0 q purge -n --older-than 1d
is 'bad1
good1' "$(sort out)" 'what would be purged'
is 'queuectl: would purge 2 jobs' "$(cat err)" 'what it says'
is 12 "$(count output)" 'outputs'

# By age, by state, by name; with the outputs, and only those.
exits 0 q purge --older-than 1d --state completed
is 'queuectl: purged 1 job' "$(cat err)" 'what it says'
is '' "$(cat out)" 'standard output'
is 2 "$(count completed)" 'completed'
is 10 "$(count output)" 'outputs'
exits 0 q purge --state COMPLETED
is 0 "$(count completed)" 'completed'
is 6 "$(count output)" 'outputs'
exits 1 q purge waits
grep -q '^queuectl: waits: it is pending: cancel it first$' err ||
	fail "$(cat err)"
exits 3 q purge bad bad3
test ! -f spool/dead/bad3 || fail 'bad3 is still there'
is 1 "$(count pending)" 'pending'
exits 0 q dlq purge --older-than 1d
test ! -f spool/dead/bad1 || fail 'bad1 is still there'
exits 1 q dlq purge waits
exits 0 q dlq purge --all
is 0 "$(count dead)" 'dead'
is 0 "$(count output)" 'outputs'
is 1 "$(count pending)" 'pending'

q cancel waits

# An older record of an ID goes by its whole name, and with its state.
CODE='exit 0' ended again
drop again 'command=true'
drain
old=$(cd spool/completed && ls -d again~*)
exits 0 q purge "$old"
is again "$(ls spool/completed)" 'what is left'

# A process that the job left holds the record: only by force.
q purge again 2>err
mkfifo lurk.fifo
cat lurk.fifo >lurk.pids &
PIDS="$PIDS $!"
drop host "cwd=$PWD" "command='$HELPERS/lurk' -s lurk.fifo here; exit 0"
q purge --state dead --state completed 2>err
at_exit() {
	while read -r _ pid _; do
		kill -KILL "$pid" 2>/dev/null || :
	done <lurk.pids
}
drain
wait_for 10 test -s lurk.pids
# What a worker lets go of is free; this process has to lock it itself.
exec 4<spool/completed/host
if command -v flock >/dev/null 2>&1 && flock -n 4; then
	exits 75 q purge host
	grep -q 'a process that it left holds its lock: --force' err ||
		fail "$(cat err)"
	exits 75 q purge --state completed
	exits 0 q purge --force host
	is 0 "$(count completed)" 'completed'
else
	exits 0 q purge host
fi
exec 4<&-

# Two at once do not mind each other.
awk 'BEGIN { for (i = 1; i <= 500; i++) {
	file = sprintf("spool/completed/p%04d", i)
	print "command=true" >file
	close(file)
} }'
q purge --state completed 2>err1 &
q purge --state completed 2>err2 || fail "one of two: $(cat err2)"
wait $! || fail "one of two: $(cat err1)"
is 2 "$(cat err1 err2 | grep -c '^queuectl: purged [0-9]* jobs*$')" 'said'
is 2 "$(cat err1 err2 | wc -l | tr -d ' ')" 'lines of two'
is 0 "$(count completed)" 'completed'

# Retention: what ended long enough ago goes, more than one handful of it;
# what ends later goes when its time has come; what waits stays.
mkdir old
awk 'BEGIN { for (i = 1; i <= 2500; i++) {
	file = sprintf("old/r%04d", i)
	printf "command=true\ncompleted=2020-01-01T00:00:00Z attempt=1\n" >file
	close(file)
} }'
find old -type f -exec touch -t 202001010000 {} +
mv old/* spool/completed/
CODE='exit 1' ended late
q enqueue --id waits --delay 1h true >printed
touch -t 202001010000 spool/pending/waits
workers --count 1
noticed
is 2500 "$(count completed)" 'completed, without retention'
q config set retain_completed_seconds 2
none_completed() {
	[ "$(count completed)" -eq 0 ]
}
wait_for 10 none_completed
is 1 "$(count dead)" 'dead'
logged 'event=purged state=completed jobs=1000$'
logged 'event=purged state=completed jobs=500$'
q enqueue --id soon true >printed
wait_for 10 test -f spool/completed/soon
wait_for 10 none_completed
is 1 "$(count dead)" 'dead'
q config set retain_dead_seconds 1
none_dead() {
	[ "$(count dead)" -eq 0 ]
}
wait_for 10 none_dead
is waits "$(ls spool/pending)" 'what waits'

is 5 "$(grep -c event=purged log)" 'lines of the log about it'

# It does not look all the time, be it that something cannot be removed.
used() {
	sed 's/.*) //' "/proc/$SUPERVISOR/stat" | awk '{ print $12 + $13 }'
}
if [ -r "/proc/$SUPERVISOR/stat" ]; then
	q config set retain_dead_seconds 2
	CODE='exit 1'
	for id in 1 2 3; do
		printf 'command=true\n' >"spool/dead/held$id"
	done
	touch -t 202001010000 spool/dead/held*
	exec 4<spool/dead/held1
	if command -v flock >/dev/null 2>&1; then
		flock -n 4
	fi
	noticed
	before=$(used)
	sleep 1 # what is measured is that this second is idle
	[ "$(($(used) - before))" -le "$(timed 20)" ] ||
		fail "of 100 ticks it used $(($(used) - before))"
	exec 4<&-
fi
