#!/bin/sh
# What is made in a spool has the modes that the manual gives, whatever umask
# it is made under; a job has that umask.

. "$TESTS/lib.sh"

rm -rf spool

# q ARG...: under the umask of the row.
q() {
	(umask "$mask" && exec "$QUEUECTL" "$@")
}

# made BY: nothing in the spool has another mode.
made() {
	find spool -type d ! -perm 700 >other
	find spool -type f ! -perm 600 >>other
	[ ! -s other ] || fail "made by $1 under $mask: $(cat other)"
}

for mask in 000 022 077 222 277 700 777; do
	q init
	made init
	q config set poll_interval_ms 50
	q config set min_free_bytes 0
	q pause 'for a while'
	q enqueue --id option 'umask' >/dev/null
	q enqueue '{"id":"json","command":"umask"}' >/dev/null
	q enqueue -- true >/dev/null
	echo 'umask' | q enqueue - >/dev/null
	printf 'umask\ntrue\n' | q enqueue --batch - >/dev/null
	echo 'command=umask' | q enqueue --file - --id file >/dev/null
	is 7 "$(count pending)" "jobs under $mask"
	made commands
	q resume
	drop dropped "cwd=$PWD" 'command=umask; find spool -type f ! -perm 600' \
	    ' find spool -type d ! -perm 700'
	chmod 600 spool/pending/dropped
	STATUS=0
	q worker start --drain 2>log || STATUS=$?
	is 0 "$STATUS" "exit status of --drain under $mask"
	made workers
	for job in option json file; do
		is "umask=$mask" "$(grep '^umask=' "spool/completed/$job")" \
		    "what $job has under $mask"
		is "0$mask" "$(cat "spool/output/$job.1.out")" \
		    "what it runs with"
	done
	is "0$mask" "$(cat spool/output/dropped.1.out)" \
	    "what a dropped job runs with, and what else is there"
	rm -rf spool
done
