#!/bin/sh
# slow
# JSON out: what list, show and status print for programs, whatever a job
# holds, and that enqueue takes it back.

. "$TESTS/lib.sh"
LC_ALL=C
export LC_ALL
q config set durability none

has() {
	command -v "$1" >/dev/null 2>&1
}

# accepted FILE: it is JSON, say those who can tell.
accepted() {
	! has python3 || python3 -m json.tool <"$1" >/dev/null ||
		fail "python3 refuses $(cat "$1")"
	! has jq || jq . <"$1" >/dev/null || fail "jq refuses $(cat "$1")"
}

# harmless FILE: nothing in it moves a cursor but the ends of lines.
harmless() {
	is '' "$(tr -cd '\001-\011\013-\037\177' <"$1" | od -An -c)" \
	    "control bytes in $1"
	! grep -q "$(printf '\302[\200-\237]')" "$1" ||
		fail "C1 controls in $1"
}

# now: with NOW for the times of today.
now() {
	sed 's/20[2-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:.]*Z/NOW/g'
}

# prints TEXT ARG...: with NOW for the times.
prints() {
	text=$1
	shift
	exits 0 q "$@"
	now <out >got
	printf '%s\n' "$text" | diff - got || fail "'$*' prints something else"
	accepted out
}

# commands DIR: the commands of the jobs in ./ids, line by line.
commands() {
	(
		cd "$1" || exit
		# shellcheck disable=SC2046 # a list
		awk 'FNR == 1 { print FILENAME }
		/^ / { if (on) print; next }
		{ on = /^command=/ }
		on' $(cat "$OLDPWD/ids")
	)
}

# ---- Nothing there

prints '[]' list --json
prints '[]' dlq list --json
prints '[]' worker status --json
exits 0 q list --jsonl
[ ! -s out ] || fail "it prints: $(cat out)"
empty='{"pending":0,"processing":0,"completed":0,"failed":0,"dead":0'
empty="$empty,\"workers_busy\":0,\"workers_idle\":0,\"paused\":null}"
prints "$empty" status --json
prints '[]' -s none list --json
prints "$empty" -s none status --json
[ ! -e none ] || fail 'a spool was made'

# ---- Each byte that a job can hold

i=1
while [ "$i" -le 255 ]; do
	byte="\\$((i / 64))$((i / 8 % 8))$((i % 8))"
	[ "$i" -ne 10 ] || byte='\n ' # it goes on in the next line
	# shellcheck disable=SC2059
	printf "command=x$byte\\\\y\"\n" >"spool/pending/b$i"
	i=$((i + 1))
done
# Whole characters: C1 controls, those that end lines, the ends of planes.
{
	printf 'command=\302\200\302\205\302\233H\302\237\302\240'
	printf '\342\200\250\342\200\251\357\273\277\357\277\275\357\277\277'
	printf '\360\220\200\200\360\237\230\200\364\217\277\277\033[2J\n  \n \n'
} >spool/pending/whole
exits 0 q list --json
accepted out
harmless out
is 256 "$(grep -c '"id":' out)" jobs
is 256 "$(wc -l <out | tr -d ' ')" lines
is 128 "$(grep -c '"not_utf8":\["command"\]' out)" 'jobs that JSON cannot say'
sed 's/^\[//; s/,$//; s/]$//' out >elements
q list --jsonl >lines
cmp elements lines || fail '--jsonl and --json differ'
q list --json --reverse --no-header >out
accepted out
sed 's/^\[//; s/,$//; s/]$//' out | sed -n '1!G;h;$p' | cmp - lines ||
	fail '--reverse is not that'

grep -v not_utf8 lines >good
q -s again enqueue --batch good >ids
is 128 "$(wc -l <ids | tr -d ' ')" 'jobs that came back'
commands spool/pending >must
commands again/pending | cmp - must || fail 'some came back as other jobs'

for id in b10 b27 b127 b155 whole; do
	exits 0 q show "$id" --json
	accepted out
	harmless out
	is 1 "$(wc -l <out | tr -d ' ')" 'lines of show --json'
	exits 0 q show "$id"
	harmless out
