#!/bin/sh
# api: what the dashboard tells as JSON about jobs, their outputs, the last
# hour, and what they died of; and when it looks again.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"

command -v jq >/dev/null 2>&1 || {
	echo 'without jq: the JSON cannot be read'
	exit 77
}
q config set durability none
dashboard --listen 127.0.0.1:0
here="Host: 127.0.0.1:$PORT"

# ---- Jobs, page by page

seq 1 45 | sed 's/.*/echo number & >>ran/' | q enqueue --batch - --delay 1h \
    --priority 3 >ids
drop zero 'command=printf "<b>Zero</b>"' 'run_at=2099-01-01T00:00:00Z'
: >seen
after=
for page in 20 20 6; do
	get "/api/jobs?limit=20&after=$after"
	json '.jobs | length' "$page" 'jobs of a page'
	json .total 46 'jobs in all'
	jq -r '.jobs[].id' body >>seen
	after=$(jq -r .next body)
done
is null "$after" 'where the last page ends'
is zero "$(head -n 1 seen)" 'the newest job'
sort seen >sorted
q list -q | sort | cmp - sorted || fail 'the pages have other jobs than list'
get '/api/jobs?state=PENDING&limit=500'
json '.jobs | length' 46 'pending jobs'
q show --json zero >want
jq -S 'del(.runs, .notes)' want >want.sorted
jq -S '.jobs[0]' body | cmp want.sorted - || fail 'a job is not as show has it'
get '/api/jobs?state=dead'
json '.jobs, .next | @json' "$(printf '[]\nnull')" 'dead jobs'
for query in state=none limit=0 limit=501 limit=-1 limit=x after=x after=1.. after=.a \
    q=%zz q=%00 after=99999999999999999999.a; do
	answers 400 "GET /api/jobs?$query HTTP/1.1" "$here" 'Connection: close'
	sed '1,/^$/d' out >body
	[ "$(jq -r .error body)" != null ] || fail "$query: $(cat body)"
done

# ---- Searched

# found QUERY ID...: these jobs have it.
found() {
	get "/api/jobs?q=$1"
	shift
	is "$*" "$(jq -r '[.jobs[].id] | join(" ")' body)" "jobs with $path"
}
found ZERO zero
found 'umber+17+' "$(sed -n 17p ids)"
found '%3Cb%3Ezero%3C' zero
drop long "command=: $(head -c 60000 /dev/zero | tr '\0' a)" run_at=2099-01-01T00:00:00Z
found "$(head -c 7000 /dev/zero | tr '\0' a)b"
found "$(head -c 7000 /dev/zero | tr '\0' A)" long
rm spool/pending/long
found nothing
json .looked_at 46 'jobs that were looked at'
seq 1 2100 | sed 's/.*/: &/' | q enqueue --batch - --delay 1h >/dev/null
get '/api/jobs?q=number'
json '.jobs | length' 0 'jobs found in the first piece'
json .looked_at 2000 'jobs looked at'
get "/api/jobs?q=number&limit=500&after=$(jq -r .next body)"
json '.jobs | length' 45 'jobs found in the second piece'
json .next null 'where that ends'

# ---- One of them

get /api/jobs/zero
cmp want body || fail 'a job is not what show --json prints'
for path in none 'a%20b' 'zero/nothing' '' '~'; do
	answers 404 "GET /api/jobs/$path HTTP/1.1" "$here" 'Connection: close'
done
get /api/jobs/none
json .error 'no such job' 'what is said of none'

# ---- Outputs

workers --count 2
cat >writes.sh <<'END'
printf "a\303"
read -r x <go.1
printf "\244b\n"
read -r x <go.2
echo bad >&2
exit 3
END
mkfifo go.1 go.2
drop writes 'command=. ./writes.sh' "cwd=$PWD" max_retries=0

# writes_to N: so much of its output is known.
writes_to() {
	get '/api/jobs/writes/output?out=0&err=0'
	[ "$(jq -r .out.size body)" = "$1" ]
}
wait_for 10 writes_to 2
json '[.attempt, .running, .out.text, .out.from, .out.to] | @json' \
    '[1,true,"a",0,1]' 'the beginning of an output'
