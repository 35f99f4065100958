#!/bin/sh
# ulimit -f: no file may grow beyond a size.  A command whose file is too
# large says so and leaves nothing; a job gets what it would get anywhere; a
# state line that cannot be written is written as soon as it can, and what was
# run is not run again.

# shellcheck disable=SC2034 # for faultlib.sh
NEEDS=prlimit
. "$TESTS/faultlib.sh"
quick_poll

# limited BYTES ARG...: the program, with files of at most so many bytes.
limited() {
	size=$1
	shift
	prlimit --fsize="$size" "$QUEUECTL" "$@"
}

# refused BYTES COMMAND...: it says why, and nothing is changed.
refused() {
	find spool -type f -exec cksum {} + | sort >before
	{
		got=0
		limited "$@" 2>&1 || got=$?
		echo "$got" >got
	} | cat >err # its messages are not limited
	got=$(cat got)
	case $got in
	1 | 75) ;;
	*) fail "'$*' exits with $got" ;;
	esac
	# Of a line that was cut off nobody knows why.
	grep -q '^queuectl: .*\(File too large\|No space left\)' err ||
		fail "'$*' does not say why: $(cat err)"
	find spool -type f -exec cksum {} + | sort | cmp - before ||
		fail "'$*' has changed files"
}

# padded BYTES NAME LINE...: a job whose file has that many bytes.
padded() {
	bytes=$1 name=$2
	shift 2
	printf '%s\n' "$@" >text
	have=$(wc -c <text)
	printf "#%0$((bytes - have - 2))d\\n" 0 >>text
	is "$bytes" "$(wc -c <text | tr -d ' ')" "bytes of $name"
	cp text "spool/tmp/$name"
	mv "spool/tmp/$name" "spool/pending/$name"
}

# ---- Commands

refused 50 enqueue --id big 'echo something that is longer than that'
printf 'true\necho 123456789012345678901234567890123456789012345678901234\n' \
    >lines
id=$(q enqueue true)
size=$(wc -c <"spool/pending/$id")
q cancel "$id"
q purge "$id" 2>>said
limited $((size + 10)) enqueue --batch lines >out 2>err &&
	fail 'a batch was not refused'
is 1 "$(wc -l <out | tr -d ' ')" 'jobs of the batch before the wrong line'
is 0 "$(count tmp)" 'files left in tmp/'
is "$(wc -l <out | tr -d ' ')" "$(count pending)" 'jobs of the batch'
for name in $(q list -q); do
	q cancel "$name"
done
q purge --state dead 2>>said

padded 300 full max_retries=0 'command=exit 1'
refused 310 cancel full
q cancel full
refused 310 retry full
q config set max_retries 3
refused 10 config set max_retries 4
refused 20 config set job_timeout_seconds 1000
q purge full 2>>said
sound

# ---- Workers

# Enough for the entry in workers/.
(
	exec prlimit --fsize=2000: "$QUEUECTL" worker start --count 2 --log log
) 2>>said &
SUPERVISOR=$!
PIDS="$PIDS $SUPERVISOR"
wait_for 10 registered

# By default it is killed; who ignores that gets an error.
drop killed max_retries=0 \
    'command=while :; do echo 0123456789012345678901234567890123456789; done'
drop error max_retries=0 \
    "command=trap '' XFSZ; head -c 4000 /dev/zero || exit 3"
wait_for 10 test -f spool/dead/killed
wait_for 10 test -f spool/dead/error
is 25 "$(field spool/dead/killed dead signal)" 'signal of killed'
is 3 "$(field spool/dead/error dead exit_code)" 'exit code of error'
for name in killed error; do
	is 2000 "$(wc -c <"spool/output/$name.1.out" | tr -d ' ')" \
	    "bytes that $name wrote"
done

# It has no room for the line that it begins: it waits, unharmed.
padded 2000 waits "command=echo ran >>'$PWD/waits.ran'"
cp text waits
wait_for 10 grep -q 'job=waits event=not-claimed.*File too large' log
drop after 'command=true'
wait_for 20 test -f spool/completed/after
cmp waits spool/pending/waits || fail 'the file of waits has changed'

# It has none for the line that it ends: the result is kept until it has.
q cancel waits
begin=$(grep '^processing=' spool/completed/after | wc -c)
created=$(grep '^created_at=' spool/completed/after | wc -c)
padded $((2000 - begin - created - 10)) held "cwd=$PWD" max_retries=0 \
    'command=echo ran >>held.ran; exit 7'
wait_for 10 grep -q 'job=held event=unrecorded' log
drop later 'command=true'
noticed
[ -f spool/pending/later ] || fail 'something new was started meanwhile'
is processing "$(states spool/processing/held)" 'history of held'
for pid in $SUPERVISOR $(children "$SUPERVISOR" | sed 's/.* //'); do
	prlimit --pid "$pid" --fsize=1000000:
done
wait_for 20 test -f spool/dead/held
is 7 "$(field spool/dead/held dead exit_code)" 'exit code of held'
is 'processing dead' "$(states spool/dead/held)" 'history of held'
is ran "$(cat held.ran)" 'runs of held'
wait_for 20 test -f spool/completed/later
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
sound