done
q list >out
harmless out
q show b255 --json >bad
exits 2 q -s again enqueue --file bad
grep -q "not_utf8.*'command'.*--file" err || fail "it says: $(cat err)"
[ ! -e again/pending/b255 ] || fail 'another job was enqueued'

# At a terminal; its driver puts a carriage return before each newline.
at_terminal() {
	rm -f keys
	mkfifo keys
	NO_COLOR=1 "$HELPERS/pty" "$QUEUECTL" "$@" <keys >screen 2>&1 &
	pty=$!
	exec 3>keys
	wait "$pty" || fail "$*: $(cat screen)"
	exec 3>&-
	sed "s/$(printf '\r')\$//" screen >out
	harmless out
}
at_terminal list
at_terminal list --json
for id in b13 b27 whole; do
	at_terminal show "$id"
	at_terminal status "$id" --json
done
rm -r again spool/pending
mkdir -m 700 spool/pending

# ---- Every member

day=2001-01-02T00:00
dir=$(printf '%s/\303\244' "$PWD")
{
	printf 'arg=a\narg=\narg=b\n c\ncwd=%s\numask=027\n' "$dir"
	printf 'env=A=1\nenv=B=x=y\nenv=A=2"\nenv=C=\n'
	printf 'priority=7\nmax_retries=2\ntimeout=9\n'
	printf 'run_at=2999-01-01T00:00:00Z\nbackoff_base=1.1\n'
	printf 'max_backoff=50\ncreated_at=%s:01Z\n' "$day"
} >spool/pending/full
full='{"id":"full","state":"pending","argv":["a","","b\nc"],"priority":7,'
full="$full\"attempts\":0,\"max_retries\":2,\"timeout\":9,\"run_at\":\"2999-"
full="${full}01-01T00:00:00.000000Z\",\"created_at\":\"$day:01.000000Z\","
full="$full\"updated_at\":\"NOW\",\"cwd\":\"$dir\","
full="$full\"env\":{\"B\":\"x=y\",\"A\":\"2\\\"\",\"C\":\"\"},"
full="$full\"umask\":\"027\",\"backoff_base\":1.1,\"max_backoff\":50"
prints "[$full}]" list --json
printf 'upgrade\t\377\n' >spool/paused
u=$(printf '\357\277\275')
exits 0 q show full --json
accepted out
now <out | sed 's/, in [0-9dh]*"/, in DAYS"/' >got
due='due at 2999-01-01T00:00:00.000000Z, in DAYS'
none="no worker is running: start one with 'queuectl worker start'"
{
	printf '%s,"runs":[],"notes":["%s",' "$full" "$due"
	printf '"the queue is paused: upgrade\\t%s",' "$u"
	printf '"%s"],"not_utf8":["notes"]}\n' "$none"
} | diff - got || fail 'show --json'
cp out job
{
	printf '{"pending":1,"processing":0,"completed":0,"failed":0,"dead":0,'
	printf '"oldest":"%s:01.000000Z",' "$day"
	printf '"next_due":"2999-01-01T00:00:00.000000Z","workers_busy":0,'
	printf '"workers_idle":0,"paused":"upgrade\\t%s"}\n' "$u"
} >must
exits 0 q status --json
cmp must out || fail "status --json prints: $(cat out)"
exits 2 q -s again enqueue --file out

# It comes back the same, though the note could not be said.
exits 0 q -s again enqueue --file job
prints "[$(printf '%s' "$full" | sed "s/$day:01.000000Z/NOW/")}]" -s again list --json
rm -r again spool/pending/full spool/paused

# What it has twice, or cannot be said at all.
printf 'arg=a\377\ncwd=/\376\nenv=\375=1\nenv=\374=1\nenv=A=\373\n' \
    >spool/pending/odd
exits 0 q show odd --json
accepted out
grep -q "\"env\":{\"A\":\"$u\"},.*\"not_utf8\":\\[\"argv\",\"cwd\",\"env\"]}" \
    out || fail "it prints: $(cat out)"
