#!/bin/sh
# slow
# enqueue --batch: all lines or none if one is wrong; if it is killed, or can
# say no more, a beginning; and every ID that it printed is in.

. "$TESTS/lib.sh"

lines=10000
[ -z "${TEST_SANITIZED:-}" ] || lines=2000
last=$((lines - 1)) # but one

q config set durability none
q enqueue --id waits --delay 1w true >/dev/null
q enqueue --id ended true >/dev/null
mv spool/pending/ended spool/completed/ended

# numbered N: a batch whose every third line chooses no ID.
numbered() {
	awk -v n="$1" 'BEGIN {
		for (i = 1; i <= n; i++)
			if (i % 3 == 0)
				print ": " i
			else
				printf "{\"id\":\"line-%d\",\"command\":\": %d\"}\n",
				    i, i
	}'
}

# ---- A wrong line near the end

numbered "$lines" >good
touch mark
longer=$(printf '%066000d' 0)

# wrong STATUS PATTERN LINE: the last line but one is that, in printf's words.
wrong() {
	# shellcheck disable=SC2059 # it is one
	{
		head -n $((last - 1)) good
		printf "$3\n"
		tail -n 1 good
	} >bad
	exits "$1" q enqueue --batch bad
	[ ! -s out ] || fail "$2: printed $(head -n 1 out)"
	grep -q "^queuectl: bad: line $last: $2.*nothing was enqueued$" err ||
		fail "$2: it says: $(head -c 300 err)"
	is 1 "$(wc -l <err | tr -d ' ')" "lines about '$2'"
	[ -z "$(find spool -newer mark)" ] || fail "$2: the spool was changed"
}

wrong 2 'JSON error at byte ' '{"command":"true"'
wrong 2 'JSON error at byte ' '{"command":"\377"}'
wrong 2 'JSON member "comand" at byte 1: unknown' '{"comand":"true"}'
wrong 2 'JSON member "id" at byte 6: must be' '{"id":"a b","command":"true"}'
wrong 2 'line-1 is the ID of line 1 too' '{"id":"line-1","command":"true"}'
wrong 2 'command: must not hold a NUL' 'true\000true'
wrong 2 'command: must not hold a carriage return' 'true\r'
wrong 2 'more than 65536 bytes' "$longer"
wrong 2 'there is no command in it' '{"id":"a"}'
wrong 1 'there is a job of the ID waits already (pending)' \
    '{"id":"waits","command":"true"}'
wrong 1 'there is a job of the ID ended already (completed)' \
    '{"id":"ended","command":"true"}'
rm bad
unset longer

# ---- Killed

# entered: "NUMBER ID" of the lines whose jobs are in, in order.
entered() {
	find spool/pending -type f ! -name waits -exec \
	    grep '^command=: ' /dev/null {} + |
	    sed 's|^.*/\([^:]*\):command=: \(.*\)|\2 \1|' | sort -n >in
	COUNT=$(wc -l <in | tr -d ' ')
}

# beginning OUT: what is in is a beginning of the batch, and all that was
# printed, in whole lines, is that too, or shorter by a group of those that
# are synced together; $COUNT jobs are in.
beginning() {
	entered
	awk '$1 != NR { exit 1 }' in || fail "not a beginning: $(head in)"
	printed=$(wc -l <"$1" | tr -d ' ')
	if [ "$COUNT" -lt "$printed" ] || [ $((COUNT - printed)) -gt 512 ]; then
		fail "$COUNT are in, $printed were printed"
	fi
	head -n "$printed" "$1" | awk 'NR == FNR { id[$1] = $2; next }
	    id[FNR] != $0 { exit 1 }' in - ||
		fail 'an ID that was printed is not that of its line'
}

# empty: nothing but `waits` is pending, or in tmp/.
empty() {
	find spool/pending spool/tmp -type f ! -name waits -exec rm -f {} +
}

# At moments that chance picks: when so many IDs were printed.
some=0
for after in 0 1 17 150 400 700 1100; do
	: >printed
	"$QUEUECTL" enqueue --batch good >printed 2>err &
	pid=$!
	while [ "$(wc -l <printed)" -lt "$after" ] && kill -0 $pid 2>/dev/null
	do
		:
	done
	kill -9 $pid 2>/dev/null || :
	wait $pid 2>/dev/null || :
	beginning printed
	[ "$COUNT" -eq "$lines" ] || some=$((some + 1))
	empty
done
[ "$some" -gt 0 ] || fail 'it was never killed half-way'

# At every call that matters, with everything synced.
killed_at() {
	strace -o trace -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
	    "$QUEUECTL" enqueue --batch few >printed 2>err || {
		[ $? -gt 128 ] || fail "not killed, but: $(cat err)"
		return 0
	}
	return 1
}

numbered 3 >few
if strace -o trace true 2>/dev/null; then
	# Nothing else may trace a process that strace traces.
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	export ASAN_OPTIONS
	q config set durability full
	kills=0
	for call in write fsync fdatasync syncfs renameat renameat2 unlinkat flock; do
		n=1
		while killed_at $call $n; do
			beginning printed
			kills=$((kills + 1))
			n=$((n + 1))
			empty
		done
		is 3 "$(wc -l <printed | tr -d ' ')" 'IDs when it was not killed'
		empty
	done
	echo "killed at $kills calls"
	[ "$kills" -ge 9 ] || fail "killed only $kills times"
fi

# ---- Nobody reads what it prints

q config set durability none
awk -v n="$lines" 'BEGIN {
	for (i = 1; i <= n; i++)
		printf "{\"id\":\"line-%060d\",\"command\":\": %d\"}\n", i, i
}' >long
mkfifo fifo
"$QUEUECTL" enqueue --batch long >fifo 2>err &
pid=$!
read -r first <fifo
status=0
wait $pid || status=$?
is 1 $status 'exit status when the reader has gone'
is "line-$(printf '%060d' 1)" "$first" 'what was read of it'
entered
awk '$1 != NR { exit 1 }' in || fail "not a beginning: $(head in)"
[ "$COUNT" -lt "$lines" ] || fail 'it went on to the end'
is "queuectl: standard output: the jobs from line-$(printf '%060d' $((COUNT - 511))) to line-$(printf '%060d' "$COUNT") are enqueued, but not all could be told: Broken pipe
queuectl: long: line $COUNT: nothing behind it was enqueued" "$(cat err)" \
    'what it says'
empty

# ---- All goes well

exits 0 q enqueue --batch good
is "$lines" "$(wc -l <out | tr -d ' ')" 'IDs printed'
beginning out
is "$lines" "$COUNT" 'jobs in'
