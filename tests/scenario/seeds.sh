#!/bin/sh
# slow
# What five earlier programs of this name, A to E, promise to their users:
# each promise works as it was written there, with `queuectl` in place of
# `python main.py` and the like.  tests/transcript.sh tells how to read this.

. "$TESTS/lib.sh"

# shellcheck disable=SC2034 # for transcript.sh
LATER=''
. "$TESTS/transcript.sh"

# ---- A

promise A 'enqueue takes JSON, and makes an ID' <<'END'
$ queuectl enqueue '{"command":"echo hello"}'
~ 20[0-9]*T[0-9]*\.[0-9]*-[0-9a-z]*
$ sed -n 's/^command=//p' spool/pending/*
echo hello
END

promise A 'enqueue takes --max-retries beside JSON' <<'END'
$ id=$(queuectl enqueue '{"command":"echo hi"}' --max-retries 5)
$ grep max_retries "spool/pending/$id"
max_retries=5
END

promise A 'worker start runs in the foreground; Ctrl-C stops it gracefully' <<'END'
$ queuectl enqueue '{"id":"a","command":"touch began; until [ -e go ]; do sleep 0.02; done"}'
a
$ mkfifo keys
$ "$HELPERS/pty" queuectl worker start <keys >log 2>&1 & pty=$!
$ exec 3>keys; wait_for 10 test -f began
$ printf '\003' >&3; wait_for 10 logged event=stopping
$ kill -0 $pty; state a
processing/a
$ touch go; wait $pty; state a
completed/a
END

promise A 'worker start --count 3 runs three jobs at a time' <<'END'
$ for i in 1 2 3; do queuectl enqueue --id $i \
>     'touch began; until [ -e go ]; do sleep 0.02; done'; done
1
2
3
$ start queuectl worker start --count 3
$ in_state processing 1 2 3
$ touch go; in_state completed 1 2 3
END

promise A 'worker stop' <<'END'
$ start queuectl worker start
$ queuectl worker stop
$ wait "$SUPERVISOR"; gone "$SUPERVISOR"
END

promise A 'list, list --state pending, list --limit 10' <<'END'
$ queuectl list
$ for i in 01 02 03 04 05 06 07 08 09 10 11 12; do
>     queuectl enqueue --id job$i true >/dev/null; done
$ mv spool/pending/job12 spool/completed/
$ queuectl list -q | wc -l | tr -d ' '
12
$ queuectl list --state pending | head -n 2
~ ID +STATE +PRI +TRIES +AGE/DUE +COMMAND
~ job01 +pending +0 +0/4 +20[^ ]*Z +true
$ queuectl list --state pending --no-header | wc -l | tr -d ' '
11
$ queuectl list --limit 10 -q | head -n 1
job03
END

promise A 'status counts the jobs in each state' <<'END'
$ queuectl enqueue --id a true
a
$ queuectl enqueue --id b --max-retries 0 'exit 1'
b
$ drain
$ queuectl enqueue --id c true
c
$ queuectl status 2>/dev/null
~ pending: 1 \(oldest 20[^ ]*\)
processing: 0
completed: 1
failed: 0
dead: 1
workers: 0 busy, 0 idle
END

promise A 'dlq list; dlq retry ID' <<'END'
$ queuectl enqueue --id bad --max-retries 0 '[ -e mended ]'
bad
$ queuectl dlq list -q
$ drain; queuectl dlq list -q
bad
$ queuectl dlq retry bad; state bad; queuectl dlq list -q
pending/bad
$ touch mended; drain; state bad
completed/bad
END

promise A 'config get and set' <<'END'
$ queuectl config get max_retries
3
$ queuectl config get backoff_base
2
$ queuectl config set max_retries 5
$ queuectl config get max_retries
5
END

promise A 'delays of 2, 4 and 8 s with base 2 and three retries, then dead' <<'END'
$ for n in 0 1 2 3; do failed_before failed$n $n; done
$ start queuectl worker start --count 2
$ for n in 0 1 2 3; do wait_for 10 ended failed$n $((n + 1)); done
$ for n in 0 1 2; do delay failed$n $((n + 1)); done; state failed3
2000000
4000000
8000000
dead/failed3
END

promise A 'the states are pending, processing, completed, failed, dead' <<'END'
$ queuectl enqueue --id run 'touch began; until [ -e go ]; do sleep 0.02; done'
run
$ queuectl enqueue --id good true; queuectl enqueue --id fails 'exit 1'
good
fails
$ queuectl enqueue --id bad --max-retries 0 'exit 1'
bad
$ queuectl enqueue --id waits --delay 1w true
waits
$ queuectl config set backoff_base 1000; queuectl config set max_backoff_seconds 1000
$ start queuectl worker start -n 2
$ in_state processing run; in_state completed good; in_state failed fails
$ in_state dead bad; in_state pending waits
$ touch go
END

promise A 'the error is kept with the job, and in the DLQ with its time' <<'END'
$ queuectl enqueue --id bad --max-retries 0 'echo oops >&2; exit 7'
bad
$ drain; queuectl dlq list
~ ID +DIED +TRIES +ERROR +COMMAND
~ bad +20[-0-9]*T[:0-9]*Z +1/1 +"exit code 7" +echo oops.*
$ queuectl show bad | grep '^error:'
error: exit code 7
END

promise A 'jobs survive restarts' <<'END'
$ queuectl enqueue --id a 'touch began; sleep 0.1'
a
$ queuectl enqueue --id b true; queuectl enqueue --id c true
b
c
$ start queuectl worker start; wait_for 10 test -f began; stop_workers
$ queuectl list -q
a
b
c
$ drain; state a; state b; state c
completed/a
completed/b
completed/c
END

# ---- B

promise B 'enqueue with an ID and max_retries in the JSON' <<'END'
$ queuectl enqueue '{"id":"job-1","command":"echo Hello World","max_retries":5}'
job-1
$ grep -e ^command -e ^max spool/pending/job-1
command=echo Hello World
max_retries=5
$ drain; queuectl output --stdout job-1
Hello World
END

promise B 'a second job of the same ID is refused' <<'END'
$ queuectl enqueue '{"id":"job-1","command":"echo 1"}'
job-1
$ queuectl enqueue '{"id":"job-1","command":"echo 2"}'
~ queuectl: job-1: there is a job of this ID already \(pending\): .*
[1]
$ grep command spool/pending/job-1
command=echo 1
END

promise B 'a failed job stays in failed until its time has come' <<'END'
$ queuectl config set backoff_base 1.5
$ queuectl enqueue --id a '[ -e tried ] || { touch tried; exit 1; }'
a
$ start queuectl worker start; in_state failed a; in_state completed a
$ states spool/completed/a
processing failed processing completed
$ [ "$(sed -n 's/.* retry_at=\([^ ]*\).*/\1/p' spool/completed/a)" \< \
>     "$(sed -n 's/^processing=\([^ ]*\) attempt=2.*/\1/p' spool/completed/a)" ]
END

