#!/bin/sh
# contrib/: the plugin for Nagios finds what it is to find, Prometheus takes
# the rules and fires them, and Grafana asks for nothing that is not told.

. "$TESTS/lib.sh"

contrib=$TESTS/../contrib
PATH=$(dirname "$QUEUECTL"):$PATH

# check STATUS PATTERN [OPTION...]: what the plugin says now.
check() {
	status=$1
	pattern=$2
	shift 2
	# shellcheck disable=SC2086 # the shell may be "busybox sh"
	exits "$status" ${TEST_SH:-sh} "$contrib/check_queuectl" "$@"
	is 1 "$(wc -l <out | tr -d ' ')" 'lines of the plugin'
	grep -q "^QUEUECTL $pattern" out ||
		fail "expected '$pattern', got '$(cat out)'"
	[ "$status" -eq 3 ] ||
		grep -q '| pending=[0-9]*;;;0 .* oldest=[0-9]*s;.* busy=[0-9]*;;;0$' out ||
		fail "no figures: $(cat out)"
}

check 0 'OK - 0 waiting, 0 running |'
check 3 'UNKNOWN - not a number: x' -w x
check 3 'UNKNOWN - usage' -z
check 3 'UNKNOWN - .*nowhere' -s /dev/null/nowhere
drop a 'command=true'
check 2 'CRITICAL - jobs wait, and no worker runs |'
q pause 2>/dev/null
workers
check 1 'WARNING - paused |'
touch -d '2 hours ago' spool/pending/a
check 1 'WARNING - paused, a job has waited for 7[0-9]* s |'
check 2 'CRITICAL - paused, a job has waited for 7[0-9]* s |' -c 7000
q resume 2>/dev/null
wait_for 10 test -f spool/completed/a
check 0 'OK - 0 waiting, 0 running |'
q enqueue --max-retries 0 --id b 'exit 1' >/dev/null
wait_for 10 test -f spool/dead/b
check 1 'WARNING - 1 dead |'
check 2 'CRITICAL - 1 dead |' -d 1 -D 1
check 0 'OK' -d 2
stop_workers

# Grafana and the rules: only what there is.
exits 0 q metrics
sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' out >names
cat "$contrib/grafana.json" "$contrib/prometheus.rules.yml" |
	grep -o 'queuectl_[a-z_]*' | sed 's/_bucket$//' | sort -u >asked
is '' "$(grep -vxF -f names asked)" 'metrics that nobody tells'
if command -v jq >/dev/null 2>&1; then
	jq -e '.panels | length > 5' "$contrib/grafana.json" >out ||
		fail 'grafana.json is no dashboard'
fi

command -v promtool >/dev/null 2>&1 || {
	echo 'without promtool: the rules were not tried'
	exit 0
}
cp "$contrib/prometheus.rules.yml" rules.yml
cat >tests.yml <<'EOF'
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: queuectl_jobs{instance="a", state="pending"}
        values: '3x120'
      - series: queuectl_jobs{instance="a", state="dead"}
        values: '1x60 2x60'
      - series: queuectl_busy_workers{instance="a"}
        values: '1x20 0x100'
      - series: queuectl_paused{instance="a"}
        values: '0x120'
      - series: queuectl_oldest_pending_seconds{instance="a"}
        values: '10x30 4000x90'
      - series: queuectl_jobs{instance="b", state="pending"}
        values: '1x120'
      - series: queuectl_busy_workers{instance="b"}
        values: '0x120'
      - series: queuectl_paused{instance="b"}
        values: '1x120'
    alert_rule_test:
      - eval_time: 25m
        alertname: QueuectlNothingRuns
      - eval_time: 35m
        alertname: QueuectlNothingRuns
        exp_alerts:
          - exp_labels: {instance: a, state: pending, severity: critical}
            exp_annotations:
              summary: Jobs wait, and none runs
              description: >-
                3 jobs wait on a, but no worker has one: see `queuectl status`
                and `queuectl worker status`.
      - eval_time: 32m
        alertname: QueuectlOldestPending
      - eval_time: 40m
        alertname: QueuectlOldestPending
        exp_alerts:
          - exp_labels: {instance: a, severity: warning}
            exp_annotations:
              summary: A job has been waiting for long
              description: >-
                For 1h 6m 40s on a: are there too few workers?  `queuectl show`
                tells why it waits.
      - eval_time: 50m
        alertname: QueuectlPaused
      - eval_time: 61m
        alertname: QueuectlPaused
        exp_alerts:
          - exp_labels: {instance: b, severity: warning}
            exp_annotations:
              summary: The queue is paused, and jobs wait
              description: >-
                Since an hour at least on b: `queuectl status` tells who has
                paused it and why, `queuectl resume` ends it.
      - eval_time: 59m
        alertname: QueuectlDeadLetters
      - eval_time: 100m
        alertname: QueuectlDeadLetters
        exp_alerts:
          - exp_labels: {instance: a, state: dead, severity: warning}
            exp_annotations:
              summary: Jobs have died
              description: >-
                1 within an hour on a: see `queuectl dlq list`.
EOF
promtool test rules tests.yml >said 2>&1 || fail "the rules: $(cat said)"
