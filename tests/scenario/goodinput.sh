#!/bin/sh
# Good command lines, with what they print on standard output to the letter:
# plain output is an interface.

. "$TESTS/lib.sh"
quick_poll
q config set durability none
umask 027

# says TEXT ARG...: it prints that and nothing else, and exits with 0.
says() {
	wanted=$1
	shift
	got=0
	"$QUEUECTL" "$@" >out 2>err || got=$?
	is 0 "$got" "exit status of '$*', which says: $(cat err)"
	[ ! -s err ] || fail "'$*' says: $(cat err)"
	printf '%s' "${wanted:+$wanted
}" | cmp - out || fail "'$*' prints: $(cat out)"
}

# makes ARG...: it enqueues a job and prints its ID alone: $ID.
makes() {
	exits 0 q "$@"
	ID=$(cat out)
	is "$ID
" "$(cat out)
" "standard output of $*"
	[ ! -s err ] || fail "'$*' says: $(cat err)"
	[ -f "spool/pending/$ID" ] || fail "$* made no job"
	echo "$ID" | grep -q '^[0-9]\{8\}T[0-9]\{6\}\.[0-9]\{3\}-[0-9a-z]\{6\}$' ||
		fail "$* printed the ID $ID"
}

# holds ID LINE...: its file has these lines, and created_at.
holds() {
	sed 's/^created_at=20..-..-..T..:..:..\.......Z$/created_at=NOW/' \
	    "spool/pending/$1" | sort >is
	shift
	printf '%s\n' created_at=NOW "$@" | sort >must
	diff must is || fail 'these lines differ'
}

# stamped ID LINE...: as that, with what enqueue adds.
stamped() {
	holds "$@" "cwd=$PWD" umask=027 priority=0 max_retries=3 timeout=3600
}

# ---- Nothing there yet

for command in list 'list -q' 'dlq list' 'list --no-header'; do
	# shellcheck disable=SC2086
	says '' $command
done
says 'pending: 0
processing: 0
completed: 0
failed: 0
dead: 0
workers: 0 busy, 0 idle' status
says '' init
says '' initdb
says '' init-db

# Without a spool: the same, and none is made.
for command in list 'dlq list' status 'config get max_retries' \
    'worker status' 'config list' 'worker stop'; do
	# shellcheck disable=SC2086
	exits 0 q -s none $command
	grep -q '^queuectl: none: there is no spool yet' err ||
		fail "$command without a spool says: $(cat err)"
	[ ! -e none ] || fail "$command made a spool"
done

# Where: -s, then $QUEUECTL_SPOOL, then the home.
says one -s first enqueue --id one true
says two enqueue true --spool=second --id two
says one -s first list -q
says two list -q -sfirst -s second
HOME=$PWD/home XDG_STATE_HOME=$PWD/state
export HOME XDG_STATE_HOME
if [ "$(id -u)" -ne 0 ]; then
	(
		unset QUEUECTL_SPOOL
		says three enqueue --id three true
		unset XDG_STATE_HOME
		says four enqueue --id four true
	)
	[ -f state/queuectl/pending/three ] || fail 'not in XDG_STATE_HOME'
	[ -f home/.local/state/queuectl/pending/four ] || fail 'not at home'
fi
is '' "$(find first ! -perm 700 -type d; find first ! -perm 600 -type f)" \
    'what is not for its owner only'

# ---- enqueue

makes enqueue 'echo "a  b" | wc'
stamped "$ID" 'command=echo "a  b" | wc'
makes enqueue -- printf '%s\n' 'a b' '' --id
stamped "$ID" arg=printf 'arg=%s\n' 'arg=a b' arg= arg=--id
makes enqueue 'a
b

 c'
stamped "$ID" 'command=a' ' b' ' ' '  c'
makes enqueue --command '{ true; }'
stamped "$ID" 'command={ true; }'
makes enqueue --cmd=true --priority 3 --priority=4
holds "$ID" command=true "cwd=$PWD" umask=027 priority=4 max_retries=3 timeout=3600
says i-1 enqueue --id i-1 true
says i.2 enqueue true --id=i.2
says _3 add --id _3 true
stamped _3 command=true
says all enqueue --id all --priority 10 --max-retries 0 --timeout 1h30m \
    --run-at 2999-12-31T23:59:59.5Z --backoff-base 1.5 --cwd /usr \
    --env A=1 --env 'B=x y=z' --env HOME --env A=2 'exit 0'
