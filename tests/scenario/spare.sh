#!/bin/sh
# A worker keeps the empty output files of one job for the next: what an
# earlier job has left running never writes into them, and who looks at an
# output is shown its own job's alone.

. "$TESTS/lib.sh"

q config set durability none
workers --count 1

# ended ID: it has completed.
ended() {
	wait_for 10 test -f "spool/completed/$1"
}

# A job that leaves a process behind, which writes when it is told to.
cat >leave <<'EOF'
setsid sh -c 'until [ -f go ]; do sleep 0.01; done
    echo from the first; echo from the first >&2; : >gone' &
EOF
q enqueue --id first 'sh leave' >/dev/null
ended first
q enqueue --id second 'until [ -f end ]; do sleep 0.01; done; echo mine' \
    >/dev/null
wait_for 10 test -f spool/output/second.1.out
touch go
wait_for 10 test -f gone
touch end
ended second
is mine "$(cat spool/output/second.1.out)" 'output of the second job'
test ! -e spool/output/second.1.err || fail 'somebody else wrote to its stderr'
rm -f spool/output/first.* # see late.sh

# Who has an output open sees nothing of what others write.
# shellcheck disable=SC2094 # nobody writes to it
q enqueue --id quiet 'until [ -f over ]; do sleep 0.01; done' >/dev/null
wait_for 10 test -f spool/output/quiet.1.out
exec 5<spool/output/quiet.1.out
touch over
ended quiet
q enqueue --id loud 'echo loud' >/dev/null
ended loud
is '' "$(cat <&5)" 'what is read of an output that stayed empty'
exec 5<&-
rm -f spool/output/quiet.* # kept, as it was open
is loud "$(cat spool/output/loud.1.out)" 'output of the last job'

stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
is 0 "$(count tmp)" 'files left in tmp/'
is 2 "$(count output)" outputs
exits 0 q doctor
