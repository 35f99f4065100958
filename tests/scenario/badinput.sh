#!/bin/sh
# Bad command lines: each gets its exit status and one line that says what is
# wrong, prints nothing, changes nothing in the spool, and makes no spool.

. "$TESTS/lib.sh"

q config set max_backoff_seconds 0
q enqueue --id fine 'true' >/dev/null
q enqueue --id ended --max-retries 0 'exit 1' >/dev/null
drain
q enqueue --id waits --delay 1w 'true' >/dev/null
q enqueue --id retried --run-at +1w --max-retries 2 'exit 1' >/dev/null
mv spool/pending/retried spool/failed/retried
cat >>spool/failed/retried <<'END'
processing=2026-01-01T00:00:00Z attempt=1 worker=h.1.1
failed=2026-01-01T00:00:01Z attempt=1 exit_code=1 retry_at=2999-01-01T00:00:00Z error="exit code 1"
END

long=$(printf '%0129d' 0)
huge=$(printf '%070000d' 0)
printf 'command=true\n' >job
printf 'command=true' >cut.job
printf 'priority=1\n' >empty.job
printf 'command=true\npriority=11\n' >priority.job
printf 'command=true\n\nfailed=2026-01-01T00:00:00Z\n' >state.job
printf 'command=true\n\n continued\n' >continued.job
printf '{"command":"true","priority":"1"}' >job.json
printf 'true\n\n{"command":true}\ntrue\n' >third.batch
printf 'true\n{"id":"one","command":"true"}\n{"id":"one","command":"x"}\n' >twice.batch
printf 'true\n{"id":"waits","command":"true"}\n' >taken.batch
printf 'true\n{"command":"true"' >last.batch
unset NOT_SET

# picture: the spool, byte by byte.
picture() {
	find spool | sort
	find spool -type f -exec cksum {} + | sort
}
picture >before
touch mark
rows=0
wrongs=0

# check STATUS PATTERN SPOOL ARG...: the line on standard error must match.
check() {
	wanted=$1 pattern=$2
	export QUEUECTL_SPOOL="$PWD/$3"
	shift 3
	got=0
	"$QUEUECTL" "$@" >out 2>err <"${INPUT:-/dev/null}" || got=$?
	what="queuectl $(printf '%.60s' "$*")"
	[ "$got" -eq "$wanted" ] || wrong "exits with $got, not $wanted"
	[ ! -s out ] || wrong "prints: $(cat out)"
}

# wrong TEXT: of what was checked last; goes on.
wrong() {
	echo "$what: $*; it says: $(cat err)"
	wrongs=$((wrongs + 1))
}

# bad STATUS PATTERN ARG...
bad() {
	rows=$((rows + 1))
	status=$1 pattern=$2
	shift 2
	check "$status" "$pattern" spool "$@"
	grep -q -e "^queuectl: .*$pattern" err || wrong "must say '$pattern'"
	[ "$(wc -l <err)" -eq 1 ] || wrong 'more or less than one line'
	[ "$(wc -c <err)" -lt 600 ] || wrong 'too much'
	# What depends on the spool may come and go in tmp/.
	[ "$status" -ne 1 ] || touch mark
	[ -z "$(find spool -newer mark)" ] || fail "'$what' changed the spool"
	# Without a spool it is no better.
	if [ "$status" -eq 2 ] || [ "$status" -eq 3 ]; then
		check "$status" "$pattern" none "$@"
		[ "$(grep -c '^queuectl: ' err)" -eq "$(wc -l <err)" ] ||
			wrong 'a line of another kind'
		[ "$(wc -l <err)" -le 2 ] || wrong 'more than two lines'
		[ ! -e none ] || fail "'$what' made a spool"
	fi
}

# fed FILE STATUS PATTERN ARG...: the same, with a file on standard input.
fed() {
	INPUT=$1
	shift
	bad "$@"
	INPUT=
}

# unchanged: all that was tried so far left the spool as it was.
unchanged() {
	picture | cmp - before || fail "the spool was changed before '$what'"
}

# ---- Commands and options

