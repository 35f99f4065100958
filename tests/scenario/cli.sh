#!/bin/sh
# slow
# Every row of the table of commands, with each of its options, and the rules
# that hold for all commands.  tests/transcript.sh tells how to read this.
# Not here: metrics and dashboard, which are no part of the command line
# proper; what is refused is in badinput.sh.

. "$TESTS/lib.sh"

# shellcheck disable=SC2034 # for transcript.sh
LATER=''
. "$TESTS/transcript.sh"

# ---- enqueue

promise 'enqueue JSON' 'every member' <<'END'
$ queuectl enqueue '{"id":"a","command":"exit 0","max_retries":1,"priority":2,
> "run_at":"2999-01-01T00:00:00Z","timeout":3,"cwd":"/","env":{"A":"1"},
> "backoff_base":1.5}'
a
$ sort spool/pending/a | grep -v -e created -e umask
backoff_base=1.5
command=exit 0
cwd=/
env=A=1
max_retries=1
priority=2
run_at=2999-01-01T00:00:00.000000Z
timeout=3
$ queuectl enqueue '{"id":"b","command":["echo","a b"],"timeout_seconds":4}'
b
$ grep -e ^arg -e ^timeout spool/pending/b
arg=echo
arg=a b
timeout=4
$ queuectl enqueue '{"comand":"true"}'
queuectl: JSON member "comand" at byte 1: unknown member
[2]
$ queuectl enqueue '{true'
~ queuectl: JSON error at byte 1: .*--command.*
[2]
END

promise 'enqueue JSON' 'what show --json prints is accepted again' json-show <<'END'
$ queuectl enqueue --id a --priority 3 --max-retries 0 --env A=1 'exit 1'; drain
a
$ queuectl enqueue --id b "$(queuectl show --json a)"
b
$ grep -v -e created spool/pending/b | sort >b
$ sed '/^processing/,$d' spool/dead/a | grep -v -e created | sort | diff - b
END

promise "enqueue 'COMMAND'" 'a shell command' <<'END'
$ queuectl enqueue --id a 'echo "a  b" | cat'; drain; queuectl output --stdout a
a
a  b
$ queuectl enqueue --command '{ echo braces; }' --id b; drain
b
$ queuectl output --stdout b
braces
END

promise 'enqueue -- PROG ARG...' 'without a shell' <<'END'
$ queuectl enqueue --id a -- echo '$HOME' --id '*'; drain
a
$ queuectl output --stdout a
$HOME --id *
END

promise 'enqueue -' 'a script from standard input' <<'END'
$ printf '#!/bin/sh\nread x <<E\na  b\nE\nprintf %%s\\\\n "$x"\n\nexit 0\n' |
>     queuectl enqueue - --id a; drain
a
$ queuectl output --stdout a
a  b
$ sed -n 2p spool/completed/a; grep -c '^ exit 0$' spool/completed/a
 read x <<E
1
$ printf 'exit 3\n\n' | queuectl enqueue - --id b --max-retries 0 --priority 5
b
$ sed '/^cwd/,$d' spool/pending/b; grep priority spool/pending/b
command=exit 3
 
priority=5
$ printf '{ true; }' | queuectl enqueue --id c - ; grep command spool/pending/c
c
command={ true; }
END

promise 'enqueue -' 'at a terminal it says how to end it' <<'END'
$ { echo 'echo typed'; printf '\004'; wait_for 10 test -f spool/pending/a; } |
>     "$HELPERS/pty" queuectl enqueue - --id a | tr -d '\r' | grep ^queuectl
~ queuectl: standard input: reading a script for /bin/sh .*: end it with Ctrl-D .*
$ grep ^command spool/pending/a
command=echo typed
END

promise 'enqueue --file, @FILE' 'a job file or JSON, also from standard input' <<'END'
$ printf 'command=true\npriority=7\n' >job; echo '{"command":"true"}' >json
$ queuectl enqueue --file job --id a; queuectl enqueue @job --id b
a
b
$ queuectl enqueue --file - --id c <job; queuectl enqueue @- --id d <job
c
d
$ grep -c priority=7 spool/pending/[a-d]
spool/pending/a:1
spool/pending/b:1
spool/pending/c:1
spool/pending/d:1
$ queuectl enqueue --file json --id e; queuectl enqueue --id f @json
e
f
$ queuectl enqueue @- --id g <json; grep command spool/pending/[e-g]
g
spool/pending/e:command=true
spool/pending/f:command=true
spool/pending/g:command=true
$ queuectl enqueue @job --priority 1 --command 'exit 4' --id h
h
$ queuectl show h | grep -e ^command -e ^priority
command: exit 4
priority: 1
END

