#!/bin/sh
# show tells why a job waits: every reason there is.

. "$TESTS/lib.sh"

quick_poll

# why JOB: the reasons that show gives.
why() {
	q show "$1" | sed -n 's/^note: //p'
}

# gives JOB PATTERN: one of the reasons is like that.
gives() {
	why "$1" >reasons
	grep -q -e "$2" reasons || fail "$1: no '$2' in: $(cat reasons)"
}

q enqueue --id waits true >id
no_worker="no worker is running: start one with 'queuectl worker start'"
is "$no_worker" "$(why waits)" 'why it waits'

q enqueue --id later --run-at 2100-01-01T00:00:00Z true >id
gives later '^due at 2100-01-01T00:00:00.000000Z, in [0-9]*d'

q pause mending the roof
gives waits '^the queue is paused: .* since .*: mending the roof$'
q resume

q config set min_free_bytes 1000000000000000
gives waits '^only [0-9]* bytes are free, fewer than min_free_bytes'
q config unset min_free_bytes

printf 'command=tru' >spool/pending/half
gives half 'if it does not change for 60 s it goes to the dead letter queue$'
printf 'command=true\npriority=11\n' >spool/pending/bad
gives bad '^unreadable: line 2: priority'
rm spool/pending/half spool/pending/bad

# A lock that somebody has, on the job or on what is in its way.
if command -v flock >/dev/null 2>&1; then
	exec 4<spool/pending/waits
	flock -n 4
	gives waits '^its file is locked by somebody$'
	exec 4<&-
	# A worker needs it alone, so that a reader's lock is in the way.
	exec 4<spool/pending/waits
	flock -s -n 4
	gives waits '^its file is locked by somebody$'
	exec 4<&-
	printf 'command=true\ncompleted=2026-01-01T00:00:00Z attempt=1\n' \
		>spool/completed/waits
	exec 4<spool/completed/waits
	flock -n 4
	gives waits "holds its lock: 'queuectl purge --force waits' removes"
	exec 4<&-
	rm spool/completed/waits
fi
is "$no_worker" "$(why waits)" 'why it waits'
# Those who ask at the same time do not see each other.
for i in 1 2 3 4 5 6 7 8; do
	{ why waits && why waits && why waits && why waits; } >"asked.$i" &
	eval "asker$i=$!"
done
for i in 1 2 3 4 5 6 7 8; do
	eval "wait \"\$asker$i\""
	is "$no_worker" "$(sort -u "asked.$i")" 'why it waits, asked at once'
done
q cancel waits

# An older job of its name runs, or is to be tried again.
workers --count 1
drop same "cwd=$PWD" 'max_retries=1' 'backoff_base=1000' \
    'command=until test -e open; do sleep 0.02; done; exit 1'
wait_for 10 test -f spool/processing/same
drop same 'command=true'
gives same '^an older job of this ID is running: it waits for it$'
drop other 'command=true'
noticed
is 'due: it waits for an idle worker' "$(why other)" 'why it waits'
: >open
wait_for 10 test -f spool/failed/same
wait_for 10 test -f spool/completed/other
mv spool/pending/same new
gives same '^due at .*, in 4m5[0-9]s$'
mv new spool/pending/same
gives same '^an older job of this ID is to be tried again: it waits for it$'
