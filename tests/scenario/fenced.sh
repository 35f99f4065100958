#!/bin/sh
# slow
# A worker that cannot touch its job ends it before the lease is over, whatever
# kill_grace_seconds says, since another host may take it then; and what another
# host has done with it stands.  But only while other hosts have entries in
# workers/.  helper/away.c is the file system that goes away.

. "$TESTS/lib.sh"

# For programs that were linked dynamically, and without sanitizers.
if [ -n "${TEST_SANITIZED:-}" ] ||
    ! "${CC:-cc}" -shared -fPIC -o away.so "$TESTS/helper/away.c"; then
	echo 'cannot preload a shared object'
	exit 77
fi
AWAY=$PWD/away
export AWAY
mkdir away
cat >preloaded <<EOT
#!/bin/sh
LD_PRELOAD=$PWD/away.so exec "$QUEUECTL" "\$@"
EOT
chmod +x preloaded
QUEUECTL=$PWD/preloaded

lease=6
for spool in spool alone; do
	QUEUECTL_SPOOL=$PWD/$spool
	q init
	q config set lock_lease_seconds "$lease"
	q config set kill_grace_seconds 60
	q config set durability none
	quick_poll
done
[ -e away/is-loaded ] || {
	echo 'nothing can be preloaded into this program'
	exit 77
}
QUEUECTL_SPOOL=$PWD/spool
# Another host is at work on the one spool, not on the other.
: >spool/workers/b.1
(flock 9 && : >is-locked && exec sleep 1000) 9<spool/workers/b.1 &
PIDS="$PIDS $!"
wait_for 10 test -e is-locked

# What a job is: by the times of its files it got SIGTERM, and was last alive.
cat >job <<'END'
on_term() {
	[ -e $id.term ] || : >$id.term
	[ ! -e $id.obeys ] || exit 3
	[ ! -e $id.ends ] || exit 0
}
[ "$QUEUECTL_ATTEMPT" -eq 1 ] || exit 0
id=$QUEUECTL_JOB_ID
trap on_term TERM
echo $$ >$id.pid
until [ -e $id.go ]; do
	: >$id.alive
	sleep 0.05
done
END

# away ID HOW: it has begun, and cannot be touched from now on.
away() {
	wait_for 10 test -e "$1.alive"
	echo "$2" >"away/$1"
}

# told ID: it has got SIGTERM.
told() {
	test -e "$1.term"
}

# not_alive ID: its process is gone, or nobody has taken it away yet.
not_alive() {
	case $(ps -o stat= -p "$(cat "$1.pid")") in
	'' | Z*) ;;
	*) return 1 ;;
	esac
}

# The claim of this one takes longer than two thirds of the lease.
echo hang >away/slow
drop slow 'command=:'
workers --count 7
QUEUECTL_SPOOL=$PWD/alone
export QUEUECTL_SPOOL
"$QUEUECTL" worker start >>alone.log 2>&1 &
second=$!
PIDS="$PIDS $second"
q enqueue --id alone --cwd "$PWD" 'exec sh job' >id
QUEUECTL_SPOOL=$PWD/spool
fenced='fails hangs taken obeys ends'
for id in $fenced well; do
	drop "$id" "cwd=$PWD" "command=exec sh job" max_retries=0
done
: >obeys.obeys
: >ends.ends
for id in $fenced alone; do
	case $id in
	hangs | taken) away "$id" hang ;;
	*) away "$id" fail ;;
	esac
done

# SIGTERM after two thirds of the lease, SIGKILL before it is over.
for id in fails hangs taken; do
	"$HELPERS/micros" of "spool/processing/$id" >"$id.touched"
	wait_for 20 told "$id"
	wait_for 20 not_alive "$id"
	touched=$(cat "$id.touched")
	after=$(($("$HELPERS/micros" of "$id.term") - touched))
	[ "$after" -ge $((lease * 660000)) ] ||
		fail "$id got SIGTERM after $after us"
	after=$(($("$HELPERS/micros" of "$id.alive") - touched))
	[ "$after" -lt $((lease * 1000000)) ] ||
		fail "$id was alive after $after us"
done

# It is put back as lost, if it is as it was; one that has ended well has ended.
for id in fails obeys; do
	wait_for 20 logged "job=$id event=fenced"
	wait_for 20 logged "job=$id event=pending .*reason=lost"
done
wait_for 20 test -f spool/completed/ends

# Another host has taken one meanwhile, and runs it: nothing is recorded here.
{
	echo 'pending=2026-11-22T02:48:00.000000Z reason=lost'
	echo 'processing=2026-11-22T02:48:01.000000Z attempt=2 worker=b.1.1'
} >>spool/processing/taken
cp spool/processing/taken taken.was
rm away/taken away/hangs away/slow
# Who claimed too slowly may not own it any more: it is not begun.
wait_for 20 logged 'job=slow event=recovered state=pending'
wait_for 20 test -f spool/completed/slow
is 'processing completed' "$(states spool/completed/slow)" 'history of slow'
wait_for 20 logged 'job=hangs event=pending .*reason=lost'
wait_for 20 logged 'job=taken event=taken-while-running'
cmp -s taken.was spool/processing/taken ||
	fail "taken: $(cat spool/processing/taken)"

# Those that were touched, or that no other host can take, were left alone.
alive_since() {
	[ "$("$HELPERS/micros" of "$1.alive")" -gt "$2" ]
}
for id in well alone; do
	wait_for 20 alive_since "$id" \
	    "$(($(cat hangs.touched) + lease * 1200000))"
	! told "$id" || fail "$id got SIGTERM"
done
: >alone.go
wait_for 20 test -f alone/completed/alone
: >well.go
for id in fails hangs obeys; do
	wait_for 20 test -f "spool/completed/$id"
	is 'processing pending processing completed' \
	    "$(states "spool/completed/$id")" "history of $id"
done
wait_for 20 test -f spool/completed/well
is 'processing completed' "$(states spool/completed/well)" 'history of well'