echo >go.1
wait_for 10 writes_to 5
json .out.text "$(printf 'a\303\244b\n')" 'what is there'
get '/api/jobs/writes/output?out=1&err=0'
json '[.out.from, .out.to, .out.text] | @json' '[1,5,"äb\n"]' 'the rest of it'
echo >go.2
wait_for 10 test -e spool/dead/writes
get '/api/jobs/writes/output?attempt=1&out=5&err=0'
json '[.running, .out.text, .err.text] | @json' '[false,"","bad\n"]' 'its end'
answers 404 "GET /api/jobs/writes/output?attempt=2 HTTP/1.1" "$here"
drop bytes 'command=printf "\200\200\200a\377"'
wait_for 10 test -e spool/completed/bytes
get '/api/jobs/bytes/output?out=1&err=5'
json '[.out.from, .out.to, .out.text] | @json' '[1,5,"��a�"]' \
    'bytes that are no characters'
rm -f spool/output/bytes.1.err
get '/api/jobs/bytes/output?err=5'
json '[.err.size, .err.from, .err.to] | @json' '[0,0,0]' 'an output that is not there'
rm spool/completed/bytes
get /api/jobs/zero/output
json .error 'it has not run yet' 'what is said before a job has run'

drop large 'command=seq 1 40000; printf "\377"'
wait_for 10 test -e spool/completed/large
size=$(q output --stdout large | wc -c | tr -d ' ')
get /api/jobs/large/output
json .out.size "$size" 'bytes of a large output'
json .out.from "$((size - 16384))" 'where its end begins'
at=0
: >whole
while [ "$at" -lt "$size" ]; do
	get "/api/jobs/large/output?out=$at"
	json .out.from "$at" 'where a piece begins'
	at=$(jq -r .out.to body)
	jq -j .out.text body >>whole
done
{ seq 1 40000; printf '\357\277\275'; } | cmp - whole ||
	fail 'its pieces are not what it wrote'
get "/api/jobs/large/output?out=999999999"
json .out.from "$((size - 16384))" 'where one begins that has become shorter'

# ---- The last hour, and what jobs died of

for code in 4 4 5; do
	q enqueue "exit $code" --max-retries 0 >/dev/null
done
drop bad 'command=true' 'priority=x'
wait_for 10 test -e spool/dead/bad
q wait --timeout 10 writes large 2>/dev/null || :
get /api/throughput
json '.completed | length' 60 'minutes'
json '.completed | add' 1 'completed in the last hour'
json '.dead | add' 5 'died in the last hour'
touch -t 202001010000 spool/completed/large
touch spool/completed
ended_none() {
	get /api/throughput
	[ "$(jq '.completed | add' body)" = 0 ]
}
wait_for 5 ended_none
get /api/errors
json '[.errors[] | [.count, .error] | @json] | .[0]' '[2,"exit code 4"]' \
    'what most died of'
json '.errors | map(.count) | add' 5 'all that died'
# By a piece of their error, or by the whole of it.
while read -r query want; do
	get "/api/jobs?state=dead&q=$query"
	json '[.jobs[].error] | sort | join(",")' "$want" "found with $query"
done <<'END'
CODE+4 exit code 4,exit code 4
exit+code exit code 3,exit code 4,exit code 4,exit code 5
error%3Dexit+code+4 exit code 4,exit code 4
error%3Dexit+code
error%3Dxit+code+4
END
get '/api/jobs?state=completed&q=error%3D'
json '.jobs | length' 1 'found without an error'
q enqueue --id more 'exit 5' --max-retries 0 >/dev/null
more_died() {
	get /api/errors
	[ "$(jq '.errors | map(select(.error == "exit code 5").count) | add' body)" = 2 ]
}
wait_for 5 more_died
q purge more 2>/dev/null
json '[.errors[] | select(.error | startswith("line 2"))] | length' 1 \
    'those that could not be read'