check 2 '' spool
grep -q '^usage: queuectl ' err || wrong 'no usage'
bad 2 "frobnicate: no such command: .*help" frobnicate
bad 2 "lsit: .*did you mean 'list'" lsit
bad 2 "enqeue: .*did you mean 'enqueue'" enqeue true
bad 2 "worker strat: .*did you mean 'worker start'" worker strat
bad 2 "dlq: .*help dlq" dlq
bad 2 "dlq lst: .*did you mean 'dlq list'" dlq lst
bad 2 "config sett: .*did you mean 'config set'" config sett a b
bad 2 "^*: no such command" ''
bad 2 "--stat: .*did you mean '--state'" list --stat dead
bad 2 "--nonsense: " list --nonsense
bad 2 "-x: " list -x
bad 2 "-x: " status -x
bad 2 "-z: " -z list
bad 2 "--priority" list --priority 3
bad 2 "--count: " worker start --count
bad 2 "-n: " worker start -n
bad 2 "--state: " list --state
bad 2 "--dlq: takes no value" list --dlq=yes
bad 2 "--spool: .*empty" -s '' list
bad 2 "-s: " list -s
bad 1 "job: Not a directory" -s job list
bad 1 "job: Not a directory" enqueue -s job true
bad 2 "nosuch: no such command" help nosuch
bad 2 "please: .*takes no arguments" version please
bad 2 "please: .*takes no arguments" init please

unchanged

# ---- enqueue

bad 2 "nothing to run: " enqueue
bad 2 "nothing to run: " add --priority 3
bad 2 "command: must not be empty" enqueue ''
bad 2 "more than one argument: " enqueue echo hello
bad 2 "--: must be followed by a program" enqueue --
bad 2 "program.s name is empty" enqueue -- ''
bad 2 "--: " enqueue echo -- hello
bad 2 "more than 65536 bytes" enqueue "$huge"
bad 2 "JSON error at byte 1: .*--command" enqueue '{'
bad 2 "JSON error at byte [0-9]*: " enqueue '{"command":"true"} x'
bad 2 "JSON error at byte [0-9]*: " enqueue "{'command':'true'}"
bad 2 "JSON error at byte [0-9]*: " enqueue '{"command":"true",}'
bad 2 "JSON error at byte [0-9]*: .*" enqueue '{"command":"a","command":"b"}'
bad 2 "no command" enqueue '{}'
bad 2 "no command" enqueue '{"id":"x"}'
bad 2 '"comand" at byte 1: unknown member' enqueue '{"comand":"true"}'
bad 2 '"command" at byte 11: must be ' enqueue '{"command":1}'
bad 2 '"command" at byte 11: must not be empty' enqueue '{"command":""}'
bad 2 '"command" at byte 11: ' enqueue '{"command":[]}'
bad 2 '"command" at byte 11: ' enqueue '{"command":["a",1]}'
bad 2 '"command" at byte 11: .*NUL' enqueue '{"command":"a\u0000b"}'
bad 2 '"id" at byte 6: must be ' enqueue '{"id":"a b","command":"true"}'
bad 2 '"priority" at byte [0-9]*: .*0 to 10' \
    enqueue '{"command":"true","priority":11}'
bad 2 '"priority" at byte [0-9]*: must be a number' \
    enqueue '{"command":"true","priority":"5"}'
bad 2 '"max_retries" at byte [0-9]*: ' \
    enqueue '{"command":"true","max_retries":-1}'
bad 2 '"timeout" at byte [0-9]*: ' enqueue '{"command":"true","timeout":1.5}'
bad 2 '"run_at" at byte [0-9]*: .*time like' \
    enqueue '{"command":"true","run_at":"soon"}'
