#!/bin/sh
# slow
# kill -9 at random: supervisors, workers and jobs by jobs that are dangerous
# (helper/runonce.c), commands by helper/cutshort.c.  No job is lost, none
# runs twice at the same time or after its end was recorded, and every
# enqueue that was acknowledged is in the spool once.
#
# KILLS		how many in a run, a tenth of them at least of each of the four
#		kinds; a twentieth as many jobs at least are acknowledged (1000)

. "$TESTS/faultlib.sh"

kills=${KILLS:-1000}
RUNONCE_SESSION=$("$HELPERS/runonce" -s)
export RUNONCE_SESSION
rm -f "$TRACES/calm"
: >"$TRACES/kills"
: >given

killed() {
	grep -c "^$1\$" "$TRACES/kills" || :
}

# cut MICROSECONDS COMMAND...: which is killed within that time, or ends; what
# it prints is in ./said.
cut() {
	limit=$1
	shift
	status=0
	"$HELPERS/cutshort" "$limit" "$TRACES/kills" "$QUEUECTL" "$@" \
	    >said 2>>errors || status=$?
	# 3: the job is not there; 75: somebody has it just now.
	case $status in
	[013] | 75 | 137) ;;
	*) fail "'$*' exits with $status: $(tail -n 3 errors)" ;;
	esac
}

# given TOKEN...: notes the IDs that were printed as those of these tokens,
# in the order of both.
given() {
	while read -r id; do
		[ $# -gt 0 ] || fail "an ID too many: $id"
		echo "$1 $id" >>given
		shift
	done <said
}

# put TOKEN OPTION...: an enqueue cut short.
put() {
	token=$1
	shift
	cut 8000 enqueue --max-retries 2 "$@" -- \
	    "$HELPERS/runonce" -r "$TRACES" "$token"
	given "$token"
}

put_batch() {
	for i in 1 2 3; do
		echo "{\"max_retries\": 2, \"argv\": [\"$HELPERS/runonce\"," \
		    "\"-r\", \"$TRACES\", \"batch$round.$i\"]}"
	done >lines
	cut 10000 enqueue --batch lines
	given "batch$round.1" "batch$round.2" "batch$round.3"
}

# The commands, one after the other.
one_command() {
	case $((round % 10)) in
	0 | 5)	put "put$round" ;;
	1)	put "id$round" --id "id$((round / 10 % 5))" --again ;;
	2)	put_batch ;;
	3)	cut 3000 retry --again "job$((round / 10 % 20))" ;;
	4)	cut 3000 retry "job$((round / 10 % 20 + 20))" ;;
	6)	cut 3000 cancel "job$((round / 10 % 20 + 20))" ;;
	7)	put "purged$round" --id "purged$((round / 10))"
		cut 3000 purge "purged$((round / 10 - 1))" ;;
	8)	cut 3000 config set lock_lease_seconds $((300 + round))
		[ "$status" -ne 0 ] || lease=$((300 + round)) ;;
	9)	[ $((round % 40)) -ne 9 ] || cut 8000 worker stop ;;
	esac
}

# A doctor takes a while: there is one all the time.
keep_doctor() {
	[ -z "${doctor:-}" ] || gone "$doctor" || return 0
	[ -z "${doctor:-}" ] || wait "$doctor" || :
	"$HELPERS/cutshort" 1500000 "$TRACES/kills" \
	    "$QUEUECTL" doctor --repair >>repairs 2>>errors &
	doctor=$!
}

keep_all() {
	for slot in 1 2 3; do
		keep_one "$slot" --count 3
	done
}

# again: some of the first jobs that have ended are to run once more.
again() {
	n=$((round / 3 % 10))
	q retry --again "job$n" "job1$n" "job2$n" "job3$n" >said 2>&1 || :
}

enough() {
	[ "$(wc -l <"$TRACES/kills")" -ge "$kills" ] || return 1
	for kind in supervisor worker job command; do
		[ "$(killed "$kind")" -ge $((kills / 10)) ] || return 1
	done
	[ "$(wc -l <given)" -ge $((kills / 20)) ]
}

q config set backoff_base 1
q config set max_backoff_seconds 0
quick_poll
i=0
while [ "$i" -lt 40 ]; do
	drop "job$i" max_retries=2 "arg=$HELPERS/runonce" arg=-r \
	    "arg=$TRACES" "arg=job$i"
	i=$((i + 1))
done
round=0
lease=300
until enough; do
	keep_all
	keep_doctor
	again
	for _ in 1 2 3; do
		round=$((round + 1))
		one_command
	done
done

# Quiet now: what is left comes to its end.
settled() {
	keep_one 1 --count 3
	nothing_live
}
: >"$TRACES/calm"
wait "$doctor" || :
wait_for 30 settled

# A retry or a purge that was cut short is given again, as it says in the
# manual.
q doctor >found 2>&1 || :
sed -n 's/^note: moved: [a-z]*\/\([^ :]*\): .*says pending.*/\1/p' found >retried
while read -r name; do
	q retry --again "$name" >said
done <retried
wait_for 30 settled
for file in spool/completed/purged*; do
	[ -f "$file" ] || continue
	output=${file##*/}.$(field "$file" completed attempt).out
	[ -f "spool/output/$output" ] || q purge "${file##*/}" 2>said
done
for pid in $PIDS; do
	kill -TERM "$pid" 2>/dev/null || :
	wait "$pid" 2>/dev/null || :
	forget "$pid"
done
put_right

# What was purged has left no trace, but for those that it did not come to, and
# what a purge that was killed had put aside in tmp/.
grep -rho '^arg=purged[0-9]*$' spool/pending spool/processing \
    spool/failed spool/completed spool/dead |
	sed 's/arg=//' >kept || :
awk 'NR == FNR { kept[$1]; next } $1 !~ /^purged/ || $1 in kept' kept \
    "$TRACES/ran" >ran
mv ran "$TRACES/ran"
true_history "$TRACES" -o

# Each token is the last argument of one job, and an acknowledged one is that
# of the ID which was printed, or by now of an older record of it.
for state in completed dead; do
	for file in spool/"$state"/*; do
		[ ! -f "$file" ] ||
			sed -n "s/^arg=\([a-z]*[0-9.]*\)\$/\1 ${file##*/}/p" \
			    "$file"
	done
done >held
awk '
function fault(what) {
	if (++faults <= 5)
		print what
}
NR == FNR {
	if ($1 in held)
		fault($1 " is there as " held[$1] " and as " $2)
	held[$1] = $2
	next
}
$1 !~ /^purged/ && !($1 in held) { fault($1 " is lost: " $2) }
$1 in held && held[$1] != $2 && index(held[$1], $2 "~") != 1 {
	fault($1 " is not " $2 " but " held[$1])
}
END { exit faults > 0 }' held given >faults || fail "$(cat faults)"
is 40 "$(grep -c '^job' held)" 'of the first jobs'
[ "$(q config get lock_lease_seconds)" -ge "$lease" ] ||
	fail "the config does not have $lease, which was set"

echo "$(killed supervisor) supervisors, $(killed worker) workers," \
    "$(killed job) jobs, $(killed command) commands killed;" \
    "$(wc -l <"$TRACES/ran") runs, $(grep -c ' lost ' runs) of them lost;" \
    "$(wc -l <given) jobs acknowledged, $round commands"
