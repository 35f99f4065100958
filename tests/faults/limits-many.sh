#!/bin/sh
# slow
# 10,000 jobs in waves of 200, all of which end at the same moment; then all 200
# workers are killed at once, twice, and end at once.  No process and no
# descriptor is left over, nobody grows, and nothing is lost.
#
# WAVES		how many (50)
# WAVE		jobs in each, and workers (200)

. "$TESTS/faultlib.sh"

waves=50
[ "$TEST_OS" = linux ] || waves=10 # each of them waits for a look or two
waves=${WAVES:-$waves}
wave=${WAVE:-200}
warm=$((waves / 5)) # waves after which everybody has his size
[ -r /proc/self/status ] || {
	echo 'needs /proc'
	exit 77
}
[ -z "${TEST_SANITIZED:-}" ] || {
	echo 'measures memory: that is done without sanitizers'
	exit 77
}

# grow_less BEFORE AFTER WHAT: kilobytes, by two percent and 32 at most.
grow_less() {
	[ "$2" -le $(($1 + $1 / 50 + 32)) ] ||
		fail "$3 has grown from $1 to $2 kB"
}

# size PID: its resident kilobytes.
size() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"
}

descriptors() {
	find "/proc/$1/fd" -type l | wc -l | tr -d ' '
}

# take_stock FILE: a line for the supervisor and for each worker: PID,
# descriptors, kilobytes.  All are idle.
take_stock() {
	for pid in $SUPERVISOR $(children "$SUPERVISOR" | sed 's/.* //' |
		sort -n); do
		echo "$pid $(descriptors "$pid") $(size "$pid")"
	done >"$1"
}

# No child but workers that sleep, and no child of theirs.
no_zombies() {
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^\([0-9]*\) (.*) /\1 /' |
		awk -v top="$SUPERVISOR" -v want="$wave" '
	{ parent[$1] = $3; state[$1] = $2 }
	END {
		for (pid in parent) {
			if (parent[pid] == top)
				state[pid] == "Z" ? bad++ : workers++
			else if (parent[parent[pid]] == top)
				bad++
		}
		exit bad > 0 || workers != want
	}'
}

# queue N: the jobs of wave N; they wait at one of two gates.
queue() {
	awk -v n="$1" -v wave="$wave" -v program="$HELPERS/runonce" \
	    -v traces="$TRACES" -v gate="$PWD/gate$(($1 % 2))" 'BEGIN {
		for (i = 1; i <= wave; i++)
			printf "{\"id\":\"wave%d.%d\",\"max_retries\":0," \
			    "\"env\":{\"RUNONCE_GATE\":\"%s\"}," \
			    "\"argv\":[\"%s\",\"%s\",\"%d.%d\"]}\n",
			    n, i, gate, program, traces, n, i
	}' | q enqueue --batch - >ids
}

# shut N, open N: the gate of wave N.
shut() {
	case $(($1 % 2)) in
	0)	exec 8<>gate0 ;;
	1)	exec 9<>gate1 ;;
	esac
}
open() {
	case $(($1 % 2)) in
	0)	exec 8>&- ;;
	1)	exec 9>&- ;;
	esac
}

# all_at_gate N: all of that wave, and of those before, have begun.
all_at_gate() {
	[ "$(wc -l <"$TRACES/ran")" -ge $(($1 * wave)) ]
}
all_done() {
	[ -z "$(find spool/pending spool/processing -type f | head -n 1)" ]
}

q config set durability none
quick_poll
mkfifo gate0 gate1
: >"$TRACES/ran"
workers --count "$wave"
wait_for 20 no_zombies
began=$(date +%s)

n=1
shut 1
queue 1
while [ "$n" -le "$waves" ]; do
	wait_for 30 all_at_gate "$n"
	if [ "$n" -eq "$warm" ] || [ "$n" -eq "$waves" ]; then
		open "$n"
		wait_for 30 all_done
		wait_for 30 no_zombies
		take_stock "stock.$n"
		[ "$n" -eq "$waves" ] || { shut $((n + 1)) && queue $((n + 1)); }
	else
		shut $((n + 1))
		queue $((n + 1))
		open "$n"
	fi
	n=$((n + 1))
done
ended=$(date +%s)
is $((waves * wave)) "$(count completed)" 'completed jobs'

# Everybody has the descriptors that he had after the first, and his size.
cp "stock.$warm" stock.warm
is "$(cut -d ' ' -f 1,2 stock.warm)" "$(cut -d ' ' -f 1,2 "stock.$waves")" \
    'PIDs and descriptors'
is 1 "$(sed 1d stock.warm | cut -d ' ' -f 2 | sort -u | wc -l | tr -d ' ')" \
    'different numbers of descriptors that workers have'
biggest=0
while read -r pid _ before; do
	after=$(sed -n "s/^$pid [0-9]* //p" "stock.$waves")
	if [ "$pid" -eq "$SUPERVISOR" ]; then
		grow_less "$before" "$after" 'the supervisor'
		sizes="supervisor $before to $after kB"
	else
		grow_less "$before" "$after" "worker $pid"
		[ "$((after - before))" -le "$biggest" ] ||
			biggest=$((after - before))
	fi
done <"stock.$warm"

# All workers die at once; each is replaced, and runs jobs again.
for round in 1 2; do
	# shellcheck disable=SC2046 # a list
	kill -KILL $(children "$SUPERVISOR" | sed 's/.* //')
	wait_for 30 no_zombies
	n=$((waves + round))
	shut "$n"
	queue "$n"
	wait_for 30 all_at_gate "$n"
	open "$n"
	wait_for 30 all_done
	wait_for 30 no_zombies
done
take_stock stock.killed
is "$(sed -n '1s/ [0-9]*$//p' stock.warm)" "$(sed -n '1s/ [0-9]*$//p' \
    stock.killed)" 'PID and descriptors of the supervisor'
is "$(sed 1d stock.warm | cut -d ' ' -f 2 | sort | uniq -c)" \
    "$(sed 1d stock.killed | cut -d ' ' -f 2 | sort | uniq -c)" \
    'descriptors of workers'

stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
true_history "$TRACES" -o
put_right # the entries of workers that were killed
echo "$((waves * wave)) jobs in $((ended - began)) s; $sizes," \
    "workers by at most $biggest kB;" \
    "$(sed -n '1s/^[0-9]* \([0-9]*\) .*/\1/p' stock.killed) descriptors," \
    "a worker $(sed -n '2s/^[0-9]* \([0-9]*\) .*/\1/p' stock.killed)"