promise 'enqueue --batch' 'one job a line' <<'END'
$ printf '%s\n' 'echo 1' '{"id":"b","command":"echo 2"}' '' >lines
$ queuectl enqueue --batch lines
~ 20.*
b
$ printf 'exit 0\n' | queuectl enqueue --batch - | wc -l | tr -d ' '
1
$ printf 'true\n{"command":1}\n' | queuectl enqueue --batch -
~ queuectl: standard input: line 2: .*; nothing was enqueued
[2]
$ count pending
3
END

promise 'options of enqueue' 'each of them' <<'END'
$ A=here queuectl enqueue --id a --cmd 'exit 0' --priority 10 --retries 0 \
>     --run-at 2999-01-01T00:00:00Z --timeout 1h30m --backoff-base 1.5 --cwd / \
>     --env A --env B=2
a
$ sort spool/pending/a | grep -v -e created -e umask
backoff_base=1.5
command=exit 0
cwd=/
env=A=here
env=B=2
max_retries=0
priority=10
run_at=2999-01-01T00:00:00.000000Z
timeout=5400
$ queuectl enqueue --id b --command true --max-retries 9 --delay 1d
b
$ grep -c -e max_retries=9 -e ^run_at=20 spool/pending/b
2
END

promise 'enqueue --again' 'an ended job of this ID makes room' <<'END'
$ queuectl enqueue --id a 'echo first'; drain
a
$ queuectl enqueue --id a 'echo second'
~ queuectl: a: there is a job of this ID already \(completed\): .* or give --again
[1]
$ queuectl enqueue --id a --again 'echo second'; queuectl list -q | sed 's/~.*/~TIME/'
a
a~TIME
a
$ queuectl enqueue --id a --again 'echo third'
queuectl: a: there is a job of this ID already (pending): choose another --id
[1]
$ drain; queuectl output --stdout a; cat spool/output/a~*.out
second
first
$ echo '{"id":"a","command":"echo third"}' >json
$ queuectl enqueue --again @json; queuectl enqueue --again '{"id":"b","command":"true"}'
a
b
$ queuectl enqueue --again true
queuectl: --again: there is no ID: give --id, or "id" in JSON
[2]
$ drain; printf '{"id":"a","command":"x"}\ntrue\n' | queuectl enqueue --again --batch -
~ queuectl: standard input: line 2: --again: there is no ID: .*
[2]
$ queuectl enqueue --again --batch json
a
END

promise 'enqueue --again' 'a left-over process holds the ended record' <<'END'
$ queuectl enqueue --id a 'echo $PPID >pid; until [ -e go ]; do sleep 0.02; done'
a
$ start queuectl worker start; wait_for 10 test -s pid
$ kill -9 "$SUPERVISOR" "$(cat pid)"; forget "$SUPERVISOR"
$ mv spool/processing/a spool/dead/a
$ queuectl enqueue --id a --again true
~ queuectl: a: something that the ended job .* left running .* --force a'
[75]
$ state a; touch go; wait_for 10 queuectl enqueue --id a --again true; state a
dead/a
pending/a
END

promise add enqueue <<'END'
$ queuectl add --id a true; grep command spool/pending/a
a
command=true
END

# ---- list

# Five jobs, one in each state but processing, and a second one that waits.
jobs() {
	q config set backoff_base 1000
	q config set max_backoff_seconds 1000
	for job in good bad; do
		q enqueue --id $job --max-retries 0 "[ $job = good ]"
	done
	q worker start --drain 2>/dev/null || :
	failed_before fails 1 created_at=2100-01-01T00:00:00Z
	sed 's/retry_at=.*/retry_at=2999-01-01T00:00:00.000000Z/' \
	    spool/failed/fails >spool/tmp/x && mv spool/tmp/x spool/failed/fails
	printf 'command=true\nrun_at=2999-01-01T00:00:00Z\n%s\n' \
	    created_at=2200-01-01T00:00:00Z >spool/pending/waits
	printf 'command=true\nrun_at=2999-01-01T00:00:00Z\n%s\n' \
	    created_at=2300-01-01T00:00:00Z >spool/pending/waits2
}

