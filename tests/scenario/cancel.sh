#!/bin/sh
# slow
# cancel: a job that waits, one that runs and ignores TERM, and a thousand that
# end by themselves at that moment: one end each, never two.

. "$TESTS/lib.sh"

q config set kill_grace_seconds 1
q config set backoff_base 100
quick_poll

no_requests() {
	[ "$(count control)" -eq 0 ]
}

# What waits is dead at once, and says so.
drop waits 'command=true'
q enqueue --id later --delay 1h true >id
exits 0 q cancel waits later
is '' "$(cat out err)" 'what cancel says'
is "dead" "$(states spool/dead/waits)" 'history of waits'
is cancelled "$(field spool/dead/later dead error)" 'error of later'

# Each is tried, and the exit status is the worst; whole IDs only.
q enqueue --id backup-db true >id
exits 3 q cancel backup waits
grep -q '^queuectl: backup: no such job' err || fail "$(cat err)"
grep -q '^queuectl: waits: it is dead already$' err || fail "$(cat err)"
test -f spool/pending/backup-db || fail 'backup-db was meant'
exits 2 q cancel backup-db ../x
test -f spool/pending/backup-db || fail 'cancelled, although x is no ID'
echo backup-db | exits 0 q cancel -
is dead "$(states spool/dead/backup-db)" 'history of backup-db'

# Running: TERM, then KILL; returns when it has ended.
workers --count 4
for i in 1 2; do
	drop "deaf$i" "cwd=$PWD" "command=trap '' TERM; : >deaf$i.runs; " \
	    ' while :; do sleep 1; done'
done
drop polite "cwd=$PWD" 'command=trap "echo bye; exit 0" TERM' \
    ' : >polite.runs; while :; do sleep 0.02; done'
wait_for 10 test -f deaf1.runs
wait_for 10 test -f deaf2.runs
wait_for 10 test -f polite.runs
exits 0 q cancel deaf1 deaf2 polite
for job in deaf1 deaf2 polite; do
	is 'processing dead' "$(states "spool/dead/$job")" "history of $job"
	is cancelled "$(field "spool/dead/$job" dead error)" "error of $job"
done
is 9 "$(field spool/dead/deaf1 dead signal)" 'signal'
is 0 "$(field spool/dead/polite dead exit_code)" 'exit code of polite'
is bye "$(cat spool/output/polite.1.out)" 'output of polite'
wait_for 10 no_requests

# Of two that live, the one that runs; that there is another one is said.
for i in 1 2; do
	drop twin "cwd=$PWD" "command=: >twin.$i; until test -e no; do sleep 0.02; done"
	wait_for 10 test -f twin.1
done
exits 1 q cancel twin
# The other one may have begun by now, and so have made this one an older record.
grep -q -e '^queuectl: twin: is cancelled, but another job of this ID is p' \
    -e '^queuectl: twin: it has ended, and another job has its ID$' err ||
	fail "$(cat err)"
wait_for 10 test -f twin.2
exits 0 q cancel twin
is 'processing dead' "$(states spool/dead/twin)" 'history of twin'
is 2 "$(find spool/dead -name 'twin*' | wc -l | tr -d ' ')" 'dead twins'

# A request by touch(1) does the same.
drop touched "cwd=$PWD" 'command=: >touched.runs; sleep 100'
wait_for 10 test -f touched.runs
touch spool/control/cancel.touched
wait_for 10 test -f spool/dead/touched
wait_for 10 no_requests

# The race: each tells its ID, and whoever reads that cancels it.
q config set durability none
total=200
[ -z "${TEST_LONG:-}" ] || total=1000
i=0
while [ $i -lt $total ]; do
	for lane in a b c d; do
		printf '{"id":"%s%s","argv":["%s","%s","%s"],"max_retries":1}\n' \
		    "$lane" "$i" "$HELPERS/brief" "$PWD/$lane.ready" \
		    "$PWD/$lane.fifo"
	done
	i=$((i + 4))
done >jobs.jsonl
chaser() {
	exec 3<>"$1.ready" 4<>"$1.fifo"
	echo >&3
	while read -r id <&4; do
		status=0
		"$QUEUECTL" cancel "$id" 3>&- 4>&- 2>>chaser.err || status=$?
		echo "$id $status" >>said
		echo >&3
	done
}
for lane in a b c d; do
	mkfifo "$lane.ready" "$lane.fifo"
	chaser "$lane" &
	PIDS="$PIDS $!"
done
q enqueue --batch jobs.jsonl >printed
all_said() {
	[ -f said ] && [ "$(wc -l <said)" -eq "$total" ]
}
wait_for 100 all_said
wait_for 10 nothing_live
is "$total" "$(sort -u said | wc -l | tr -d ' ')" 'jobs that were chased'
wait_for 10 no_requests
while read -r id status; do
	found=$(cd spool && ls -d ./*/"$id") || found=none
	case $status,$found,$(states "spool/$found") in
	0,./dead/*,'processing dead')			echo while-it-ran ;;
	0,./dead/*,'processing failed dead')		echo after-it-failed ;;
	1,./completed/*,'processing completed')		echo too-late ;;
	*)	fail "$id: cancel exits with $status; $found:" \
		    "$(cat "spool/$found")" ;;
	esac
done <said >ends
for end in while-it-ran after-it-failed too-late; do
	grep -q "$end" ends || fail "none of $total was cancelled $end"
done
stop_workers
[ "${STATUS:-}" = 0 ] || fail "the supervisor exits with ${STATUS:-}"