holds all 'command=exit 0' cwd=/usr umask=027 priority=10 max_retries=0 \
    timeout=5400 run_at=2999-12-31T23:59:59.500000Z backoff_base=1.5 \
    env=A=1 'env=B=x y=z' "env=HOME=$PWD/home" env=A=2
says rel enqueue --id rel --cwd sub/dir --timeout 0 --retries 7 true
holds rel command=true "cwd=$PWD/sub/dir" umask=027 priority=0 \
    max_retries=7 timeout=0
makes enqueue --max_retries 2 true
holds "$ID" command=true "cwd=$PWD" umask=027 priority=0 max_retries=2 \
    timeout=3600
makes enqueue --delay 1d true
is 1 "$(grep -c '^run_at=20..-..-..T..:..:..\.......Z$' \
    "spool/pending/$ID")" 'run_at of --delay'
makes enqueue --run-at @4102444800 true
grep -q '^run_at=2100-01-01T00:00:00.000000Z$' "spool/pending/$ID" ||
	fail 'run_at of @SECONDS'

# JSON; an option beats it.
says j1 enqueue '{"id":"j1","command":"echo \"\u00e4\"\n","priority":2,
    "max_retries":1,"timeout":60,"run_at":"2999-01-01T00:00:00+01:00",
    "cwd":"/","env":{"A":"1","B":"2=3"},"backoff_base":1.5}'
holds j1 'command=echo "ä"' ' ' priority=2 max_retries=1 timeout=60 \
    run_at=2998-12-31T23:00:00.000000Z cwd=/ umask=027 env=A=1 env=B=2=3 \
    backoff_base=1.5
says j2 enqueue '{"id":"x","command":["a","b c"],"priority":2,"state":"dead",
    "attempts":3,"created_at":"2001-01-01T00:00:00Z","exit_code":1}' \
    --id j2 --priority 9 --timeout 5 --max-retries 4
holds j2 arg=a 'arg=b c' priority=9 max_retries=4 timeout=5 "cwd=$PWD" umask=027
makes enqueue '{"argv":["true"],"timeout_seconds":9}' --command 'exit 4'
holds "$ID" 'command=exit 4' timeout=9 "cwd=$PWD" umask=027 priority=0 \
    max_retries=3

# Files.
printf '# mine\ncommand=a\n b\ncolour=red\npriority=1\n' >job
says f1 enqueue --file job --id f1
holds f1 '# mine' command=a ' b' colour=red priority=1 "cwd=$PWD" umask=027 \
    max_retries=3 timeout=3600
says f2 enqueue --id f2 --priority 5 --file - <job
holds f2 '# mine' command=a ' b' colour=red priority=1 priority=5 "cwd=$PWD" \
    umask=027 max_retries=3 timeout=3600
says f3 enqueue --file - <<'END'
{"id":"f3",
 "command":"true"}
END
stamped f3 command=true
printf 'created_at=2001-01-01T00:00:00Z\narg=true\n' >job
says f4 enqueue --file job --id f4
grep -q '^created_at=2001-01-01T00:00:00Z$' spool/pending/f4 ||
	fail 'created_at of the file was lost'

# A batch: in order, one a line.
printf '%s\n' 'echo 1' '' '{"id":"b2","command":"echo 2"}' \
    ' echo 3' '{"id":"b4","argv":["echo","4"],"priority":8}' >lines
exits 0 q enqueue --batch lines --max-retries 1
is 4 "$(wc -l <out | tr -d ' ')" 'IDs of the batch'
is 'b2 b4' "$(sed -n '2p;4p' out | tr '\n' ' ' | sed 's/ $//')" 'IDs chosen'
holds "$(sed -n 3p out)" 'command= echo 3' "cwd=$PWD" umask=027 priority=0 \
    max_retries=1 timeout=3600
holds b4 arg=echo arg=4 "cwd=$PWD" umask=027 priority=8 max_retries=1 \
    timeout=3600
says b5 enqueue --batch - <<'END'
{"id":"b5","command":"true"}
END
says '' enqueue --batch /dev/null

# ---- list, status, show, output, dlq

rm -r spool
says '' init
q config set durability none
quick_poll
day=created_at=2001-01-02T00:00
printf '%s\n' "$day:01.5Z" command=true >a
printf '%s\n' "$day:02.5Z" priority=10 max_retries=0 \
    'command=printf "out\n"; echo "e  rr" >&2; exit 3' >b