promise B 'config keys with hyphens' <<'END'
$ queuectl config set backoff-base 5
$ queuectl config get backoff-base
5
$ queuectl config get backoff_base
5
END

promise B 'worker stop from another terminal' <<'END'
$ mkfifo keys
$ "$HELPERS/pty" queuectl worker start <keys >log 2>&1 & pty=$!
$ exec 3>keys; wait_for 10 logged event=started
$ queuectl worker stop
$ wait $pty
END

# "A built-in web dashboard with the job states in real time" is left out: it
# is not a matter of the command line.

# ---- C

promise C 'two workers never take the same job' <<'END'
$ mkdir ran
$ for i in 1 2 3 4 5 6 7 8 9; do
>     queuectl enqueue --id $i "mkdir ran/$i && echo >>runs" >/dev/null; done
$ start queuectl worker start; start queuectl worker start -n 3
$ in_state completed 1 2 3 4 5 6 7 8 9; wc -l <runs | tr -d ' '
9
END

promise C 'stale locks are reclaimed after 5 minutes' <<'END'
$ queuectl config get lock_lease_seconds
300
$ run='processing=2026-01-01T00:00:00.000000Z attempt=1 worker=elsewhere.1.1'
$ printf 'command=true\n%s\n' "$run" >spool/processing/fresh
$ printf 'command=true\n%s\n' "$run" >spool/processing/stale
$ touch -t 202601010000 spool/processing/stale
$ start queuectl worker start; in_state completed stale
$ state fresh
processing/fresh
END

