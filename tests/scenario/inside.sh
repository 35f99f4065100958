#!/bin/sh
# A command in a job that would wait for this job's own end is refused at once,
# and says what to do; what waits for others is not, nor what only has the
# variables of a job.

. "$TESTS/lib.sh"

quick_poll
workers --count 4
me=$(basename "$(find spool/workers -name "*.$SUPERVISOR")")
drop other "cwd=$PWD" 'command=until [ -e other.go ]; do sleep 0.02; done'
wait_for 10 test -f spool/processing/other

# inside NAME STATUS PATTERN COMMAND: a job with that command, which exits with
# that status at once and says that; --timeout is for a program that waits.
inside() {
	drop "$1" "cwd=$PWD" "env=Q=$QUEUECTL" 'max_retries=0' \
	    "command=exec 2>$1.err" " $4" ' s=$?' " echo \$s >$1.status.new" \
	    " mv $1.status.new $1.status"
	wait_for 30 test -f "$1.status"
	is "$2" "$(cat "$1.status")" "exit status of '$4', which says '$(cat "$1.err")'"
	grep -q "^queuectl: $3" "$1.err" || fail "'$4' says: $(cat "$1.err")"
	wait_for 10 test -f "spool/completed/$1"
}

end='cannot wait for itself'
part='running inside job'
# shellcheck disable=SC2016 # of the jobs
while IFS='|' read -r name status pattern command; do
	inside "$name" "$status" "$pattern" "$command"
done <<END2
all|1|$part all, which $end: name the jobs|\$Q wait --timeout 20
all2|1|$part all2, which $end|sh -c "\$Q wait"
self|1|$part self, which $end: omit it|\$Q wait self
prefix|1|$part prefix, which $end: omit it|\$Q wait --timeout 20 pref
two|1|$part two, which $end|\$Q wait --timeout 20 all two
stdin|1|$part stdin, which $end|echo stdin | \$Q wait -
look|75|2 jobs have not ended yet|\$Q wait --timeout 0
others|75|1 job has not ended yet|\$Q wait --timeout 0.1 other
stop|1|$part stop, which $end: $me runs it; give --timeout 0, or touch control/stop.$me|\$Q worker stop
stopnow|1|$part stopnow, which $end: $me runs it|\$Q worker stop --now --timeout 20
named|1|$part named, which $end: $me runs it|\$Q worker stop $me --timeout 20
link|1|$part link, which $end|ln -s spool link; \$Q -s link wait --timeout 20
follow|1|$part follow, which $end: omit --follow|\$Q output -f follow
drain|1|$part drain, which $end: omit --drain|\$Q worker start --drain
END2
[ ! -e "spool/control/stop.$me" ] || fail 'a refused stop was asked for'

# Nobody is in the way of: another spool, the variables of a job that has
# ended, of another attempt, of another worker, or with no job at all.
inside elsewhere 0 '' "\$Q -s new init; \$Q -s new wait --timeout 20; s=\$?; echo queuectl: - >&2; (exit \$s)"
inside ended 0 '' 'echo queuectl: - >&2'
drop lives "cwd=$PWD" "command=until [ -e lives.go ]; do sleep 0.02; done"
wait_for 10 grep -q ^processing= spool/processing/lives
worker=$(field spool/processing/lives processing worker)
while read -r id attempt by status; do
	got=0
	QUEUECTL_JOB_ID=$id QUEUECTL_ATTEMPT=$attempt QUEUECTL_WORKER=$by \
	    "$QUEUECTL" wait --timeout 0.05 2>err || got=$?
	is "$status" "$got" "wait as $id, $attempt, $by, which says '$(cat err)'"
done <<END2
lives 1 $worker 1
lives 2 $worker 75
lives 1 $me.77 75
lives 1 $me 75
ended 1 $worker 75
nosuch 1 $worker 75
../x 1 $worker 75
END2
got=0
QUEUECTL_JOB_ID=lives "$QUEUECTL" wait --timeout 0.05 2>err || got=$?
is 75 "$got" 'wait with no other variable of a job'
: >lives.go
wait_for 10 test -f spool/completed/lives

# A daemon that a job has left may wait for all, and stop its supervisor.
# shellcheck disable=SC2016 # of the job
drop daemon "cwd=$PWD" "env=Q=$QUEUECTL" \
    'command=(until [ -e spool/completed/daemon ]; do sleep 0.02; done' \
    ' $Q wait --timeout 30; $Q worker stop --timeout 30; echo $? >daemon.status) 2>daemon.err &'
wait_for 10 test -f spool/completed/daemon
: >other.go
wait_for 30 test -s daemon.status
is 0 "$(cat daemon.status)" "exit status of a daemon, which says '$(cat daemon.err)'"
wait "$SUPERVISOR" || fail "exit status of the supervisor: $?"
forget "$SUPERVISOR"

# Without waiting a job may stop the supervisor that runs it.
workers --count 1
# shellcheck disable=SC2016 # of the job
drop last "cwd=$PWD" "env=Q=$QUEUECTL" \
    'command=$Q worker stop --timeout 0; echo $? >last.status'
wait "$SUPERVISOR" || fail "exit status of the supervisor: $?"
forget "$SUPERVISOR"
is 75 "$(cat last.status)" 'exit status of worker stop --timeout 0'
[ -f spool/completed/last ] || fail 'the last job is not completed'
