#!/bin/sh
# slow
# kill -9 of the supervisor, of a worker, of a worker and its job.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\n' >spool/config

# held NAME: a job that notes its runs, and runs until ./NAME.open exists.
held() {
	drop "$1" "cwd=$PWD" "command=echo \$\$ \$PPID >>$1.runs
 until test -e $1.open; do sleep 0.05; done"
}

# lines FILE NUMBER: it has that many.
lines() {
	[ "$(wc -l <"$1")" -eq "$2" ]
}

# gap FILE N TIME: microseconds from TIME to the start of run N.
gap() {
	start=$(sed -n "s/^processing=\([^ ]*\) attempt=$2 .*/\1/p" "$1")
	echo "$(($("$HELPERS/micros" at "$start") - $3))"
}

# No worker of the first supervisor is left.
no_first() {
	[ -z "$(find spool/workers -name "*.$first.*")" ]
}

# The supervisor: two jobs end while none runs, two under the next one.
for i in 1 2 3 4; do held "k$i"; done
workers --count 4
for i in 1 2 3 4; do wait_for 10 test -s "k$i.runs"; done
kill -9 "$SUPERVISOR"
wait "$SUPERVISOR" 2>/dev/null || :
forget "$SUPERVISOR"
: >k1.open
: >k2.open
wait_for 10 test -f spool/completed/k1
wait_for 10 test -f spool/completed/k2

first=$SUPERVISOR
workers --count 4
noticed

# A worker alone; its job goes on meanwhile.
held alone
wait_for 10 test -s alone.runs
read -r job worker <alone.runs
kill -9 "$worker"

# A worker and its job, three times.
# shellcheck disable=SC2016 # for the shell of the job
drop both "cwd=$PWD" 'max_retries=0' \
    'command=echo $$ $PPID >>both.runs; exec sleep 100'
for i in 1 2 3; do
	: >>both.runs
	wait_for 10 lines both.runs "$i"
	read -r job worker <<-EOT
	$(tail -n 1 both.runs)
	EOT
	[ "$i" -eq 1 ] || {
		late=$(gap spool/processing/both "$i" "$killed")
		[ "$late" -le "$(timed 10000000)" ] ||
			fail "run $i begins $late us after the kill"
	}
	killed=$("$HELPERS/micros")
	kill -9 "$worker" "$job"
done
wait_for 10 test -f spool/dead/both
is 'processing pending processing pending processing dead' \
    "$(states spool/dead/both)" 'history of both'
is 2 "$(grep -c '^pending=.* reason=lost$' spool/dead/both)" 'reasons'
grep -q '^dead=.* attempt=3 error="lost 3 times' spool/dead/both ||
	fail "$(tail -n 1 spool/dead/both)"

# Processing is looked at every second: by now it has been twice and more.
sleep 1
lines alone.runs 1 || fail 'a job was started while it still ran'
is processing "$(states spool/processing/alone)" 'history of alone'
released=$("$HELPERS/micros")
: >alone.open
wait_for 10 test -f spool/completed/alone
lines alone.runs 2 || fail 'its end was lost, and yet it did not run again'
is 'processing pending processing completed' \
    "$(states spool/completed/alone)" 'history of alone'
is lost "$(field spool/completed/alone pending reason)" 'reason of alone'
late=$(gap spool/completed/alone 2 "$released")
[ "$late" -le "$(timed 10000000)" ] || fail "it runs $late us after its first run ended"

# What the first supervisor's workers still ran, they record; then they go.
for i in 3 4; do
	is processing "$(states "spool/processing/k$i")" "history of k$i"
	: >"k$i.open"
done
for i in 1 2 3 4; do
	wait_for 10 test -f "spool/completed/k$i"
	is 'processing completed' "$(states "spool/completed/k$i")" \
	    "history of k$i"
	lines "k$i.runs" 1 || fail "k$i ran twice"
done
wait_for 10 no_first