promise list 'columns, --no-header, -q' <<'END'
$ queuectl list
$ jobs >/dev/null; queuectl list
ID     STATE      PRI TRIES AGE/DUE              COMMAND
~ good   completed  0   1/1   20[^ ]*Z \[ good = good \]
~ bad    dead       0   1/1   20[^ ]*Z \[ bad = good \]
~ fails  failed     0   1/4   20[^ ]*Z false
waits  pending    0   0/4   2999-01-01T00:00:00Z true
waits2 pending    0   0/4   2999-01-01T00:00:00Z true
$ queuectl list --no-header | wc -l | tr -d ' '
5
$ queuectl list -q; queuectl list --quiet | wc -l | tr -d ' '
good
bad
fails
waits
waits2
5
END

promise list '--state, repeated and in any case; --dlq; --limit' <<'END'
$ jobs >/dev/null; queuectl list -q --state DEAD --state Completed
good
bad
$ queuectl list -q --dlq; queuectl list -q --limit 2; queuectl list -q --limit=1 --state pending
bad
waits
waits2
waits2
END

promise list --reverse reverse <<'END'
$ jobs >/dev/null; queuectl list -q --reverse
waits2
waits
fails
bad
good
$ queuectl list -q --reverse --limit 2
waits2
waits
END

promise list '--json, --jsonl' json-list <<'END'
$ queuectl list --json; queuectl list --jsonl
[]
$ jobs >/dev/null; queuectl list --jsonl | sed 's/.*"id": *"\([a-z0-9]*\)".*/\1/'
good
bad
fails
waits
waits2
$ queuectl list --json --state dead | tr -d ' \n'; echo
~ \[\{"id":"bad","state":"dead",.*"max_retries":0,.*\}\]
END

# ---- status, show, output

promise status 'counts, workers, pause; also without a spool' <<'END'
$ jobs >/dev/null; queuectl status
pending: 2 (oldest 2200-01-01T00:00:00Z, next due 2999-01-01T00:00:00Z)
processing: 0
completed: 1
~ failed: 1 \(next due 20[^ ]*Z\)
dead: 1
workers: 0 busy, 0 idle
queuectl: no worker is running: start one with 'queuectl worker start'
$ echo ann >spool/paused; queuectl status 2>/dev/null | tail -n 1
paused: ann
$ queuectl -s none status 2>/dev/null | head -n 1; ls none
pending: 0
~ ls: .*none.*
~ \[[12]\]
END

promise status --json json-status <<'END'
$ jobs >/dev/null; queuectl status --json 2>/dev/null | tr -d ' \n'; echo
~ \{.*"pending":2.*"completed":1.*"dead":1.*\}
$ queuectl -s none status --json 2>/dev/null | tr -d ' \n'; echo
~ \{.*"pending":0.*\}
END

promise 'status JOB, show JOB' 'fields, attempts, and why it waits' <<'END'
$ jobs >/dev/null; queuectl show bad >shown; queuectl status bad | diff - shown
$ grep -e ^id -e ^state -e ^exit -e ^error shown
id: bad
state: dead
exit_code: 1
error: exit code 1
$ grep '^attempt ' shown
~ attempt 1: dead, exit code 1, [.0-9]* s
$ queuectl show waits | grep ^note | head -n 1
~ note: due at 2999-01-01T00:00:00.000000Z, in .*
END

