#!/bin/sh
# The config: keys and values are checked, writers do not lose each other's
# settings, a running supervisor follows, and a broken file is refused.

. "$TESTS/lib.sh"
quick_poll
[ ! -e spool/config ] || cp spool/config polled

# ---- Keys and values

is 3 "$(q config get max_retries)" 'default'
q config set max-retries 5
is 5 "$(q config get max_retries)" 'set with a hyphen, read with _'
is 5 "$(q config get max-retries)" 'set and read with a hyphen'
is 1 "$(grep -c '^max_retries=5$' spool/config)" 'line in the file'
q config set backoff_base 2.5
q config set Backoff-Base 3 2>/dev/null && fail 'keys are in lower case'
is 2.5 "$(q config get backoff-base)" 'a decimal'
q config set scheduling-mode FIFO
is fifo "$(q config get scheduling_mode)" 'a word, in any case'
q config unset scheduling-mode
is priority "$(q config get scheduling_mode)" 'unset'
printf '# mine\n\n' >>spool/config
q config set max_retries 6
grep -q '^# mine$' spool/config || fail 'a comment was lost'
is 1 "$(grep -c max_retries spool/config)" 'lines of a key set twice'
q config list | grep -q '^max_retries  *6  *set$' || fail 'list: what is set'
q config list | grep -q '^backoff_jitter  *0  *default$' ||
	fail 'list: what is a default'

# Least and most are taken, what is beyond is refused: KEY LEAST MOST WORSE...
cp spool/config before
while read -r key least most worse; do
	for value in $least $most; do
		exits 0 q config set "$key" "$value"
		is "$value" "$(q config get "$key")" "$key"
	done
	cp spool/config now
	for value in $worse '' ' 1' '1 ' 1x x -; do
		exits 2 q config set "$key" "$value"
		is '' "$(cat out)" "standard output of set $key $value"
		is 1 "$(wc -l <err | tr -d ' ')" "lines about set $key $value"
		case $least in
		[a-z]*) want="$least or $most" ;;
		*) want="from $least to $most" ;;
		esac
		grep -q "^queuectl: $key: must be .*$want\$" err ||
			fail "set $key '$value' says: $(cat err)"
		cmp spool/config now || fail "set $key '$value' changed the file"
	done
	exits 0 q config unset "$key"
done <<END
max_retries 0 1000000 -1 1000001 1.5 99999999999999999999 0x10 +3
backoff_base 1 1000000 0.99 0 -2 nan inf 1e3
max_backoff_seconds 0 315360000 -1 315360001
backoff_jitter 0 100 101
job_timeout_seconds 0 315360000 5m
kill_grace_seconds 0 86400 86401
scheduling_mode priority fifo lifo 0
lock_lease_seconds 1 315360000 0
poll_interval_ms 10 3600000 9
max_interruptions 1 1000000 0
max_stops 1 1000000 0
stop_grace_seconds 0 315360000 10s
max_output_bytes 0 1000000000000000 1k
min_free_bytes 0 1000000000000000 -1
retain_completed_seconds 0 315360000 1d
retain_dead_seconds 0 315360000 1d
durability full none half
END
is 17 "$(q config list | wc -l | tr -d ' ')" 'keys; the list above has all'

cp before spool/config
for key in nosuch max_retires max__retries '' max_retries=5 durability2; do
	for what in "set '$key' 1" "get '$key'" "unset '$key'"; do
		eval "exits 2 q config $what"
		is '' "$(cat out)" "standard output of $what"
		grep -q "^queuectl: $key: no such key: " err ||
			fail "config $what says: $(cat err)"
	done
done
q config get max_retires 2>&1 | grep -q "did you mean 'max_retries'" ||
	fail 'the nearest key is not named'
cmp before spool/config || fail 'a bad key changed the file'

# ---- Two writers at once

q config set durability none
i=1
while [ $i -le 100 ]; do
	q config set max_retries $i &
	q config set kill_grace_seconds $i || fail "kill_grace_seconds $i"
	wait $! || fail "max_retries $i"
	is "$i $i" "$(q config get max_retries) $(q config get kill-grace-seconds)" \
	    'of two writers'
	i=$((i + 1))