promise C 'a list of the workers, and of the jobs that they hold' <<'END'
$ queuectl enqueue --id a 'until [ -e go ]; do sleep 0.02; done'
a
$ start queuectl worker start -n 2; wait_for 10 at_work 2; in_state processing a
$ queuectl worker status
~ WORKER +UP +RUNS +JOB +COMMAND
~ [^ ]*\.[0-9]* +20[^ ]*Z +- +- +\(supervisor of 2\)
~ [^ ]*\.[0-9]*\.[12] +20[^ ]*Z +(20[^ ]*Z +a +until .*|- +- +-)
~ [^ ]*\.[0-9]*\.[12] +20[^ ]*Z +(20[^ ]*Z +a +until .*|- +- +-)
$ queuectl worker status | grep -c ' a  *until'
1
$ touch go
END

promise C 'config set max-retries 5 reaches the next job' <<'END'
$ queuectl config set max-retries 5
$ queuectl enqueue --id a true; grep max_retries spool/pending/a
a
max_retries=5
END

promise C 'enqueue many jobs, start many workers' <<'END'
$ for i in 1 2 3 4 5 6 7 8; do echo "echo $i >>ran"; done |
>     queuectl enqueue --batch - | wc -l | tr -d ' '
8
$ queuectl worker start --count 4 --drain 2>/dev/null
$ sort ran | tr '\n' ' '
1 2 3 4 5 6 7 8 
END

promise C 'the job as JSON, with its seven fields and ISO 8601 times' json <<'END'
$ queuectl enqueue '{"id":"a","command":"exit 1"}'
a
$ queuectl list --json | tr -d ' \n' | tr , '\n' | sed 's/^\[*{//; s/}.*//' |
>     grep -E '"(id|command|state|attempts|max_retries|created_at|updated_at)":'
"id":"a"
"state":"pending"
"command":"exit1"
"attempts":0
"max_retries":3
~ "created_at":"20..-..-..T..:..:..[.0-9]*Z"
~ "updated_at":"20..-..-..T..:..:..[.0-9]*Z"
END

promise C 'a log for each job' <<'END'
$ queuectl enqueue --id a 'echo out; echo err >&2'; drain
a
$ queuectl logs a
STDOUT:
out
STDERR:
err
exit_code: 0
~ finished_at: 20.*Z
END

promise C 'timeouts' <<'END'
$ queuectl enqueue --id a --timeout 1 --max-retries 0 'sleep 60'; drain
a
$ state a; queuectl show a | grep '^error'
dead/a
error: timed out after 1 s
END

promise C 'cancellation' cancel <<'END'
$ queuectl enqueue --id runs 'touch began; sleep 60'
runs
$ queuectl enqueue --id waits --delay 1w true
waits
$ start queuectl worker start; wait_for 10 test -f began
$ queuectl cancel waits runs
$ in_state dead waits runs
END

# ---- D

promise D initdb <<'END'
$ rm -r spool; queuectl initdb; find spool -type d | wc -l | tr -d ' '
10
END

promise D 'add a command' <<'END'
$ id=$(queuectl add "echo 'Hello World'"); drain
$ queuectl output --stdout "$id"
Hello World
END

promise D 'add with --max-retries, --priority, --run-at' <<'END'
$ id=$(queuectl add "sleep 2" --max-retries 5); grep max_ "spool/pending/$id"
max_retries=5
$ id=$(queuectl add "echo hi" --priority 10); grep prio "spool/pending/$id"
priority=10
$ id=$(queuectl add "echo hi" --run-at "2025-12-01T10:00:00Z")
$ grep run_at "spool/pending/$id"
run_at=2025-12-01T10:00:00.000000Z
END

promise D 'list --state completed, list --dlq' <<'END'
$ queuectl add --id good true; queuectl add --id bad --max-retries 0 false
good
bad
$ drain; queuectl list --state completed --no-header
~ good +completed .* true
$ queuectl list --dlq --no-header
~ bad +dead .* false
END

promise D 'worker, worker -n 4, worker -n 4 --backoff-base 3' <<'END'
$ start queuectl worker; stop_workers; echo $STATUS
0
$ failed_before a 1
$ start queuectl worker -n 4; wait_for 10 at_work 4
$ wait_for 10 ended a 2; delay a 2; stop_workers
4000000
$ failed_before b 1; start queuectl worker -n 4 --backoff-base 3
$ wait_for 10 ended b 2; delay b 2
9000000
END

promise D 'show ID, with its output' <<'END'
$ queuectl add --id a --max-retries 0 'echo to stdout; echo to stderr >&2; exit 4'
a
$ drain; queuectl show a | sed -n '/^id/p; /^state/p; /^exit_code/p; /^  std/,$p'
id: a
state: dead
exit_code: 4
  stdout:
    to stdout
  stderr:
    to stderr
