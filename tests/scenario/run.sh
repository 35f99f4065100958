#!/bin/sh
# What a job finds itself in: descriptors, signals, environment, directory,
# umask; and its output files.  The workers are started by a parent that left
# everything as bad as can be.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\n' >spool/config
HOME=$PWD/home
SECRET=inherited
export HOME SECRET
mkdir home where

report=$HELPERS/report
drop argv "arg=$report"
drop shell "command=exec '$report'" "cwd=$PWD/where" umask=027
drop where "cwd=$PWD/where" arg=pwd
drop home arg=pwd
# shellcheck disable=SC2016 # for the shell of the job
drop env max_retries=4 env=A=1 'env=B=two words = more' env=SECRET=changed \
    env=QUEUECTL_JOB_ID=no 'command=env | grep "^[AB]=\|^SECRET\|^QUEUECTL_" | sort'
drop args arg=printf 'arg=[%s]' arg= 'arg=a  b' "arg=\$HOME'\"*"
drop lines 'command=cat <<END' ' first' '  second' ' ' ' END'
drop out 'command=echo out'
drop err 'command=echo err >&2; exit 0'
drop neither 'command=cat'
drop twice "cwd=$PWD" backoff_base=1 \
    'command=echo run; test -e tried || { : >tried; exit 1; }'

umask 077
"$HELPERS/odd" "$QUEUECTL" worker start --count 2 --drain \
    <"$TESTS/run" 2>>log || fail "drain exits with $?"
is 11 "$(count completed)" 'completed jobs'

# is_report ID UMASK
is_report() {
	found=spool/output/$1.1.out
	has() {
		grep -q "^$1\$" "$found" ||
			fail "$found has no line '$1': $(cat "$found")"
	}
	has stdin=null
	has "umask=$2"
	has leader=yes
	has 'fds=[1-9][0-9]'
	has blocked=
	has ignored=
	# What it has open is its own record, which is locked by that.
	has "inode=$(find spool/completed/"$1" -exec ls -i {} + | sed 's/^ *//; s/ .*//')"
}

# wrote ID.N.STREAM WHAT
wrote() {
	is "$2" "$(cat "spool/output/$1")" "$1"
}

is_report argv 077
is_report shell 027
wrote where.1.out "$PWD/where"
wrote home.1.out "$HOME"
worker=$(field spool/completed/env processing worker)
wrote env.1.out "A=1
B=two words = more
QUEUECTL_ATTEMPT=1
QUEUECTL_JOB_ID=env
QUEUECTL_MAX_RETRIES=4
QUEUECTL_SPOOL=$PWD/spool
QUEUECTL_WORKER=$worker
SECRET=changed"
wrote args.1.out "[][a  b][\$HOME'\"*]"
wrote lines.1.out 'first
 second'
wrote out.1.out out
wrote err.1.err err
wrote twice.1.out run
wrote twice.2.out run
# Every other one was empty, and is not there.
is 11 "$(count output)" "files in output/: $(ls spool/output)"

# Standard input, output and error were closed; nobody is told, all is well.
drop closed "arg=$report"
"$HELPERS/odd" -c "$QUEUECTL" worker start --daemon --log "$PWD/log" ||
	fail "with 0 to 2 closed, the start exits with $?"
PIDS="$PIDS "$(sed -n 's/^pid=//p' spool/workers/*)
wait_for 10 test -f spool/completed/closed
is_report closed 077
