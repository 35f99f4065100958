#!/bin/sh
# Names that somebody else has chosen are not trusted: those of files in
# workers/ and of workers in job files are checked before anything is opened,
# and no path or name gets to a terminal, or into a metric, as it is.

. "$TESTS/lib.sh"

# ---- Paths, in all that is said of them

bad=$(printf 'a\033[2J\nb')
shown='a\\x1b\[2J\\nb'
mkdir "$bad" "$bad/full" "$bad/wrong"
: >"$bad/full/file"
q -s "$bad/spool" init
q -s "$bad/wrong" init
echo nonsense >"$bad/wrong/config"

# says STATUS PATTERN COMMAND...: on standard error, one line and no more.
says() {
	wanted=$1
	pattern=$2
	shift 2
	exits "$wanted" timeout 20 "$QUEUECTL" "$@"
	is 1 "$(wc -l <err | tr -d ' ')" "lines of: $(cat err)"
	[ -z "$(LC_ALL=C tr -d '\n\040-\176' <err)" ] ||
		fail "$*: $(od -c err)"
	grep -q "$pattern" err || fail "$*: $(cat err)"
}

says 1 "$shown/full: not a spool" -s "$bad/full" init
says 1 "$shown/full/file: " -s "$bad/full/file" list
says 0 "$shown/none: there is no spool" -s "$bad/none" list
says 1 "$shown/wrong/config line 1: .*: mend it" -s "$bad/wrong" enqueue :
says 0 "$shown/wrong/config line 1: .*: going on" -s "$bad/wrong" list
says 1 "$shown/wrong/config line 1: " -s "$bad/wrong" worker start --drain
says 1 "$shown/no/log: " worker start --drain --log "$bad/no/log"
says 1 "$shown/no/m: " metrics --textfile "$bad/no/m"
says 2 "$shown: must be" dashboard --listen "$bad"
says 1 "$shown/no/sock: " dashboard --listen "unix:$bad/no/sock"
says 2 "$shown" "$bad"
says 2 "$shown" list "--$bad"
says 2 "$shown: not a HOST.PID" worker stop "$bad"

"$QUEUECTL" dashboard --listen "unix:$PWD/$bad/sock" >url 2>&1 &
PIDS="$PIDS $!"
wait_for 10 test -s url
kill $!
wait $! || :
forget $!
is "unix:$PWD/"'a\x1b[2J\nb/sock' "$(cat url)" 'what dashboard prints'

mkdir "$bad/logs"
workers --log "$PWD/$bad/logs/log"
rm -r "$bad/logs"
kill -HUP "$SUPERVISOR"
wait_for 10 logged "/$shown/logs/log: cannot be opened anew"
stop_workers

# ---- Files in workers/ whose names are no worker's, held by somebody

command -v flock >/dev/null || exit 0
mkfifo end

# hold FILE...: puts the text of a supervisor's entry into each, and has them
# locked until something is written to ./end.
hold() {
	for file; do
		printf 'count=5\nended_completed=7\n' >"$file"
		set -- "$@" flock "$file"
		shift
	done
	"$@" sh -c ': >held; read -r _ <end' &
	wait_for 10 test -f held
	rm held
}

tab=$(printf '\t')
# shellcheck disable=SC1003 # a backslash is meant
set -- "vm.1
queuectl_forged 1" 'vm.1"} 9' 'vm.1\' "$(printf 'vm.\033[2J.1')" vm vm.1x vm.1. \
    "vm.1${tab}2.1" .vm.1 vm.01 vm.1-0
names=$#
for name; do
	set -- "$@" "spool/workers/$name"
	shift
done
hold "$@"

exits 0 q worker status
is '' "$(cat out)" 'supervisors'
exits 0 q worker status --json
is '[]' "$(cat out)" 'supervisors as JSON'
exits 0 q metrics
grep -q '^queuectl_workers 0$' out || fail "metrics: $(cat out)"
! grep -q 'forged\|supervisor=' out || fail "metrics: $(cat out)"
exits 0 q status
! grep -q '[1-9] idle' out || fail "status: $(cat out)"
exits 0 timeout 20 "$QUEUECTL" worker stop
is 'queuectl: no worker is running' "$(cat err)" 'what worker stop says'
got=0
q doctor >found 2>&1 || got=$?
is 1 "$got" 'exit status of doctor'
# It passes over what begins with a dot.
is $((names - 1)) "$(grep -c '^fault: foreign: workers/' found)" \
    "foreign files: $(cat found)"
echo >end
wait "$!"

# ---- Workers in job files, whose names lead elsewhere

rm spool/workers/*
mkdir outside
hold outside/locked.1.1
n=0
for worker in ../../outside/locked.1.1 "$PWD/outside/locked.1.1" \
    ../../../../../../../../../../dev/null.1.1; do
	n=$((n + 1))
	cat >"spool/processing/job$n" <<-END
	command=:
	processing=2026-01-01T00:00:00.000000Z attempt=1 worker=$worker
	END
	touch -t 202601010000 "spool/processing/job$n"
done
exits 0 q status
grep -q '^workers: 0 busy' out || fail "status: $(cat out)"
got=0
q doctor >found 2>&1 || got=$?
is 1 "$got" 'exit status of doctor'
is 3 "$(grep -c '^fault: lost: processing/job[123]: ' found)" \
    "lost jobs: $(cat found)"
echo >end
wait

worker=$(printf 'x\\x1b[2J.1\\n2')
printf 'command=:\nprocessing=%s attempt=1 worker="%s"\n' \
    2026-01-01T00:00:00.000000Z "$worker" >spool/processing/job
q show job >out
grep -q "worker: *x\\\\x1b\[2J.1\\\\n2$" out || fail "show: $(cat out)"