promise 'status JOB, show JOB' --json json-show <<'END'
$ jobs >/dev/null; queuectl show --json bad | tr -d ' \n'; echo
~ \{"id":"bad","state":"dead","command":.*"runs":\[\{.*"exit_code":1.*\}
$ queuectl status --json bad | tr -d ' \n'; echo
~ \{"id":"bad","state":"dead","command":.*
END

promise 'output [get] JOB, logs JOB' 'both streams, and one' <<'END'
$ queuectl enqueue --id a 'echo out; echo err >&2'; queuectl output a
a
~ queuectl: a: has not run yet: .*
[1]
$ drain; queuectl output a >must; queuectl output get a | diff - must
$ queuectl logs a | diff - must; cat must
STDOUT:
out
STDERR:
err
exit_code: 0
~ finished_at: 20[^ ]*Z
$ queuectl output --stdout a; queuectl output a --stderr
out
err
END

promise output '--attempt N' output-attempt <<'END'
$ queuectl config set max_backoff_seconds 0
$ queuectl enqueue --id a --max-retries 1 'echo run $QUEUECTL_ATTEMPT; exit 1'; drain
a
$ queuectl output --stdout --attempt 1 a; queuectl output a --attempt=2 --stdout
run 1
run 2
$ queuectl output --attempt 3 a >/dev/null 2>&1
[1]
END

promise output '-f follows until the job ends' output-follow <<'END'
$ queuectl enqueue --id done 'echo one'; drain; queuectl output -f --stdout done 2>/dev/null
done
one
$ queuectl enqueue --id a 'echo one; until [ -e go ]; do sleep 0.02; done; echo two'
a
$ start queuectl worker start; in_state processing a
$ queuectl output -f --stdout a >followed 2>said & pid=$!
$ wait_for 10 grep one followed; touch go; wait $pid; cat followed
one
two
END

# ---- retry, cancel, wait, purge, pause

promise 'retry JOB...' 'failed or dead; --again; requeue; - reads IDs' <<'END'
$ jobs >/dev/null; queuectl retry bad fails; state bad; state fails
pending/bad
pending/fails
$ queuectl retry good
~ queuectl: good: it is completed: --again runs it once more
[1]
$ queuectl retry --again good; state good
pending/good
$ start queuectl worker start; in_state dead bad
$ queuectl list -q --dlq | queuectl requeue -; in_state dead bad
$ queuectl retry nosuch bad
~ queuectl: nosuch: no such job.*
[3]
END

promise retry '--all dead ones' all <<'END'
$ jobs >/dev/null; queuectl retry --all; queuectl list -q --dlq; state bad; state fails
pending/bad
failed/fails
END

promise 'cancel JOB...' 'waiting, running, orphaned' cancel <<'END'
$ jobs >/dev/null; echo waits2 | queuectl cancel waits fails -
$ state waits; state waits2; state fails; queuectl show waits | grep ^error
dead/waits
dead/waits2
dead/fails
error: cancelled
$ queuectl cancel good >/dev/null 2>&1
[1]
$ queuectl enqueue --id run 'echo $PPID >pid; until [ -e go ]; do sleep 0.02; done'
run
$ start queuectl worker start; wait_for 10 test -s pid; queuectl cancel run
$ in_state dead run; rm pid
$ queuectl enqueue --id lost 'echo $PPID >pid; until [ -e go ]; do sleep 0.02; done'
lost
$ wait_for 10 test -s pid; kill -9 "$SUPERVISOR" "$(cat pid)"
$ wait "$SUPERVISOR" 2>/dev/null; forget "$SUPERVISOR"
$ queuectl cancel lost 2>/dev/null
[1]
$ queuectl cancel --force lost; state lost; touch go
dead/lost
END

promise 'wait [JOB...]' 'until they have ended; --timeout' wait <<'END'
$ queuectl enqueue --id a true; queuectl enqueue --id b --max-retries 0 false
a
b
$ queuectl enqueue --id c 'until [ -e go ]; do sleep 0.02; done'
c
$ start queuectl worker start; queuectl wait a
$ queuectl wait a b >/dev/null 2>&1
[1]
$ queuectl wait --timeout 0.1 c >/dev/null 2>&1
[75]
$ queuectl wait nosuch >/dev/null 2>&1
[3]
$ touch go; queuectl wait; state c
completed/c
END

promise purge '--state, --older-than, JOB..., -n, --force' purge <<'END'
$ jobs >/dev/null; queuectl purge >/dev/null 2>&1
[2]
$ queuectl purge -n --state completed --state dead 2>&1 | grep -c 2; state good
1
completed/good
$ queuectl purge --state completed --older-than 1d >/dev/null 2>&1; state good
completed/good
$ queuectl purge --state completed 2>&1 | grep -c 1; state good
1
$ queuectl purge --force bad >/dev/null 2>&1; state bad; count output
0
END

promise 'pause [REASON], resume' 'nothing new is started' pause <<'END'
$ queuectl pause 'new disk'; queuectl status 2>/dev/null | grep ^paused
~ paused: .*new disk.*
$ queuectl enqueue --id a true; start queuectl worker start; noticed; state a
a
pending/a
$ queuectl resume; in_state completed a; queuectl pause; queuectl resume
END

# ---- worker

promise 'worker start, worker' '--count, -n, auto, --log, --drain, --grace, --backoff-base' <<'END'
$ queuectl worker start --count 0
~ queuectl: --count: .*
[2]
$ start queuectl worker --count 2; wait_for 10 at_work 2; stop_workers
$ start queuectl worker start -n3; wait_for 10 at_work 3; stop_workers
$ start queuectl worker start -n 4; wait_for 10 at_work 4; stop_workers
$ start queuectl worker -n auto; stop_workers; echo $STATUS
0
$ start queuectl worker --grace 5m; stop_workers; echo $STATUS
0
$ failed_before a 0; start queuectl worker --backoff-base=4
$ wait_for 10 ended a 1; delay a 1; stop_workers; rm spool/failed/a
4000000
$ queuectl enqueue --id b true; queuectl worker start --drain --log drain.log
b
$ grep -c 'job=b event=completed' drain.log
1
$ queuectl enqueue --max-retries 0 false >/dev/null; queuectl worker --drain 2>/dev/null
[1]
END

promise 'worker start --daemon, --detach' 'returns when registered, and prints HOST.PID' <<'END'
$ name=$(queuectl worker start --daemon); test -f "spool/workers/$name"
$ queuectl worker stop; queuectl worker --detach >name; test -f "spool/workers/$(cat name)"
$ queuectl worker stop
$ queuectl worker start --daemon --log nosuch/log
~ queuectl: nosuch/log: .*
[1]
END

promise 'worker stop' 'all or HOST.PID..., --now, --force, --timeout' <<'END'
$ queuectl worker stop
queuectl: no worker is running
$ queuectl enqueue --id a 'until [ -e go ]; do sleep 0.02; done'
a
$ start queuectl worker start; in_state processing a
$ queuectl worker stop --timeout 0.1 2>/dev/null
[75]
$ queuectl worker stop --now; state a
pending/a
$ start queuectl worker start; in_state processing a; queuectl worker stop --force
$ state a; touch go
pending/a
$ name=$(queuectl worker start --daemon); queuectl worker stop "$name"; count workers
0
END

promise 'worker status' 'supervisors, workers, and what they run' <<'END'
$ queuectl worker status
queuectl: no worker is running: start one with 'queuectl worker start'
$ queuectl enqueue --id a 'until [ -e go ]; do sleep 0.02; done'
a
$ start queuectl worker start; in_state processing a; queuectl worker status
~ WORKER +UP +RUNS +JOB +COMMAND
~ [^ ]*\.[0-9]* +20[^ ]*Z +- +- +\(supervisor of 1\)
~ [^ ]*\.[0-9]*\.1 +20[^ ]*Z +20[^ ]*Z +a +until.*
$ touch go
END

promise 'worker status' --json json-worker <<'END'
$ start queuectl worker start; queuectl worker status --json | grep -c "$SUPERVISOR"
~ [1-9]
END

# ---- dlq

promise 'dlq list' 'columns, --limit' <<'END'
$ jobs >/dev/null; queuectl dlq list
~ ID +DIED +TRIES +ERROR +COMMAND
~ bad +20[-0-9]*T[:0-9]*Z +1/1 +"exit code 1" +\[ bad = good \]
$ queuectl dlq list --no-header --limit 0; queuectl dlq list -q --limit 1
bad
END

promise 'dlq list' --json json-dlq <<'END'
$ jobs >/dev/null; queuectl dlq list --json | tr -d ' \n'; echo
~ \[\{"id":"bad","state":"dead",.*\}\]
END

promise 'dlq retry' 'JOB...' <<'END'
$ jobs >/dev/null; queuectl dlq retry fails
queuectl: fails: is failed, not in the dead letter queue
[1]
$ queuectl dlq retry bad; state bad
pending/bad
END

promise 'dlq retry' --all all <<'END'
$ jobs >/dev/null; queuectl dlq retry --all; state bad; state fails
pending/bad
failed/fails
END

promise 'dlq show' 'a dead job' dlq-show <<'END'
$ jobs >/dev/null; queuectl show bad >must; queuectl dlq show bad | diff - must
$ queuectl dlq show good >/dev/null 2>&1
[1]
END

promise 'dlq purge' 'dead ones alone' dlq-purge <<'END'
$ jobs >/dev/null; queuectl dlq purge bad >/dev/null 2>&1; state bad; state good
completed/good
END

# ---- config, init, help

promise config 'list, show, get, set, unset' <<'END'
$ queuectl config set max-retries 5; queuectl config get max_retries
5
$ queuectl config list >must; grep -e ^max_retries -e ^backoff_base must
max_retries              5          set
backoff_base             2          default
$ queuectl config show | diff - must; queuectl config get | diff - must
$ queuectl config | diff - must
$ queuectl config unset max_retries; queuectl config get max-retries
3
$ queuectl config set max_retries -1
~ queuectl: max_retries: must be .*from 0 to 1000000
[2]
END

promise 'init (initdb, init-db)' 'makes the spool; harmless when it is there' <<'END'
$ for command in init initdb init-db init; do queuectl -s ./new $command; done; ls new
completed
control
dead
failed
output
pending
processing
tmp
workers
END

promise 'version, help' 'also as options; aliases are not in help' <<'END'
$ queuectl version >must; queuectl --version | diff - must; cat must
~ queuectl [0-9]*\.[0-9]*\.[0-9]*
$ queuectl help >must; queuectl --help | diff - must; queuectl help list >list
$ queuectl list --help | diff - list; head -n 1 list
usage: queuectl list [OPTION...]
$ grep -c -w -e add -e logs -e requeue -e initdb -e init-db must
0
[1]
$ queuectl help enqueue | grep -c -e --cmd -e --retries
0
[1]
$ queuectl >/dev/null 2>usage; sed -n '1s/ .*//p' usage
usage:
$ queuectl enqueu true
queuectl: enqueu: no such command: did you mean 'enqueue'?
[2]
END

promise doctor 'finds what is wrong; --repair, --json' <<'END'
$ queuectl doctor; queuectl doctor --json
[]
$ printf 'command=true\nprocessing=2026-01-01T00:00:00Z attempt=1 worker=x.1.1\n' \
>     >spool/processing/a; touch -t 202601010000 spool/processing/a
$ queuectl doctor
fault: lost: processing/a: nobody runs it (--repair puts it back, as a supervisor would)
queuectl: 1 fault
[1]
$ queuectl doctor --json 2>/dev/null | tr -d ' \n'; echo
~ \[\{"kind":"lost","path":"processing/a",.*"fault":true,"repairable":true,"repaired":false\}\]
$ queuectl doctor --repair; state a; queuectl doctor
repaired: lost: processing/a: nobody runs it
pending/a
queuectl: 1 repaired, 0 faults left
END

# ---- For all commands

promise 'all' 'options before and behind arguments, =, -n4, _ for -, --' <<'END'
$ queuectl enqueue true --id a; queuectl enqueue --id=b true; queuectl -s spool add --id c true
a
b
c
$ queuectl enqueue --max_retries=4 true --id d; grep max_retries spool/pending/d
d
max_retries=4
$ start queuectl worker -n2; stop_workers; start queuectl worker -n 2; stop_workers
$ queuectl list -q -- --state
~ queuectl: --state: list takes no arguments.*
[2]
END

promise 'all' 'exit status 0, 1, 2, 3 and 75' <<'END'
$ queuectl enqueue --id a true
a
$ queuectl enqueue --id a true 2>/dev/null
[1]
$ queuectl enqueue --priority 11 true 2>/dev/null
[2]
$ queuectl show nosuch 2>/dev/null
[3]
$ queuectl config set min_free_bytes 999999999999999
$ queuectl enqueue true 2>/dev/null
[75]
END

promise 'all' 'the beginning of an ID for what reads, whole IDs for what changes' <<'END'
$ jobs >/dev/null; queuectl show goo | head -n 1; queuectl status ba | head -n 1
id: good
id: bad
$ queuectl output --stdout goo; queuectl show wai
~ queuectl: wai: is the beginning of several IDs: (waits waits2|waits2 waits)
[1]
$ queuectl retry ba
~ queuectl: ba: no such job.*
[3]
END

# run_at TIME: what it is taken for, seen in the job file.
run_at() {
	id=$(q enqueue true --run-at "$1") &&
		sed -n 's/^run_at=//p' "spool/pending/$id"
}

promise 'all' 'durations and times' <<'END'
$ for d in 90 90s 5m 2h 1d 1w 1h30m; do
>     id=$(queuectl enqueue true --timeout $d); sed -n 's/^timeout=//p' "spool/pending/$id"; done
90
90
300
7200
86400
604800
5400
$ export TZ=ABC-2
$ run_at 2999-01-01T00:00:00Z; run_at 2999-01-01T00:00:00.5+01:00
2999-01-01T00:00:00.000000Z
2998-12-31T23:00:00.500000Z
$ run_at 2999-01-01T00:00:00; run_at '2999-01-01 00:00:00'; run_at 2999-01-01
2998-12-31T22:00:00.000000Z
2998-12-31T22:00:00.000000Z
2998-12-31T22:00:00.000000Z
$ run_at @4102444800; run_at 14:30; run_at +1w1h; run_at now
2100-01-01T00:00:00.000000Z
~ 20..-..-..T12:30:00.000000Z
~ 20..-..-..T.*Z
~ 20..-..-..T.*Z
END

kept
