# shellcheck shell=sh
# fulllib.sh - what the tests of a full disk share; one of them sources
#	. "$TESTS/mountlib.sh"
#	. "$TESTS/fulllib.sh"
# and then has all of faultlib.sh, and a spool on a small ext4.

. "$TESTS/faultlib.sh"

GO=$PWD/go

make_fs() {
	rm -f "$1"
	truncate -s 4M "$1"
	mkfs.ext4 -q -F -b 1024 -m 0 -N "$2" "$1"
}

# written NAME [SIZE [COMMAND]]: a file in tmp/, of SIZE bytes at least, of a
# job that leaves a trace, and nothing on its standard output, when COMMAND has
# ended.
written() {
	{
		echo "created_at=2026-11-22T02:48:00Z"
		echo "max_retries=0"
		echo "arg=/bin/sh"
		echo "arg=-c"
		# shellcheck disable=SC2016 # it is for that shell
		echo "arg=${3:-:}; exec \"\$0\" \"\$1\" \"\$2\" >/dev/null"
		echo "arg=$HELPERS/runonce"
		echo "arg=$PWD/traces"
		echo "arg=$1"
	} >job
	size=$(wc -c <job)
	# A comment of two bytes and a newline at least.
	while [ "${2:-0}" -ge $((size + 2)) ]; do
		line=$((${2:-0} - size))
		[ "$line" -le 1002 ] || line=1000
		printf '#%*s\n' $((line - 2)) '' >>job
		size=$((size + line))
	done
	cp job "spool/tmp/$1"
}

# dropped NAME: it is a job now; that needs no space.
dropped() {
	mv "spool/tmp/$1" "spool/pending/$1"
}

job() {
	written "$@"
	dropped "$1"
}

# waiting NAME [SIZE [COMMAND]]: a job that, after COMMAND, ends when there is
# a file ./go, or this test is over.
waiting() {
	job "$1" "${2:-0}" "${3:-:}; while [ -d $PWD/traces ] &&
 [ ! -e $GO ]; do sleep 0.05; done"
}

# begun NAME: it runs.
begun() {
	grep -q '^processing=' "spool/processing/$1"
}

# all_whole: the last line of every job has an end.
all_whole() {
	for file in spool/pending/* spool/processing/* spool/completed/*; do
		[ ! -f "$file" ] || [ "$(tail -c 1 "$file" | wc -l)" -eq 1 ] ||
			fail "$file: its last line is torn"
	done
}

# tmp_is_empty: nothing was left in tmp/.
tmp_is_empty() {
	is '' "$(left_in_tmp)" 'what lies in tmp/'
}

# refuses COMMAND...: it exits 75, prints nothing, says in its first line that
# the disk is full, and leaves nothing behind.
refuses() {
	exits 75 "$@"
	[ ! -s out ] || fail "'$*' prints $(cat out)"
	head -n 1 err | grep -q 'No space left on device' ||
		fail "'$*' does not say why: $(cat err)"
	tmp_is_empty
}

# calm SECONDS: the supervisor and its workers make few system calls: each
# does something a few times a second, but none is busy.
calm() {
	set -- "$1" -p "$SUPERVISOR"
	for pid in $(pgrep -P "$SUPERVISOR"); do
		set -- "$@" -p "$pid"
	done
	seconds=$1
	shift
	processes=$(($# / 2))
	timeout -s INT "$seconds" strace -q -f -o calls "$@" 2>err || :
	made=$(grep -c '(' calls) || :
	echo "$((made / seconds)) system calls a second of $processes processes"
	[ "$made" -le $((seconds * 200)) ] || fail 'something is busy:' \
	    "$(sed 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/' calls |
		sort | uniq -c | sort -rn | head -n 5)"
}

# ran_once NAME...: exactly these have left traces, each one.
ran_once() {
	is "$(printf '%s\n' "$@" | sort)" "$(sed 's/ .*//' traces/ran | sort)" \
	    'what has run'
}

: >traces/ran

# free_space: what filled the disk goes.
free_space() {
	rm -f spool/.filler*
}

# Whoever waits for space to record an end would wait for ever.
at_exit() {
	free_space
}
