#!/bin/sh
# What a process that a job has left in the background writes after its end is
# kept, though the output was empty when the job ended: where the system tells
# who has a file open, and on a file system where it does not.

. "$TESTS/lib.sh"

quick_poll

# leaves ID HOW: makes a job file, of a job whose output is empty at its end, of whose processes one
# writes when it is told to; HOW starts that.
leaves() {
	cat >"$1.sh" <<END2
until [ -e $1.go ]; do sleep 0.02; done
echo late
echo late too >&2
: >$1.written
END2
	printf '%s\n' "cwd=$PWD" "command=$2 sh $1.sh &" >"$1"
}

# keeps ID...: of all of them, and another job does not get the files.
keeps() {
	for id; do
		wait_for 10 test -f "spool/completed/$id"
	done
	drop other 'command=echo other'
	wait_for 10 test -f spool/completed/other
	for id; do
		for stream in out err; do
			[ -f "spool/output/$id.1.$stream" ] ||
				fail "the empty output $id.1.$stream is gone"
		done
		: >"$id.go"
		wait_for 10 test -f "$id.written"
		is late "$(cat "spool/output/$id.1.out")" "output of $id"
		is 'late too' "$(cat "spool/output/$id.1.err")" "errors of $id"
	done
	is other "$(cat spool/output/other.1.out)" 'output of another job'
	[ ! -e spool/output/other.1.err ] || fail 'an empty output stayed'
}

workers --count 2
leaves background ''
mv background spool/pending/
set -- background
case $TEST_OS.$(stat -f -c %T spool 2>/dev/null) in
linux.ext2/ext3 | linux.xfs | linux.btrfs | linux.f2fs | linux.tmpfs)
	# A session of its own is seen only there; doctor lets it alone.
	leaves daemon setsid
	mv daemon spool/pending/
	set -- "$@" daemon
	wait_for 10 test -f spool/completed/daemon
	wait_for 10 test -f spool/completed/background
	q doctor --repair >out
	! grep 'empty: output/daemon.1.out' out ||
		fail 'doctor calls an output empty that somebody has open'
	;;
esac
keeps "$@"
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'

# ---- Where nobody tells who has a file open

mkdir below above
if ! command -v bindfs >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ] ||
    ! unshare -m --propagation private \
    sh -c 'bindfs below above && umount above' 2>err; then
	echo "no file system of that kind here"
	exit 0
fi
rm -rf spool background.* ./*.go
mkdir spool
cat >inside <<END2
bindfs below spool && "$QUEUECTL" init &&
    mv background spool/pending/ && exec "$QUEUECTL" worker start --drain
END2
leaves background ''
unshare -m --propagation private sh inside >log 2>&1 || fail "$(cat log)"
[ -f below/completed/background ] || fail "it has not completed: $(cat log)"
for stream in out err; do
	[ -f "below/output/background.1.$stream" ] ||
		fail "the empty output background.1.$stream is gone"
done
: >background.go
wait_for 10 test -f background.written
is late "$(cat below/output/background.1.out)" 'late output'
is 'late too' "$(cat below/output/background.1.err)" 'late errors'