printf '%s\n' "$day:03.5Z" run_at=2999-01-01T00:00:00Z arg=echo 'arg=a  b' >c
printf '%s\n' "$day:04.5Z" max_backoff=100000 backoff_base=90000 \
    'command=printf "a\tb\033[1m"' ' exit 1' >long-name
for job in a b c long-name; do
	says $job enqueue --id $job --cwd / --file $job
done
header='ID        STATE      PRI TRIES AGE/DUE              COMMAND'
c='c         pending    0   0/4   2999-01-01T00:00:00Z echo '"'a  b'"
b='printf "out\n"; echo "e  rr" >&2; exit 3'
long='printf "a\tb\033[1m"\nexit 1'
says "$header
a         pending    0   0/4   2001-01-02T00:00:01Z true
b         pending    10  0/1   2001-01-02T00:00:02Z $b
$c
long-name pending    0   0/4   2001-01-02T00:00:04Z $long" list
exits 0 q status
is 'queuectl: no worker is running: start one with '\''queuectl worker start'\' \
    "$(cat err)" 'what status says'
is 'pending: 4 (oldest 2001-01-02T00:00:01Z, next due 2999-01-01T00:00:00Z)' \
    "$(head -n 1 out)" 'status'

# prints TEXT ARG...: as `says`, but with NOW, S and HOST.PID for what differs
# from run to run, and whatever is noted on standard error.
prints() {
	text=$1
	shift
	exits 0 q "$@"
	sed -e 's/20[1-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:.]*Z/NOW/g' \
	    -e 's/, [0-9]*\.[0-9]* s$/, S s/' \
	    -e "s/[^ ]*\\.$SUPERVISOR\\(\\.1\\)*/HOST.PID\\1/" out >got
	printf '%s\n' "$text" | diff - got || fail "'$*' prints something else"
}

# One job in each state but processing.
settled() {
	[ "$(count pending)$(count completed)$(count failed)$(count dead)" = 1111 ]
}
workers
wait_for 10 settled

says 'a
b
c
long-name' list -q
says 'a
b' list --quiet --state COMPLETED --state Dead
says 'ID STATE      PRI TRIES AGE/DUE              COMMAND
c  pending    0   0/4   2999-01-01T00:00:00Z echo '\''a  b'\' \
    list --state pending
says 'c  pending    0   0/4   2999-01-01T00:00:00Z echo '\''a  b'\' \
    list --state pending --no-header
says b list --dlq -q
says 'c
long-name' list -q --limit 2
says '' list --limit 0
says '' list --state processing
prints "$header
a         completed  0   1/4   2001-01-02T00:00:01Z true
b         dead       10  1/1   2001-01-02T00:00:02Z $b
$c
long-name failed     0   1/4   NOW $long" list
prints 'ID DIED                 TRIES ERROR         COMMAND
b  NOW 1/1   "exit code 3" '"$b" dlq list
prints 'b  NOW 1/1   "exit code 3" '"$b" dlq list --limit 1 --no-header
says b dlq list -q
prints 'pending: 1 (oldest 2001-01-02T00:00:03Z, next due 2999-01-01T00:00:00Z)
processing: 0
completed: 1
failed: 1 (next due NOW)
dead: 1
workers: 0 busy, 1 idle' status
shown='id: b
state: dead
command: '$b'
priority: 10
attempts: 1
max_retries: 0
timeout: 3600
created_at: 2001-01-02T00:00:02.500000Z
updated_at: NOW
started_at: NOW
finished_at: NOW
exit_code: 3
error: exit code 3
worker: HOST.PID.1
cwd: /
umask: 027
attempt 1: dead, exit code 3, S s
  started_at: NOW
  finished_at: NOW
  worker: HOST.PID.1
  error: exit code 3
  stdout:
    out
  stderr:
    e  rr'
prints "$shown" show b
prints "$shown" status b
exits 0 q show c
sed 's/, in [1-9][0-9]*d\([1-9][0-9]*h\)\{0,1\}$/, in DAYS/
    s/^updated_at: .*/updated_at: NOW/' out >got
printf '%s\n' 'id: c
state: pending
argv: echo '\''a  b'\''
priority: 0
attempts: 0
max_retries: 3
timeout: 3600
run_at: 2999-01-01T00:00:00.000000Z
created_at: 2001-01-02T00:00:03.500000Z
updated_at: NOW
cwd: /
umask: 027
note: due at 2999-01-01T00:00:00.000000Z, in DAYS' | diff - got || fail 'show c'

for command in output 'output get' logs; do
	# shellcheck disable=SC2086
	prints 'STDOUT:
out
STDERR:
e  rr
exit_code: 3
finished_at: NOW' $command b
	# shellcheck disable=SC2086
	says out $command b --stdout
	# shellcheck disable=SC2086
	says 'e  rr' $command --stderr b
done
prints 'STDOUT:
STDERR:
exit_code: 0
finished_at: NOW' output a
is 'a	b\x1b[1m' "$(q output long-name | sed -n 2p)" 'what could move a cursor'
printf 'a\tb\033[1m' >must
q output --stdout long-name | cmp - must || fail 'the bytes are not those'

# ---- retry: what it prints, and what it does

for command in 'retry b' 'requeue b' 'dlq retry b' 'retry --again a' \
    'retry b long-name'; do
	# shellcheck disable=SC2086
	says '' $command
	wait_for 10 settled
done
stop_workers
again='pending processing dead'
is "processing dead $again $again $again $again" "$(states spool/dead/b)" \
    'history of b'
is retried "$(field spool/dead/b pending reason)" 'reason of b'
is 'processing completed pending processing completed' \
    "$(states spool/completed/a)" 'history of a'
is 'processing failed pending processing failed' \
    "$(states spool/failed/long-name)" 'history of long-name'
is 5 "$(find spool/output -name 'b.*.out' | wc -l | tr -d ' ')" 'outputs of b'
says '' retry b
is 0/1 "$(q list --no-header | sed -n 's/^b .* 10 *\([^ ]*\) .*/\1/p')" \
    'tries of b: afresh'

# ---- worker

drop run "cwd=$PWD" 'command=: >began; until [ -e go ]; do sleep 0.02; done'
workers -n2
wait_for 10 test -f began
wait_for 10 test -f spool/dead/b
exits 0 q worker status
sed -e 's/20[1-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:.]*Z/NOW/g' \
    -e "s/[^ ]*\\.$SUPERVISOR/HOST.PID/" out | tr -s ' ' >got
grep '^HOST\.PID NOW - - (supervisor of 2)$' got >/dev/null ||
	fail "worker status: $(cat out)"
is 1 "$(grep -c '^HOST\.PID\.[12] NOW NOW run : >began; until' got)" 'busy'
is 1 "$(grep -c '^HOST\.PID\.[12] NOW - - -$' got)" 'idle workers'
is 4 "$(wc -l <got | tr -d ' ')" 'lines of worker status'
q status >out
grep -q '^workers: 1 busy, 1 idle$' out || fail "status: $(cat out)"
: >go
says '' worker stop
exits 0 q worker start --daemon --log daemon.log --count auto
name=$(cat out)
is "${name%.*}" "$(q worker status | sed -n '2s/\.[0-9]* .*//p')" 'its host'
says '' worker stop "$name"
grep -q event=stopped daemon.log || fail 'the daemon did not stop'

# ---- config, help, version

says 3 config get max_retries
says '' config set max-retries 5
says 5 config get max-retries
for command in config 'config list' 'config show' 'config get'; do
	# shellcheck disable=SC2086
	exits 0 q $command
	is 17 "$(wc -l <out | tr -d ' ')" "lines of $command"
	is 'max_retries              5          set' "$(head -n 1 out)" "$command"
	is 'durability               none       set' "$(tail -n 1 out)" "$command"
	is 'backoff_base             2          default' "$(sed -n 2p out)" \
	    "$command"
done
says '' config unset max_retries
says 3 config get max_retries

exits 0 q version
grep -q -x 'queuectl [0-9]*\.[0-9]*\.[0-9]*' out || fail "version: $(cat out)"
cp out must
for command in --version -V 'list --version'; do
	# shellcheck disable=SC2086
	exits 0 q $command
	cmp out must || fail "$command"
done
exits 0 q help
cp out must
for command in --help -h; do
	exits 0 q $command
	cmp out must || fail "$command"
done
sed -n 's/^  \([a-z][a-z ]*[a-z]\)  .*/\1/p' must >names
[ "$(wc -l <names)" -ge 18 ] || fail "help names: $(cat names)"
while read -r name; do
	# shellcheck disable=SC2086
	exits 0 q help $name
	cp out must
	is "usage: queuectl $name" \
	    "$(sed -n "1s/^\\(usage: queuectl $name\\).*/\\1/p" out)" "help $name"
	# shellcheck disable=SC2086
	exits 0 q $name --help
	[ "$name" = config ] || cmp out must || fail "$name --help"
done <names