bad 2 '"env" at byte [0-9]*: ' enqueue '{"command":"true","env":{"A":1}}'
bad 2 '"cwd" at byte [0-9]*: .*absolute' enqueue '{"command":"true","cwd":"x"}'
bad 2 "both command and arg" enqueue '{"command":"true","argv":["true"]}'
bad 2 "--priority: .*0 to 10" enqueue true --priority 11
bad 2 "--priority: .*0 to 10" enqueue true --priority=-1
bad 2 "--priority: .*0 to 10" enqueue true --priority high
bad 2 "--max-retries: " enqueue true --max-retries -1
bad 2 "--max-retries: " enqueue true --retries x
bad 2 "--timeout: " enqueue true --timeout never
bad 2 "--timeout: .*whole seconds" enqueue true --timeout 0.5
bad 2 "--run-at: .*time like" enqueue true --run-at yesterday
bad 2 "--run-at: .*time like" enqueue true --run-at 2026-02-30
bad 2 "--delay: .*duration like" enqueue true --delay soon
bad 2 "--delay: .*--run-at" enqueue true --delay 1 --run-at +1
bad 2 "--backoff-base: " enqueue true --backoff-base 0.5
bad 2 "--id: must be 1 to 128 " enqueue true --id 'a/b'
bad 2 "--id: must be 1 to 128 " enqueue true --id=-a
bad 2 "--id: must be 1 to 128 " enqueue true --id .a
bad 2 "--id: must be 1 to 128 " enqueue true --id ''
bad 2 "--id: must be 1 to 128 " enqueue true --id "$long"
bad 2 "--env: .*NAME=VALUE" enqueue true --env =x
bad 2 "NOT_SET: --env: .*not set" enqueue true --env NOT_SET
bad 2 "--cwd: must be an absolute path" enqueue true --cwd ''
bad 2 "--command: goes without another" enqueue --command true true
unchanged
bad 2 "--file: goes without a command" enqueue --file job true
bad 2 "--batch: goes without" enqueue --batch third.batch true
bad 2 "--batch: goes without" enqueue --batch third.batch --id x
bad 2 "--file: goes without a command" enqueue --file job @job
bad 2 "--file: goes without a command" enqueue --file job -
bad 2 "--file: goes without a command" enqueue --file job -- true
bad 2 "--batch: goes without" enqueue --batch third.batch --file job
bad 2 "--batch: goes without" enqueue --batch third.batch @job
bad 2 "--batch: goes without" enqueue --batch third.batch -
bad 2 "--batch: goes without" enqueue --batch third.batch --command true
bad 2 "--command: goes without another" enqueue --command true -
bad 2 "--command: goes without another" enqueue --command true -- true
bad 2 "more than one argument" enqueue - job
bad 2 "more than one argument" enqueue @job @job
bad 2 "--: the command stands before it" enqueue @job -- true
bad 2 "the file's name is empty" enqueue @
bad 2 "the file's name is empty" enqueue --file ''
bad 2 "the file's name is empty" enqueue --batch=
bad 2 "nosuch: No such file" enqueue @nosuch
bad 2 "cut.job: .*no newline" enqueue @cut.job
bad 2 'job.json: JSON member "priority" at byte ' enqueue @job.json
bad 2 "--again: there is no ID" enqueue true --again
bad 2 "job: --again: there is no ID" enqueue @job --again
bad 2 "third.batch: line 1: --again: there is no ID" \
    enqueue --again --batch third.batch
bad 2 "standard input: nothing to run: it is empty" enqueue -
bad 2 "standard input: .*no command" enqueue @-
printf '\n' >script
fed script 2 "standard input: nothing to run: it is empty" enqueue -
for line in '#!/usr/bin/python3' '#!/bin/sh -e' '#! perl'; do
	printf '%s\ntrue\n' "$line" >script
	fed script 2 "standard input: line 1: /bin/sh runs it" enqueue -
done
printf 'echo a\0b\n' >script
fed script 2 "standard input: command: .*NUL" enqueue -
printf 'true\r\ntrue\r\n' >script
fed script 2 "standard input: command: .*carriage return" enqueue -
echo "$huge" >script
fed script 2 "standard input: more than 65536 bytes" enqueue -
head -c 65500 script | tr 0 : >limit
fed limit 2 "standard input: larger than .*65536 bytes" enqueue -
fed job 2 "--priority: .*0 to 10" enqueue - --priority 11
fed state.job 2 "standard input: failed=.*: a state line" enqueue @-
bad 2 "nosuch: No such file" enqueue --file nosuch
bad 2 "spool: .*directory" enqueue --file spool
bad 2 "cut.job: .*no newline" enqueue --file cut.job
bad 2 "empty.job: .*no command" enqueue --file empty.job
bad 2 "priority.job: line 2: priority: " enqueue --file priority.job
bad 2 "state.job: failed=.*: a state line" enqueue --file state.job
bad 2 "continued.job: line 3: continues nothing" enqueue --file continued.job
bad 2 'job.json: JSON member "priority" at byte ' enqueue --file job.json
bad 2 "nosuch: No such file" enqueue --batch nosuch
bad 2 "third.batch: line 3: .*nothing was enqueued" enqueue --batch third.batch
bad 2 "last.batch: line 2: .*nothing was enqueued" enqueue --batch last.batch
bad 2 "twice.batch: line 3: .*line 2.*nothing" enqueue --batch twice.batch
bad 1 "taken.batch: line 2: .*waits.*pending" enqueue --batch taken.batch
bad 1 "fine: there is a job of this ID already (completed)" \
    enqueue --id fine true