done
is 2 "$(grep -c '=100$' spool/config)" 'settings in the file'
is 0 "$(count tmp)" 'files left in tmp/'

# ---- A running supervisor follows, within a second

rm spool/config
[ ! -e polled ] || cp polled spool/config

# change KEY VALUE
change() {
	: >log
	q config set "$@"
	wait_for 1 logged event=config-read
}

workers
drop held "cwd=$PWD" 'command=: >began' ' until [ -e go ]; do sleep 0.02; done'
wait_for 10 test -f began
drop low priority=0 created_at=2026-01-01T00:00:01Z "command=echo low >>$PWD/ran"
drop high priority=9 created_at=2026-01-01T00:00:02Z \
    "command=echo high >>$PWD/ran"
drop last priority=10 created_at=2026-01-01T00:00:03Z \
    "command=echo last >>$PWD/ran"
change scheduling_mode fifo
: >go
wait_for 10 test -f spool/completed/last
is 'low high last' "$(tr '\n' ' ' <ran | sed 's/ $//')" 'order in fifo mode'
change scheduling_mode priority

# Of a job that does not say it: asked at each attempt.
change max_backoff_seconds 0
change max_retries 2
drop three 'command=exit 1'
q enqueue --id stamped 'test -e never' >out
wait_for 10 test -f spool/dead/stamped
change max_retries 0
drop one 'command=exit 1'
wait_for 10 test -f spool/dead/one
is 'processing failed processing failed processing dead' \
    "$(states spool/dead/three)" 'with max_retries=2'
is 'processing dead' "$(states spool/dead/one)" 'with max_retries=0'
is 2 "$(sed -n 's/^max_retries=//p' spool/dead/stamped)" 'what was stamped'

change kill_grace_seconds 0
drop deaf timeout=1 'command=trap "" TERM' \
    ' while :; do sleep 0.05; done'
wait_for 10 logged 'job=deaf event=dead' # which comes after the move
duration=$(sed -n 's/.* job=deaf event=dead .*duration=\([0-9]*\).*/\1/p' log)
[ "$duration" -lt 5 ] || fail "kill_grace_seconds=0, but it took $duration s"

# ---- A broken file

cp spool/config good
change max_retries 1

# refused TEXT PATTERN: a config of that text, and what is said of it
refused() {
	: >log
	printf '%b' "$1" >broken
	mv broken spool/config
	wait_for 10 logged event=config-refused
	grep -q "event=config-refused error=\"config $2" log ||
		fail "the log does not say why: $(cat log)"
	cksum spool/config >was
	find spool | sort >files
	for command in 'enqueue true' init 'config set kill_grace_seconds 9' \
	    'worker start --drain'; do
		# shellcheck disable=SC2086
		exits 1 q $command
		is '' "$(cat out)" "standard output of $command"
		is 1 "$(wc -l <err | tr -d ' ')" "lines that $command says"
		grep -q "^queuectl: .*config $2" err ||
			fail "$command says: $(cat err)"
	done
	cksum spool/config | cmp - was || fail 'a refused command changed it'
	find spool | sort | cmp - files || fail 'a refused command left something'
	exits 0 q list -q
	grep -q "^queuectl: .*config $2.*defaults" err ||
		fail "list says: $(cat err)"
}
refused 'max_retries=0\nmax_retries=many\n' 'line 2: max_retries: must be '
refused '# \nbackoff-base=0\n' 'line 2: backoff_base: must be '
refused '\ncolour=red\n' 'line 2: unknown key colour'
refused 'max_retries' 'line 1: unknown key max_retries'

# The supervisor keeps what it had: one retry.
: >log
drop kept 'command=exit 1'
wait_for 10 test -f spool/dead/kept
is 'processing failed processing dead' "$(states spool/dead/kept)" \
    'with max_retries=1 kept'

# Setting the key that is wrong mends the file.
printf 'max_retries=0\nmax_backoff_seconds=x\n' >broken
mv broken spool/config
wait_for 10 logged config-refused
change max_backoff_seconds 0
drop mended 'command=exit 1'
wait_for 10 test -f spool/dead/mended
is 'processing dead' "$(states spool/dead/mended)" 'with the mended config'
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