END

promise D 'requeue brings a dead job back, with all its attempts' <<'END'
$ queuectl add --id a --max-retries 0 '[ -e mended ]'; drain; state a
a
dead/a
$ queuectl requeue a; state a
pending/a
$ queuectl show a | grep '^attempts'
attempts: 0
END

promise D 'jitter of the backoff' <<'END'
$ queuectl config set backoff_jitter 50; queuectl config set backoff_base 100
$ for n in 1 2 3 4; do failed_before a$n 0; done
$ start queuectl worker start
$ for n in 1 2 3 4; do wait_for 10 ended a$n 1; done
$ for n in 1 2 3 4; do delay a$n 1; done |
>     awk '$1 < 50000000 || $1 > 150000000 { print "out of range: " $1 }'
$ for n in 1 2 3 4; do delay a$n 1; done | uniq | wc -l | tr -d ' '
4
END

promise D 'a command given as a list is run without a shell' <<'END'
$ queuectl add --id a '{"command":["echo","$HOME","a  b;","*"]}'
a
$ queuectl add --id b -- echo '$HOME' 'a  b;' '*'; drain
b
$ queuectl output --stdout a; queuectl output --stdout b
$HOME a  b; *
$HOME a  b; *
END

# ---- E

promise E 'priority 0 to 10, higher first, FIFO within one' <<'END'
$ for job in a0 b10 c5 d10 e5 f0; do
>     queuectl enqueue --id $job --priority ${job#?} "echo $job >>order"; done >/dev/null
$ drain; tr '\n' ' ' <order
b10 d10 c5 e5 a0 f0 
$ queuectl enqueue true --priority 11
~ queuectl: --priority: .*
[2]
END

promise E 'scheduling_mode fifo or priority, changed while jobs wait' <<'END'
$ queuectl config get scheduling_mode
priority
$ queuectl enqueue --id hold 'touch began; until [ -e go ]; do sleep 0.02; done'
hold
$ start queuectl worker start; wait_for 10 test -f began
$ for job in a0 b10 c5; do
>     queuectl enqueue --id $job --priority ${job#?} "echo $job >>order"; done >/dev/null
$ queuectl config set scheduling_mode fifo; noticed
$ touch go; in_state completed a0 b10 c5; tr '\n' ' ' <order
a0 b10 c5 
END

promise E 'JSON with --priority and --run-at beside it' <<'END'
$ queuectl enqueue '{"id":"a","command":"true","priority":1}' --priority 10 \
>     --run-at "2025-11-08T15:00:00Z"
a
$ grep -e priority -e run_at spool/pending/a
priority=10
run_at=2025-11-08T15:00:00.000000Z
END

promise E 'status ID' <<'END'
$ queuectl enqueue --id a true
a
$ queuectl status a | sed -n 1,3p
id: a
state: pending
command: true
END

promise E 'output get ID: STDOUT, STDERR, exit code, completion time' <<'END'
$ queuectl enqueue --id a --max-retries 0 'echo out; echo err >&2; exit 3'
a
$ drain; queuectl output get a
STDOUT:
out
STDERR:
err
exit_code: 3
~ finished_at: 20..-..-..T..:..:..[.0-9]*Z
END

promise E 'retry ID' <<'END'
$ queuectl enqueue --id a --max-retries 0 '[ -e mended ]'; drain; state a
a
dead/a
$ touch mended; queuectl retry a; drain; state a
completed/a
END

promise E 'worker status' <<'END'
$ start queuectl worker start; wait_for 10 at_work 1
$ queuectl worker status | wc -l | tr -d ' '
3
END

promise E 'config: six keys, their defaults, get and set' <<'END'
$ for key in job_timeout_seconds max_retries backoff_base max_backoff_seconds \
>     lock_lease_seconds scheduling_mode; do queuectl config get $key; done
3600
3
2
300
300
priority
$ queuectl config set job_timeout_seconds 60
$ queuectl config set max_retries 1; queuectl config set backoff_base 3
$ queuectl config set max_backoff_seconds 30
$ queuectl config set lock_lease_seconds 20
$ queuectl config set scheduling_mode fifo
$ for key in job_timeout_seconds max_retries backoff_base max_backoff_seconds \
>     lock_lease_seconds scheduling_mode; do queuectl config get $key; done
60
1
3
30
20
fifo
END

promise E 'config is persistent, and effective without a restart' <<'END'
$ start queuectl worker start
$ queuectl config set backoff_base 7; noticed
$ failed_before a 0; wait_for 10 ended a 1; delay a 1; stop_workers
7000000
$ failed_before b 0; start queuectl worker start
$ wait_for 10 ended b 1; delay b 1
7000000
END

promise E 'a job over its timeout is ended, marked failed, and retried' <<'END'
$ queuectl config set job_timeout_seconds 1
$ queuectl config set backoff_base 1
$ queuectl enqueue --id a '[ -e tried ] || { touch tried; sleep 60; }'
a
$ start queuectl worker start; in_state completed a
$ states spool/completed/a
processing failed processing completed
$ field spool/completed/a failed error
"timed
END

# ---- Where they contradict each other, or where a spool does better

promise ABCDE 'list without options shows all states; IDs print alone' <<'END'
$ queuectl enqueue --id good true; queuectl enqueue --id bad --max-retries 0 false
good
bad
$ drain; queuectl enqueue --id waits true; failed_before fails 1
waits
$ queuectl list --no-header | awk '{ print $1, $2 }' | sort
bad dead
fails failed
good completed
waits pending
END

promise AB 'the first run is no retry: max_retries=3 is four runs' <<'END'
$ queuectl config set max_backoff_seconds 0
$ queuectl enqueue --id a --max-retries 3 'echo >>runs; exit 1'; drain
a
$ wc -l <runs | tr -d ' '; state a
4
dead/a
END

promise BAD 'a failed job is claimed from failed/: pending does not see it' <<'END'
$ queuectl config set max_backoff_seconds 0
$ queuectl enqueue --id a --max-retries 2 'exit 1'; drain
a
$ states spool/dead/a
processing failed processing failed processing dead
END

promise AE 'the timeout is config; what is stamped stays, and new jobs follow' <<'END'
$ queuectl enqueue --id old true; queuectl config set job_timeout_seconds 300
old
$ queuectl config set max_retries 7; queuectl enqueue --id new true
new
$ grep -h -e max_retries -e timeout spool/pending/old spool/pending/new
max_retries=3
timeout=3600
max_retries=7
timeout=300
END

promise AC 'a queue a directory: -s ./spool, or QUEUECTL_SPOOL' <<'END'
$ mkdir one two
$ (cd one && queuectl -s ./spool enqueue --id a true)
a
$ (cd two && QUEUECTL_SPOOL=./spool queuectl enqueue --id b true)
b
$ queuectl -s one/spool list -q; queuectl -s two/spool list -q; queuectl list -q
a
b
END

promise C 'several worker start on one spool work together' <<'END'
$ for i in 1 2; do queuectl enqueue --id $i \
>     'touch began; until [ -e go ]; do sleep 0.02; done' >/dev/null; done
$ start queuectl worker start; start queuectl worker start
$ in_state processing 1 2; touch go; in_state completed 1 2
END

promise E 'extract, transform, load: in order with one worker' <<'END'
$ for step in extract transform load; do
>     queuectl enqueue "sleep 0.0$((${#step} - 3)); echo $step >>steps"; done >/dev/null
$ drain; tr '\n' ' ' <steps
extract transform load 
END

promise E 'transcripts go on: worker start --daemon' <<'END'
$ queuectl enqueue --id a true
a
$ queuectl worker start --daemon
~ [^ ]*\.[0-9]*
$ in_state completed a; queuectl worker stop
END

promise A 'to start afresh: stop the workers, rm -r the spool' <<'END'
$ queuectl enqueue --id a true; start queuectl worker start
a
$ in_state completed a; queuectl worker stop; wait "$SUPERVISOR"; rm -r spool
$ queuectl list
~ queuectl: .*/spool: there is no spool yet.*
$ queuectl enqueue --id a true
a
END

# What E's own code does wrong, and this one must not; `status ID`, `worker
# status`, `retry` and --priority beside JSON are above.

promise E 'a failed job is not retried before its delay' <<'END'
$ queuectl config set backoff_base 100
$ queuectl enqueue --id a 'echo >>runs; exit 1'; start queuectl worker start
a
$ in_state failed a; queuectl enqueue --id b true; in_state completed b
b
$ wc -l <runs | tr -d ' '; delay a 1
1
100000000
END

kept