bad 1 "ended: there is a job of this ID already (dead)" \
    enqueue '{"id":"ended","command":"true"}'
bad 1 "waits: there is a job of this ID already (pending)" \
    enqueue --file job --id waits
bad 1 "waits: there is a job of this ID already (pending)" \
    enqueue --again true --id waits
bad 1 "retried: there is a job of this ID already (failed)" \
    enqueue --again '{"id":"retried","command":"true"}'
printf '{"id":"fine","command":"x"}\n{"id":"waits","command":"x"}\n' >again
bad 1 "again: line 2: .*waits.*pending" enqueue --batch again --again

unchanged

# ---- What names jobs

bad 2 "--state: must be pending, " list --state over
bad 2 "--state: .*did you mean 'pending'" list --state pendig
bad 2 "--limit: must be a whole number" list --limit ten
bad 2 "--limit: must be a whole number" list --limit=-1
bad 2 "--limit: must be a whole number" dlq list --limit 1.5
bad 2 "waits: list takes no arguments" list waits
bad 2 "show: an argument is missing" show
bad 2 "output: an argument is missing" output
bad 2 "no job was named: give JOB... or --all" retry
bad 2 "no job was named: give JOB... or --all" dlq retry
bad 2 "ended: one argument too many" show fine ended
bad 2 "ended: one argument too many" status fine ended
bad 3 "nosuch: no such job" show nosuch
bad 3 "nosuch: no such job" status nosuch
bad 3 "nosuch: no such job" output nosuch
bad 3 "nosuch: no such job" retry nosuch
bad 3 "nosuch: no such job" requeue nosuch
bad 3 "nosuch: no such job" dlq retry nosuch
bad 3 "end: no such job" retry end
bad 2 "not the ID of a job: " show ../fine
bad 2 "not the ID of a job: " output ''
bad 2 "a b: not the ID of a job: " retry 'a b'
bad 2 "a b: not the ID of a job: " retry ended 'a b'
bad 2 '\\x1b.*: not the ID of a job: ' retry "$(printf '\033[31m')"
bad 2 "not the ID of a job: " dlq retry "$long"
bad 1 "waits: has not run yet: " output waits
bad 1 "waits: has not run yet: " logs waits
bad 1 "waits: it is pending" retry waits
bad 1 "fine: it is completed: --again runs it once more" retry fine
bad 1 "waits: is pending, not in the dead letter queue" dlq retry waits
bad 1 "retried: is failed, not in the dead letter queue" dlq retry retried
bad 1 "fine: is completed, not in the dead letter queue" dlq retry fine
bad 2 "--nonsense: " retry ended --nonsense

unchanged

# ---- worker, config

bad 2 "--count: must be a whole number from 1 " worker start --count 0
bad 2 "--count: must be a whole number from 1 " worker -n many
bad 2 "--count: must be a whole number from 1 " worker start -n 99999999
bad 2 "--backoff-base: must be a decimal from 1 " worker start --backoff-base 0
bad 2 "--grace: must be a duration " worker start --grace 5x
bad 2 "--log: .*empty" worker start --log ''
bad 1 "nosuch/log: No such file" worker start --log nosuch/log
bad 2 "now: .*takes no arguments" worker start now
bad 2 "--timeout: must be a duration" worker stop --timeout soon
bad 2 "everything: not a HOST.PID" worker stop everything
bad 2 "x: .*takes no arguments" worker status x
unchanged
bad 2 "config set: an argument is missing" config set max_retries
bad 2 "6: one argument too many" config set max_retries 5 6
bad 2 "config unset: an argument is missing" config unset
bad 2 "x: one argument too many" config get max_retries x
bad 2 "max_retries: must be .*from 0 to 1000000" config set max_retries -1
bad 2 "max_retries: must be .*from 0 to 1000000" config set max-retries five
bad 2 "backoff_base: must be .*from 1 to " config set backoff-base 0
bad 2 "scheduling_mode: must be priority or fifo" \
    config set scheduling_mode lifo
bad 2 "no_such: no such key" config get no_such
bad 2 "max_retires: no such key: did you mean 'max_retries'" \
    config set max_retires 1
bad 2 "colour: no such key" config unset colour

unchanged
echo "$rows bad command lines, $wrongs complaints"
[ "$wrongs" -eq 0 ]
