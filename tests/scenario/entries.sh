#!/bin/sh
# Who removes or replaces the entries in workers/ does not hide a supervisor
# that lives, nor its workers: they are soon there again.

. "$TESTS/lib.sh"
quick_poll
q config set durability none

# entered NAME N: it is told of, with its N workers, and nobody else is.
entered() {
	q worker status >listed 2>err
	[ "$(wc -l <listed)" -eq $(($2 + 2)) ] &&
	    grep -q "^$1 .*(supervisor of $2)" listed &&
	    [ "$(grep -c "^$1\.[0-9]* " listed)" -eq "$2" ]
}

# holds_job NAME: it is seen that the one worker runs the job `held`.
holds_job() {
	grep -q "^$1\.[0-9]* .* held " listed && q show held >shown &&
	    grep -q '^state: *processing' shown && ! grep -q orphaned shown
}

# ---- Removed, and moved away, while one of three is at work

workers --count 3
super=$(cd spool/workers && echo *."$SUPERVISOR")
wait_for 10 entered "$super" 3
drop held "cwd=$PWD" 'command=until [ -e go ]; do sleep 0.02; done'
wait_for 10 test -f spool/processing/held

rm spool/workers/*
wait_for 10 entered "$super" 3
holds_job "$super" || fail "after rm: $(cat listed shown)"
exits 0 q doctor
is '' "$(left_in_tmp)" 'files left in tmp/'

mkdir elsewhere
mv spool/workers/* elsewhere
wait_for 10 entered "$super" 3
holds_job "$super" || fail "after mv: $(cat listed shown)"

# ---- Replaced by what is not locked, as tar(1) does it

for file in elsewhere/*; do
	cp "$file" copy
	mv -f copy "spool/workers/${file##*/}"
done
wait_for 10 entered "$super" 3
holds_job "$super" || fail "after tar: $(cat listed shown)"
exits 0 q doctor
is 3 "$(grep -c "event=entered-again supervisor=$super was=$super$" log)" \
    'times that it has told of it'

# ---- It is still obeyed by its name

: >go
wait_for 10 test -f spool/completed/held
exits 0 timeout 20 "$QUEUECTL" worker stop "$super"
is '' "$(cat err)" 'what worker stop says'
wait "$SUPERVISOR" || fail "it exits with $?"
forget "$SUPERVISOR"
is 0 "$(count workers)" 'entries that are left'
rm -f go elsewhere/*

# ---- The workers of one that was killed

: >log
workers
super=$(cd spool/workers && echo *."$SUPERVISOR")
wait_for 10 entered "$super" 1
q enqueue --id orphan "until [ -e $PWD/go ]; do sleep 0.02; done" >/dev/null
wait_for 10 test -f spool/processing/orphan
kill -KILL "$SUPERVISOR"
wait "$SUPERVISOR" || :
forget "$SUPERVISOR"
rm spool/workers/*
left_alone() {
	q worker status >listed 2>err
	grep -q "^$super\.1 .* orphan " listed
}
wait_for 10 left_alone
: >go
wait_for 10 test -f spool/completed/orphan
no_entry() {
	[ -z "$(ls spool/workers)" ]
}
wait_for 10 no_entry

# ---- The name was taken meanwhile by another one that lives

command -v flock >/dev/null || exit 0
: >log
workers
super=$(cd spool/workers && echo *."$SUPERVISOR")
wait_for 10 entered "$super" 1
kill -STOP "$SUPERVISOR"
echo count=7 >other
(exec 9>>other && flock -x 9 && : >held && exec sleep 60) &
holder=$!
PIDS="$PIDS $holder"
wait_for 10 test -f held
mv -f other "spool/workers/$super"
kill -CONT "$SUPERVISOR"
wait_for 10 logged "event=entered-again supervisor=$super-2 was=$super$"
is count=7 "$(cat "spool/workers/$super")" 'entry of the other one'
q enqueue --id last : >/dev/null
wait_for 10 test -f spool/completed/last
exits 0 timeout 20 "$QUEUECTL" worker stop "$super-2"
wait "$SUPERVISOR" || fail "it exits with $?"
forget "$SUPERVISOR"
is "$super" "$(ls spool/workers)" 'entries that are left'
