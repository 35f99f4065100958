#!/bin/sh
# Two supervisors in PID namespaces of their own, where each is process 1, on
# one spool: each is seen and can be stopped, and every output is its job's.

if ! why=$(unshare -pf --mount-proc true 2>&1); then
	echo "no namespace can be made here: $why"
	exit 77
fi

. "$TESTS/lib.sh"
quick_poll
q config set durability none

# contained: a supervisor that is process 1.
contained() {
	unshare -pf --mount-proc "$QUEUECTL" worker start -n 4 >>log 2>&1 &
	PIDS="$PIDS $!"
}

# What is left is told to stop by its name: a signal would end unshare(1).
at_exit() {
	timeout 20 "$QUEUECTL" worker stop --now >/dev/null 2>&1 || :
}

# seen N: so many supervisors are told of.
seen() {
	q worker status >listed 2>&1
	[ "$(grep -c '(supervisor of 4)' listed)" -eq "$1" ] &&
	    [ "$(grep -c '^[^ ]*\.1\(-2\)*\.[0-9]* ' listed)" -eq $((4 * $1)) ]
}

contained
wait_for 10 seen 1
contained
wait_for 10 seen 2

# Half of the jobs say their name, to either of the outputs; the rest nothing,
# and so leave files for the next job of their worker.
i=0
while [ "$i" -lt 400 ]; do
	i=$((i + 1))
	case $((i % 4)) in
	0) echo "{\"id\":\"j$i\",\"command\":\"echo j$i\"}" ;;
	1) echo "{\"id\":\"j$i\",\"command\":\"echo j$i >&2\"}" ;;
	*) echo "{\"id\":\"j$i\",\"command\":\":\"}" ;;
	esac
done >jobs.json
q enqueue --batch jobs.json >/dev/null
exits 0 q wait --timeout 60
is 400 "$(count completed)" 'jobs that have completed'

i=0
while [ "$i" -lt 400 ]; do
	i=$((i + 1))
	want_out='' want_err=''
	case $((i % 4)) in
	0) want_out=j$i ;;
	1) want_err=j$i ;;
	esac
	is "$want_out" "$(cat "spool/output/j$i.1.out" 2>/dev/null)" \
	    "standard output of j$i"
	is "$want_err" "$(cat "spool/output/j$i.1.err" 2>/dev/null)" \
	    "standard error of j$i"
done
is 200 "$(count output)" 'outputs that are kept'
[ "$(sed -n 's/^processing=.* worker=.*\.1\(-2\)*\.[0-9]*$/x\1/p' \
    spool/completed/* | sort -u | wc -l)" -eq 2 ] ||
	fail 'one of the two has run nothing'

exits 0 timeout 30 "$QUEUECTL" worker stop
for pid in $PIDS; do
	wait "$pid" || fail "exit status $?"
	forget "$pid"
done
is 2 "$(grep -c event=stopped log)" 'supervisors that were stopped'
is 0 "$(count workers)" 'entries that are left'
is 0 "$(count tmp)" 'files that are left in tmp/'
