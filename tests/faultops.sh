# shellcheck shell=sh
# shellcheck disable=SC2034,SC2317 # what is called by name, by matrix.sh
# faultops.sh - the operations that the matrices of tests/faults disturb.
#
# Of each operation NAME there is
#	setup_NAME	lays what it finds in an empty spool
#	do_NAME		does it, by way of `under`, `under_worker` or the like
#	done_NAME	what must be so when it was done, and all is drained
# It was done if its exit status is 0 or it has printed an ID; setup_NAME sets
#	kept	the tokens of the jobs that are there, once, whatever happens
#	new	those of jobs that are there if it was done, and once at most
#	again	if not empty: a command that was cut short is given again
#	always	if not empty: it is done in the end, whoever was cut short
#	early	if not empty: done_NAME is asked before all is drained

# Every job is retried at once.
setup() {
	kept='' new='' again='' always='' early=''
	q config set max_backoff_seconds 0
	put old ''
	kept=old
	"setup_$1"
}

# ended DIR ID: its record is there, alone.
ended() {
	[ -f "spool/$1/$2" ] || fail "$2 is not in $1/"
	is 1 "$(find spool -path "spool/*/$2" -type f | wc -l | tr -d ' ')" \
	    "places of $2"
}

# ---- enqueue

setup_enqueue() {
	new=new
}

do_enqueue() {
	under "$QUEUECTL" enqueue -- "$HELPERS/runonce" "$TRACES" new
}

done_enqueue() {
	ended completed "$(cat out)"
}

setup_chosen() {
	new=new
}

do_chosen() {
	under "$QUEUECTL" enqueue --id chosen -- "$HELPERS/runonce" \
	    "$TRACES" new
}

done_chosen() {
	is chosen "$(cat out)" 'the ID'
	ended completed chosen
}

# An ended job of the ID makes room.
setup_again() {
	put same ''
	finish_all
	kept='old same' new=new
}

do_again() {
	under "$QUEUECTL" enqueue --id same --again -- "$HELPERS/runonce" \
	    "$TRACES" new
}

done_again() {
	ended completed same
	is 2 "$(find spool/output -name 'same*' | wc -l | tr -d ' ')" outputs
}

setup_batch() {
	for token in one two three; do
		printf '{"command":["%s","%s","%s"]}\n' "$HELPERS/runonce" \
		    "$TRACES" "$token"
	done >lines
}

do_batch() {
	under "$QUEUECTL" enqueue --batch lines
}

# A beginning of the batch is in: at least what was told of.
done_batch() {
	acked=$(wc -l <out)
	before=1
	for token in one two three; do
		now=$(copies "$token")
		[ "$now" -le "$before" ] || fail "$token is in, one before not"
		[ "$acked" -le 0 ] || is 1 "$((now))" "records of $token"
		acked=$((acked - 1))
		before=$now
	done
}

# ---- retry, cancel, purge

setup_retry() {
	put x '-f 1' --max-retries 0
	finish_all
	[ -f spool/dead/x ] || fail 'x did not die'
	kept='old x' again=yes
}

do_retry() {
	under "$QUEUECTL" retry x
}

done_retry() {
	ended completed x
	is 'processing dead pending processing completed' \
	    "$(states spool/completed/x | sed 's/pending pending/pending/')" \
	    'history of x'
}

# It has failed, and waits for longer than this takes.
setup_retry_failed() {
	put x '-f 1' --max-retries 1 --backoff-base 200
	q config set max_backoff_seconds 200
	workers
	wait_for 10 test -f spool/failed/x
	stop_workers
	kept='old x' again=yes
}

do_retry_failed() {
	do_retry
}

done_retry_failed() {
	ended completed x
}

setup_cancel() {
	put x '' --delay 1h
	kept='old x' again=yes
}

do_cancel() {
	under "$QUEUECTL" cancel x
}

done_cancel() {
	ended dead x
}

setup_cancel_failed() {
	setup_retry_failed
}

do_cancel_failed() {
	do_cancel
}

done_cancel_failed() {
	ended dead x
}

setup_purge() {
	put x ''
	put y '-f 9' --max-retries 0
	finish_all
	[ -f spool/dead/y ] || fail 'y did not die'
	kept='old y' again=yes
	# Nothing is remembered of x: nothing will be told of it.
	sed '/^x /d' "$TRACES/ran" >ran
	mv ran "$TRACES/ran"
}

do_purge() {
	under "$QUEUECTL" purge x
}

done_purge() {
	[ -z "$(find spool -path 'spool/tmp' -prune -o -name 'x*' -print)" ] ||
		fail 'something of x is left'
	is 1 "$(find spool/output -name 'y.*' | wc -l | tr -d ' ')" \
	    'outputs of y'
}

# ---- what is no job's

setup_config() {
	again=yes
}

do_config() {
	under "$QUEUECTL" config set max_retries 5
}

done_config() {
	is 5 "$(q config get max_retries)" max_retries
	is 0 "$(q config get max_backoff_seconds)" 'another setting'
}

setup_pause() {
	again=yes early=yes
}

do_pause() {
	under "$QUEUECTL" pause 'for a while'
}

done_pause() {
	grep -q 'for a while$' spool/paused || fail 'it is not paused'
}

setup_resume() {
	q pause
	again=yes early=yes
}

do_resume() {
	under "$QUEUECTL" resume
}

done_resume() {
	[ ! -e spool/paused ] || fail 'it is still paused'
}

setup_init() {
	rm -rf spool
	kept='' again=yes
}

do_init() {
	under "$QUEUECTL" init
}

done_init() {
	is 9 "$(find spool -type d ! -path spool | wc -l | tr -d ' ')" \
	    directories
}

# ---- recovery

# lay DIR ID TOKEN LINE...: a job file with a history; it notes its runs.
lay() {
	file=spool/$1/$2 token=$3
	shift 3
	printf '%s\n' "arg=$HELPERS/runonce" "arg=$TRACES" "arg=$token" \
	    created_at=2026-01-01T00:00:00Z "$@" >"$file"
	chmod 600 "$file"
}

# What a machine that went down may have left.
setup_recover() {
	begun="processing=2026-01-01T00:00:01.000000Z attempt=1 worker=$(
		hostname | tr -c 'A-Za-z0-9._\n-' _).1.1"
	over='completed=2026-01-01T00:00:02.000000Z attempt=1 exit_code=0'
	lay processing claimed claimed
	lay processing lost lost "$begun"
	lay processing ended ended "$begun" "$over"
	lay processing torn torn "$begun"
	printf 'completed=2026-01-01T00:0' >>spool/processing/torn
	lay completed twice twice "$begun" "$over"
	lay pending twice twice2
	printf '%s 1 0\n' ended twice >>"$TRACES/ran"
	for id in ended twice; do
		echo "$id" >"spool/output/$id.1.out"
	done
	: >spool/control/cancel.lost
	kept="old claimed lost ended torn twice twice2" always=yes
}

# The supervisor alone is disturbed, its workers go on.
do_recover() {
	under "$QUEUECTL" worker start --drain --count 2
}

done_recover() {
	for id in claimed lost ended torn twice; do
		ended completed "$id"
	done
	is 'processing completed' "$(states spool/completed/ended)" \
	    'history of ended'
	is 'processing pending processing completed' \
	    "$(states spool/completed/torn)" 'history of torn'
}

setup_doctor() {
	setup_recover
	: >spool/output/twice.1.err
	again=yes always=
}

# It waits, to be sure of what it sees, with poll(2): that returns at once.
do_doctor() {
	under -e inject=poll:retval=0 "$QUEUECTL" doctor --repair
}

done_doctor() {
	done_recover
	[ ! -e spool/output/twice.1.err ] || fail 'an empty output is left'
}

# ---- a supervisor, which is disturbed alone

setup_supervised() {
	kept='old x' always=yes
}

do_supervised() {
	under_supervisor
}

done_supervised() {
	ended completed x
}

# ---- one worker process, which is disturbed alone

setup_completed() {
	put x ''
	kept='old x' always=yes
}

do_completed() {
	under_worker
}

done_completed() {
	ended completed x
}

setup_failed() {
	put x '-f 1' --max-retries 1
	kept='old x' always=yes
}

do_failed() {
	under_worker
}

done_failed() {
	ended completed x
}

setup_dead() {
	put x '-f 9' --max-retries 0
	kept='old x' always=yes
}

do_dead() {
	under_worker
}

done_dead() {
	ended dead x
}

# A new job of the ID of one that has ended.
setup_reused() {
	put x ''
	finish_all
	lay pending x x2
	kept='old x x2' always=yes
}

do_reused() {
	under_worker
}

done_reused() {
	ended completed x
	is 1 "$(find spool/output -name 'x~*' | wc -l | tr -d ' ')" \
	    'outputs of the older one'
}

setup_unreadable() {
	lay pending x x priority=11
	kept='old x' always=yes
}

do_unreadable() {
	under_worker
}

done_unreadable() {
	ended dead x
}

# Told to stop while it runs, it goes back.
setup_stopped() {
	put x -t
	kept='old x' always=yes
}

do_stopped() {
	under_worker stop_it
}

stop_it() {
	entry=$(find spool/workers -name "*.$SUPERVISOR")
	: >"spool/control/interrupt.${entry##*/}"
}

done_stopped() {
	ended completed x # its second attempt is a short one
}

setup_cancelled() {
	put x -t
	kept='old x' always=yes
}

do_cancelled() {
	under_worker cancel_it
}

cancel_it() {
	: >spool/control/cancel.x
}

# Unless its worker did not live to see the request.
done_cancelled() {
	[ -f spool/completed/x ] || ended dead x
}