leave
dashboard --listen 127.0.0.1:0
get /api/throughput
json '.completed | add // 0' 0 'what ended years ago'

# ---- The page that the server makes

# page_has TEXT...: the page that was got last.
page_has() {
	for part; do
		grep -q -F "$part" body || fail "the page $path lacks: $part"
	done
}
drop runs 'command=: "<&>"; sleep 1000' timeout=600
wait_for 10 test -e spool/processing/runs
get /
get / # nothing is counted twice
page_has '1 of 2 workers busy' '<a href="?job=runs" data-nav>runs</a>' \
    ': &quot;&lt;&amp;&gt;&quot;; sleep 1000' ' of 10m</span>' \
    '<progress max="600"' '<span id="hour-d">5 died</span>' \
    'class="empty" hidden>There are none' 'class="empty" hidden>Nothing runs'
get '/?state=dead'
page_has '<h2 id="h-list" tabindex="-1">Dead jobs</h2>' \
    'href="?state=dead" aria-current="true"><b>5</b>' \
    '<span class="err">exit code 5</span>' 'name="state" value="dead"'
get '/?state=failed'
page_has 'class="empty">There are none'
get '/?job=writes'
page_has '<strong class="dead">dead</strong>' '<dt>Error</dt><dd>exit code 3'
get '/?job=none'
page_has '<h2 id="h-job" class="id">none</h2> no such job'
grep -q '^HTTP/1.1 404' out || fail "no such job: $(head -n 1 out)"
get /
grep -q 'id="hour-c">0 completed' body || fail 'what ended years ago counts'
q cancel runs

# ---- When it looks again

get /api/status
pending=$(jq .pending body)
q worker stop --now
touch -t 202001010000 spool/pending
get /api/status
mv spool/pending/zero elsewhere
touch -t 202001010000 spool/pending
get /api/status
json .pending "$pending" 'what it counts of a directory that has not changed'
touch -t 202001010001 spool/pending
get /api/status
json .pending "$((pending - 1))" 'what it counts when it has'

# Another spool in its place, none, and one where there was none.
mv spool old
get /api/status
json '[.pending, .dead] | @json' '[0,0]' 'what it counts of no spool'
get '/api/jobs'
json .total 0 'jobs of no spool'
answers 404 'GET /api/jobs/large HTTP/1.1' "Host: 127.0.0.1:$PORT" \
    'Connection: close'
q enqueue true >/dev/null
get /api/status
json .pending 1 'what it counts of a new one'
leave

# Where there is no spool yet, what config has by default holds.
export QUEUECTL_SPOOL="$PWD/later"
dashboard --listen 127.0.0.1:0
get /api/status
json .pending 0 'what it counts where there is nothing'
q init
echo command=true >later/pending/first
get /api/jobs/first
json '[.max_retries, .timeout] | @json' '[3,3600]' 'what config has by default'
q config set max_retries 7
get /api/jobs/first
json .max_retries 7 'what it has now'
touch -t 196001010000 later/pending/first
echo command=true >later/pending/second
get '/api/jobs?limit=1'
json '.jobs[0].id' second 'the newest job'
get "/api/jobs?limit=1&after=$(jq -r .next body)"
json '.jobs[0].id' first 'a job of long ago'
leave

