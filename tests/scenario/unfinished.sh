#!/bin/sh
# A file in pending/ whose name ends as those of sftp clients, browsers and
# editors do while they write is no job until it is renamed; nobody says a word
# of it, and enqueue makes none.

. "$TESTS/lib.sh"

quick_poll
q config set max_backoff_seconds 0
suffixes='filepart part partial tmp swp'

# ---- In pending/

for suffix in $suffixes; do
	printf '%s\n' "command=echo $suffix >>$PWD/ran" >"spool/pending/x.$suffix"
done
echo 'command=true' >spool/pending/.x.swp
exits 0 q list
is '' "$(cat out)$(cat err)" 'what is listed'
is 'pending: 0' "$(q status | head -n 1)" 'what status counts'
is 'queuectl_jobs{state="pending"} 0' \
    "$(q metrics | grep '^queuectl_jobs{state="pending"}')" 'what metrics count'
exits 0 q wait --timeout 20
exits 3 q show x.tmp
exits 3 q cancel x.tmp
exits 0 q doctor
is '' "$(cat out)" 'what doctor finds'
drain
is 0 "$STATUS" 'exit status of --drain'
[ ! -e ran ] || fail "ran: $(cat ran)"

workers
for suffix in $suffixes; do
	mv "spool/pending/x.$suffix" "spool/pending/x-$suffix"
	wait_for 10 test -f "spool/completed/x-$suffix"
done
# Nothing else ends so.
for name in tmp x.TMP x.tmp.1 xtmp x.part_; do
	drop "$name" "command=echo $name >>$PWD/ran"
	wait_for 10 test -f "spool/completed/$name"
done
# shellcheck disable=SC2086 # a list
printf '%s\n' $suffixes tmp x.TMP x.tmp.1 xtmp x.part_ | cmp - ran ||
	fail "ran: $(cat ran)"
if logged left-alone; then
	fail "the log names them: $(grep left-alone log)"
fi
stop_workers

# ---- enqueue

# refuses TEXT ARG...
refuses() {
	text=$1
	shift
	exits 2 q "$@"
	grep -q "^queuectl: $text" err || fail "'$*' says: $(cat err)"
	[ ! -s out ] || fail "'$*' prints: $(cat out)"
}

find spool | sort >before
for suffix in $suffixes; do
	why="must not end in .$suffix: such a file is no job until it is renamed"
	refuses "--id: $why" enqueue --id "y.$suffix" true
	json="{\"id\":\"y.$suffix\",\"command\":\"true\"}"
	refuses "JSON member \"id\" at byte 6: $why" enqueue "$json"
	echo "$json" >job.json
	refuses "job.json: JSON member \"id\" at byte 6: $why" enqueue @job.json
	printf 'true\n%s\n' "$json" >more.jobs
	refuses "more.jobs: line 2: JSON member \"id\" at byte 6: $why" enqueue --batch more.jobs
	echo 'command=true' >job
	refuses "--id: $why" enqueue --file job --id "y.$suffix"
done
find spool | sort | cmp - before || fail 'something was enqueued'

# ---- Elsewhere it is a job: an older one

printf '%s\n' 'command=exit 1' 'processing=2026-01-01T00:00:00Z attempt=1 worker=h.1.1' \
    'dead=2026-01-01T00:00:01Z attempt=1 exit_code=1 error="exit code 1"' \
    >spool/dead/old.tmp
is 'exit code 1' "$(q show old.tmp | sed -n 's/^error: //p')" 'what show says'
is old.tmp "$(q list -q --state dead)" 'what is listed'
exits 1 q retry old.tmp
is 'queuectl: old.tmp: a name that ends in .tmp is no job'"'"'s in pending/: move its file there by another one' \
    "$(cat err)" 'why it is not retried'
exits 1 q requeue old.tmp
mv spool/dead/old.tmp spool/pending/old
# One that ran when its worker died, or is to be tried again, is not lost.
printf '%s\n' "command=echo lost >>$PWD/ran" \
    "processing=2026-01-01T00:00:00Z attempt=1 worker=$(uname -n | tr -c 'A-Za-z0-9._\n-' _).1.1" \
    >spool/processing/lost.part
printf '%s\n' "command=echo failed >>$PWD/ran" >spool/failed/failed.swp
printf '%s\n' "command=echo moved >>$PWD/ran" >spool/processing/moved.partial
rm ran
drain
is 1 "$STATUS" 'exit status of --drain'
is 'failed lost moved' "$(sort ran | tr '\n' ' ' | sed 's/ $//')" 'what ran'
for name in lost.part failed.swp moved.partial; do
	[ -f "spool/completed/$name" ] || fail "$name is not completed"
done
is 'processing failed processing completed' "$(states spool/completed/lost.part)" \
    'history of lost.part'
is lost "$(field spool/completed/lost.part failed reason)" 'why it waited'
[ -f spool/dead/old ] || fail 'old did not run by its new name'