exits 2 q enqueue --id other --file out
for names in '["odd"]' '["id"]' '"command"' '[1]'; do
	exits 2 q enqueue "{\"command\":\"a\",\"not_utf8\":$names}"
done
exits 0 q enqueue \
    '{"id":"z","command":"a","not_utf8":["error","runs"],"notes":["x"]}'
exits 0 q enqueue \
    '{"id":"y~20260101T000000.000","command":"a","not_utf8":[]}'
is y "$(cat out)" 'the ID of an older record'
is 'odd y z' "$(cd spool/pending && echo ?*)" 'what was enqueued'
rm spool/pending/*

# ---- Jobs that cannot be read

printf 'priority=11\ncommand=true\n' >spool/pending/faulty
printf 'command=tr' >spool/pending/half
exits 0 q list --json
accepted out
grep -q '"id":"faulty","state":"pending",.*"error":"line 1: priority: must' \
	out || fail "it prints: $(cat out)"
grep -q '"id":"half","state":"pending",.*"error":"half-written: the' out ||
	fail "it prints: $(cat out)"
rm spool/pending/half
drain
exits 0 q dlq list --json
accepted out
grep -q '"id":"faulty","state":"dead",.*"error":"line 1: priority: must' out ||
	fail "it prints: $(cat out)"
rm spool/dead/faulty

# ---- Runs

printf '%s\n' max_backoff=0 max_retries=1 \
    'command=printf "\033[2J\377"; kill -9 $$' >spool/pending/killed
drain
exits 0 q show killed
harmless out
q show killed --json >out
accepted out
now <out | sed 's/"worker":"[^"]*\.1"/"worker":"W"/g' >got
run='"started_at":"NOW","finished_at":"NOW","signal":9,"error":"killed by signal 9","worker":"W"'
{
	printf '{"id":"killed","state":"dead",'
	printf '%s' '"command":"printf \"\\033[2J\\377\"; kill -9 $$",'
	printf '"priority":0,"attempts":2,"max_retries":1,"timeout":3600,'
	printf '"created_at":"NOW","updated_at":"NOW",%s,' "$run"
	printf '"max_backoff":0,"runs":[{"attempt":1,"state":"failed",%s},' "$run"
	printf '{"attempt":2,"state":"dead",%s}],"notes":[]}\n' "$run"
} | diff - got || fail 'show --json of a job that ran'
q dlq show killed --json | cmp - out || fail 'dlq show --json'
q status killed --json | cmp - out || fail 'status JOB --json'

drop held "cwd=$PWD" 'command=until test -e go; do sleep 0.02; done'
workers
busy() {
	q worker status --json | grep -q '"job":"held"'
}
wait_for 10 busy
exits 0 q worker status --json
accepted out
now <out | sed "s/\"[^\"]*\\.$SUPERVISOR/\"S/g" >got
{
	printf '[{"name":"S","role":"supervisor","started_at":"NOW","workers":1}'
	printf ',{"name":"S.1","role":"worker","started_at":"NOW",'
	printf '"job":"held","job_started_at":"NOW"}]\n'
} | diff - got || fail 'worker status --json'
counts='{"pending":0,"processing":1,"completed":0,"failed":0,"dead":1'
prints "$counts,\"longest_since\":\"NOW\",\"workers_busy\":1,\"workers_idle\":0,\"paused\":null}" \
    status --json
: >go
wait_for 10 test -f spool/completed/held
stop_workers

# ---- What does not go together, and errors

for bad in 'list -q --json' 'list --json --jsonl' 'dlq list --jsonl -q'; do
	# shellcheck disable=SC2086
	exits 2 q $bad
	is 1 "$(wc -l <err | tr -d ' ')" 'lines of the error'
	[ ! -s out ] || fail "'$bad' prints: $(cat out)"
done
exits 3 q show nobody --json
[ ! -s out ] || fail "it prints: $(cat out)"
exits 1 q dlq show held --json
[ ! -s out ] || fail "it prints: $(cat out)"
grep -q '^queuectl: held: is completed, not dead' err || fail "$(cat err)"
exits 3 q dlq show nobody
