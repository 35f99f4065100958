#!/bin/sh
# A job file that was cut anywhere is never run and never lost: it waits for
# whoever may still be writing it, and `show` says so.

. "$TESTS/lib.sh"
quick_poll

# Every beginning that cuts a line or has no command yet: of a file with the
# command at its end, and of one with the command first, which can be run once
# that line is whole.
command="command=echo \$QUEUECTL_JOB_ID >>$PWD/ran"
printf '%s\n' priority=4 "$command" >last
printf '%s\n' "$command" priority=4 >first
mkdir cut
size=$(wc -c <last | tr -d ' ')
i=0
while [ "$i" -lt "$size" ]; do
	head -c "$i" last >"cut/c$i"
	head -c "$i" first >"cut/d$i"
	i=$((i + 1))
done
rm "cut/d$((${#command} + 1))"
size=$((2 * size - 1))
is "$size" "$(find cut -type f | wc -l | tr -d ' ')" 'beginnings made'

# The sentinel comes last: when it has run, all the others were looked at.
workers --count 2
cp cut/* spool/tmp/
mv spool/tmp/[cd]* spool/pending/
drop sentinel "command=echo sentinel >>$PWD/ran"
wait_for 10 test -f spool/completed/sentinel

check_cut() {
	for cut in cut/*; do
		cmp "$cut" "spool/pending/${cut#cut/}" || fail "$cut has changed"
	done
}

check_reason() {
	for cut in cut/*; do
		name=${cut#cut/}
		q show "$name" >shown 2>&1 || fail "show $name fails"
		grep -q '^note: half-written: ' shown ||
			fail "show $name does not say why it waits: $(cat shown)"
	done
}

is sentinel "$(cat ran)" 'what ran'
check_cut
check_reason
is "$size" "$(count pending)" 'files in pending/'
is 1 "$(count completed)" 'files in completed/'
is 000 "$(count processing)$(count failed)$(count dead)" 'other files'

# The writer goes on: what is whole now runs, what is still cut does not.
rm cut/c20 cut/c10
tail -c +21 last >>spool/pending/c20
printf '\nc' >>spool/pending/c10
wait_for 10 test -f spool/completed/c20
is 'sentinel c20' "$(tr '\n' ' ' <ran | sed 's/ $//')" 'what ran'
is 'processing completed' "$(states spool/completed/c20)" 'history of c20'
is "$(printf 'priority=4\nc')" "$(cat spool/pending/c10)" 'text of c10'
check_cut

# Whoever starts later sees them no differently.
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
workers
drop sentinel2 "command=echo sentinel2 >>$PWD/ran"
wait_for 10 test -f spool/completed/sentinel2
stop_workers
check_cut
is 3 "$(wc -l <ran | tr -d ' ')" 'jobs that ran'
