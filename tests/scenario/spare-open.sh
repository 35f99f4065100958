#!/bin/sh
# Who opens an output just when its job ends, and the file may become that of
# the next job, is not shown what that one writes.  Each step is drawn out.

if ! strace -D -o /dev/null true 2>/dev/null; then
	echo 'strace cannot be used here'
	exit 77
fi
case $TEST_OS.$(stat -f -c %T . 2>/dev/null) in
linux.ext2/ext3 | linux.xfs | linux.btrfs | linux.f2fs | linux.tmpfs) ;;
*)
	echo 'nobody tells here who has a file open'
	exit 77
	;;
esac
# Nothing else may trace a process that strace traces.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

. "$TESTS/lib.sh"

q config set durability none
strace -D -f -o trace -e trace=renameat,fcntl \
    -e inject=renameat,fcntl:delay_exit=40000 \
    "$QUEUECTL" worker start >>log 2>&1 &
SUPERVISOR=$!
PIDS="$PIDS $SUPERVISOR"
wait_for 10 registered

# asked N: so many times it was asked who has a file open.
asked() {
	[ "$(grep -c F_UNLCK trace)" -ge "$1" ]
}

for n in 1 2; do
	before=$(grep -c F_UNLCK trace || :)
	q enqueue --id "still$n" : >/dev/null
	q enqueue --id "speaks$n" 'echo private' >/dev/null
	wait_for 10 asked $((before + 1))
	exec 5</dev/null
	[ ! -f "spool/output/still$n.1.out" ] ||
		command exec 5<"spool/output/still$n.1.out" || :
	wait_for 10 test -f "spool/completed/speaks$n"
	is '' "$(cat <&5)" "what is read of still$n"
	is private "$(cat "spool/output/speaks$n.1.out")" "output of speaks$n"
	exec 5<&-
done

stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
is 0 "$(count tmp)" 'files left in tmp/'
rm -f spool/output/still[12].1.out # kept, if it was seen to be open
is 2 "$(count output)" outputs