# What is put right in place, by hand, where so few wait that they are looked at.
dashboard --listen 127.0.0.1:0
rm later/pending/*
printf 'command=true\n' >later/pending/slow
touch -t 202001010000 later/pending
get /api/status
json .next_due null 'when the next one is due'
printf 'run_at=2099-01-01T00:00:00Z\n' >>later/pending/slow
touch -t 202001010000 later/pending
get /api/status
exits 0 q status --json
cmp out body || fail "/api/status is not what status tells: $(cat body)"
json .next_due 2099-01-01T00:00:00.000000Z 'when the next one is due'

# A config that is faulty is left out whole.
echo command=true >later/pending/plain
printf 'max_retries=7\nno_such_key=1\n' >later/config
get /api/jobs/plain
json .max_retries 3 'what a faulty config has set'
rm later/config

# Of many long ones an answer has as many as it can hold; the next go on.
i=0
while [ $((i += 1)) -le 20 ]; do
	{ printf 'command=: '; head -c 60000 /dev/zero | tr '\0' x; echo; } \
	    >"later/dead/long$i"
done
after=
: >seen
while [ "$after" != null ]; do
	get "/api/jobs?state=dead&q=xxx&limit=100&after=$after"
	[ "$(wc -c <body)" -lt 400000 ] || fail "too much: $(wc -c <body)"
	jq -r '.jobs[].id' body >>seen
	after=$(jq -r .next body)
done
is 20 "$(sort -u seen | wc -l | tr -d ' ')" 'long jobs in all answers'
is 20 "$(wc -l <seen | tr -d ' ')" 'times that they were listed'
rm later/dead/long*

# Times that no clock has, where the file system takes them.
echo command=true >later/dead/ahead
touch -t 209901010000 later/dead/ahead
get /api/throughput
json '[.dead | length, add] | @json' '[60,0]' 'what has died in time to come'
echo command=true >later/completed/far
if touch -d @9223372036854 later/completed/far 2>/dev/null; then
	get '/api/jobs?state=completed&limit=1'
	json '.jobs[0].id' far 'what ended far in the future'
	get /api/status
	json .completed 1 'how many have ended'
fi
leave

# What it cannot read is there nevertheless.
[ "$(id -u)" -eq 0 ] || exit 0
TRASH=$(mktemp -d "${TMPDIR:-/tmp}/queuectl-user.XXXXXX")
cp "$QUEUECTL" "$HELPERS/asuser" "$TRASH/"
mkdir "$TRASH/home"
chmod 755 "$TRASH" "$TRASH"/*
chown 65534 "$TRASH/home"
QUEUECTL_SPOOL=$TRASH/home/spool
"$TRASH/asuser" 65534 "$TRASH/queuectl" init
echo command=true >"$QUEUECTL_SPOOL/pending/hidden"
chmod 600 "$QUEUECTL_SPOOL/pending/hidden"
rm -f url
"$TRASH/asuser" 65534 "$TRASH/queuectl" dashboard --listen 127.0.0.1:0 >url &
WEB=$!
PIDS="$PIDS $WEB"
wait_for 10 test -s url
PORT=$(sed -n 's|^http://.*:\([0-9]*\)/.*$|\1|p' url)
get /api/jobs
json '[.jobs[] | [.id, .error]] | @json' \
    '[["hidden","cannot be read: Permission denied"]]' 'what is told of it'
get '/?job=hidden'
grep -q '>hidden</h2> .*Permission denied' body || fail 'the page does not say why'
mkdir -p "$QUEUECTL_SPOOL/tmp"
printf '%s\n' command=true \
    'processing=2001-01-02T00:00:04Z attempt=1 worker=box.7.1' \
    'dead=2001-01-02T00:00:05Z attempt=1 exit_code=3 error="exit code 3"' \
    >"$QUEUECTL_SPOOL/tmp/gone"
chown 65534 "$QUEUECTL_SPOOL/tmp/gone"
chmod 0 "$QUEUECTL_SPOOL/tmp/gone"
mv "$QUEUECTL_SPOOL/tmp/gone" "$QUEUECTL_SPOOL/dead/gone"
get /api/errors
json '.errors[].error' 'cannot be read: Permission denied' 'what cannot be read died of'
chmod 600 "$QUEUECTL_SPOOL/dead/gone"
get /api/errors
json '.errors[].error' 'exit code 3' 'what could not be read died of'
echo max_retries=9 >"$QUEUECTL_SPOOL/config"
chown 65534 "$QUEUECTL_SPOOL/config"
chmod 0 "$QUEUECTL_SPOOL/config"
get /api/jobs/gone
json .max_retries 3 'what a config that cannot be read has set'
chmod 600 "$QUEUECTL_SPOOL/config"
get /api/jobs/gone
json .max_retries 9 'what a config that could not be read has set'
leave
