#!/bin/sh
# metrics: what Prometheus is told, and the file that node_exporter reads.

. "$TESTS/lib.sh"

# metric NAME: the value of a sample, with its labels.
metric() {
	exits 0 q metrics
	awk -v "name=$1" '$1 == name { print $2 }' out
}

# is_metric NAME VALUE: that is what it is now.
is_metric() {
	test "$(metric "$1")" = "$2"
}

# acceptable: promtool, where it is to be had, has nothing against ./out; each
# metric has its two lines, once, before its samples.
acceptable() {
	if command -v promtool >/dev/null 2>&1; then
		promtool check metrics <out >said 2>&1 ||
			fail "promtool says: $(cat said)"
	fi
	awk '
	$1 == "#" && $2 == "HELP" { bad += NF < 4 || help[$3]++; next }
	$1 == "#" && $2 == "TYPE" { bad += !help[$3] || type[$3]++; last = $3; next }
	{ bad += index($1, last) != 1 || NF != 2 || seen[$1]++ }
	END { exit bad > 0 }' out || fail "not in order: $(cat out)"
}

for state in pending processing completed failed dead; do
	is 0 "$(metric "queuectl_jobs{state=\"$state\"}")" "$state at first"
done
is 0.000000 "$(metric queuectl_oldest_pending_seconds)" 'age of no job'
is 0 "$(metric queuectl_workers)" 'workers at first'
is 1 "$(metric "queuectl_build_info{version=\"$(q version | sed 's/.* //')\"}")" \
    'build_info'
acceptable

# What is there.
q config set durability none
q pause 2>/dev/null
is 1 "$(metric queuectl_paused)" 'paused'
yes true | head -n 1001 | q enqueue --batch - >/dev/null
drop old 'command=true'
touch -d '2 hours ago' spool/pending/old
drop ended 'command=true'
mv spool/pending/ended spool/dead/ended
is 1002 "$(metric 'queuectl_jobs{state="pending"}')" 'pending'
is 1 "$(metric 'queuectl_jobs{state="dead"}')" 'dead'
age=$(metric queuectl_oldest_pending_seconds)
case ${age%.*} in
7[2-9][0-9][0-9]) ;;
*) fail "the oldest of 1002 is $age s old" ;;
esac
find spool/pending -type f ! -name old -exec rm {} +
age=$(metric queuectl_oldest_pending_seconds)
case ${age%.*} in
7[2-9][0-9][0-9]) ;;
*) fail "the oldest of 1 is $age s old" ;;
esac

# What a supervisor has counted.
workers --count 2
is 2 "$(metric queuectl_workers)" 'workers'
super=$(cd spool/workers && printf '%s\n' * | sort | sed 1q)
ended="queuectl_ended_jobs_total{outcome=\"completed\",supervisor=\"$super\"}"
is 0 "$(metric "$ended")" 'ended at first'
q resume 2>/dev/null
wait_for 20 is_metric "$ended" 1
is 1 "$(metric "queuectl_job_duration_seconds_count{supervisor=\"$super\"}")" runs
is 1 "$(metric "queuectl_job_duration_seconds_bucket{supervisor=\"$super\",le=\"+Inf\"}")" \
    'runs in the last bucket'
awk -F '[ ]' '/_bucket/ { bad += $2 < last; last = $2 } END { exit bad > 0 }' out ||
	fail "buckets are no sums: $(cat out)"
is 0 "$(metric queuectl_busy_workers)" 'busy workers'
q enqueue 'until [ -f end ]; do sleep 0.01; done' >/dev/null
wait_for 10 is_metric queuectl_busy_workers 1
acceptable
touch end
stop_workers
is '' "$(metric "$ended")" 'counters of a supervisor that has left'
acceptable

# Into a file, whole or not at all.
umask 022
exits 0 q metrics --textfile queue.prom
[ ! -s out ] || fail "it prints $(cat out)"
is 644 "$(stat -c %a queue.prom)" 'mode of the file'
exits 0 q metrics
grep -v oldest out >want
grep -v oldest queue.prom | diff want - >&2 || fail 'the file is another text'
cp queue.prom before
mv spool/dead spool/away
exits 1 q metrics --textfile queue.prom
cmp before queue.prom || fail 'it was replaced although something was amiss'
mv spool/away spool/dead
exits 1 q metrics --textfile nowhere/queue.prom
grep -q 'nowhere/queue.prom' err || fail "it says: $(cat err)"
is 'before queue.prom' "$(echo before queue.prom*)" 'files beside it'
