#!/bin/sh
# A job that has its own workers interrupted at each start: from the third
# time on it lets others go first, at max_stops it is dead.

. "$TESTS/lib.sh"

quick_poll
q config set durability none

killer="arg=sh
arg=-c
arg=until [ -s sup ]; do sleep 0.02; done
 read -r pid <sup
 while :; do kill \$pid; sleep 0.3; done"

# round: a supervisor that runs what is there until it is interrupted.
round() {
	rm -f sup
	"$QUEUECTL" worker start >>log 2>&1 &
	SUPERVISOR=$!
	PIDS="$PIDS $SUPERVISOR"
	echo "$SUPERVISOR" >sup.new
	mv sup.new sup
	STATUS=0
	wait "$SUPERVISOR" || STATUS=$?
	forget "$SUPERVISOR"
	is 1 "$STATUS" 'exit status of an interrupted supervisor'
}

# stopped N: so often in a row, and it waits.
stopped() {
	is "$1" "$(grep -c ' reason=stopped$' spool/pending/killer)" \
	    'stops of the killer'
}

drop killer "cwd=$PWD" priority=9 "$killer"
drop behind "cwd=$PWD" priority=5 "command=echo behind >>order"
for n in 1 2 3; do
	round
	stopped "$n"
	[ ! -e order ] || fail "what is less urgent ran in round $n"
done
q show killer >shown
grep -q 'it was stopped 3 times in a row: what waited' shown ||
	fail "show: $(cat shown)"

# What waited runs now, and so does what is more urgent than 0.
drop urgent "cwd=$PWD" priority=1 "command=echo urgent >>order"
round
stopped 4
is 'behind urgent' "$(tr '\n' ' ' <order | sed 's/ $//')" 'what ran'

# But not what came later: the killer has its turns.
drop late "cwd=$PWD" "command=echo late >>order"
q config set max_stops 6
round
stopped 5
is 2 "$(wc -l <order | tr -d ' ')" 'jobs that ran'
round
error='stopped 6 times in a row: it may take down the workers; queuectl retry runs it again'
grep -q "^dead=.* attempt=6 error=\"$error\"\$" spool/dead/killer ||
	fail "killer: $(cat spool/dead/killer)"
grep -q "job=killer event=dead attempt=6 .*error=\"$error\"" log ||
	fail 'the log does not tell of its death'
drain
is late "$(tail -n 1 order)" 'what ran at last'

# Retried it begins anew.
q retry killer >out
round
stopped 6
is retried "$(sed -n 's/^pending=.* reason=\(retried\)$/\1/p' \
    spool/pending/killer)" 'killer retried'
rm spool/pending/killer

# The default is 20.
q config unset max_stops
{
	printf '%s\n' "cwd=$PWD" "$killer"
	i=1
	while [ "$i" -lt 20 ]; do
		printf 'processing=2026-11-22T02:48:%02d.000000Z attempt=%d worker=vm.1.1\n' "$i" "$i"
		printf 'pending=2026-11-22T02:48:%02d.500000Z reason=stopped\n' "$i"
		i=$((i + 1))
	done
} >spool/tmp/killer
rm spool/dead/* spool/completed/* 2>/dev/null || :
mv spool/tmp/killer spool/pending/killer
round
grep -q '^dead=.* attempt=20 error="stopped 20 times in a row' \
    spool/dead/killer || fail "$(cat spool/dead/killer)"
