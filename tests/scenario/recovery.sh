#!/bin/sh
# The crash table of spool.md, section 5: what each crash leaves behind is laid
# there by hand, a supervisor is started, and each job must end where the
# table says, with the history that is due to it.

. "$TESTS/lib.sh"

old=2026-01-01T00:00
p1="processing=$old:01.000000Z attempt=1 worker=$(hostname).1.1"
p2="processing=$old:03.000000Z attempt=2 worker=$(hostname).1.1"
p3="processing=$old:05.000000Z attempt=3 worker=$(hostname).1.1"
failed1="failed=$old:02.000000Z attempt=1 exit_code=1 retry_at=$old:04.000000Z error=\"exit code 1\""
later1="failed=$old:02.000000Z attempt=1 exit_code=1 retry_at=2099-01-01T00:00:00.000000Z error=\"exit code 1\""
dead1="dead=$old:02.000000Z attempt=1 exit_code=1 error=\"exit code 1\""
done1="completed=$old:02.000000Z attempt=1 exit_code=0"
lost1="pending=$old:02.000000Z reason=lost"
lost2="pending=$old:04.000000Z reason=lost"
stopped1="pending=$old:02.000000Z reason=stopped"
retried1="pending=$old:03.000000Z reason=retried"

# lay DIR/NAME LINE...: a job file with a history.  Its command says which
# attempt it is.
lay() {
	file=spool/$1
	shift
	printf '%s\n' "command=echo \$QUEUECTL_ATTEMPT" "created_at=$old:00Z" \
	    max_retries=1 backoff_base=100 "$@" >"$file"
}

# ends NAME DIR STATE...: where it is in the end, and its history.
ends() {
	name=$1 dir=$2
	shift 2
	[ -f "spool/$dir/$name" ] ||
		fail "$name is not in $dir: $(ls spool/*/"$name")"
	is "$*" "$(states "spool/$dir/$name")" "history of $name"
}

# last_out NAME ATTEMPT: its run was that attempt.
last_out() {
	is "$2" "$(cat "spool/output/$1.$2.out")" "output of $1"
}

# claim: move
lay processing/claimed
lay processing/claimed-failed "$p1" "$failed1"
lay processing/claimed-later "$p1" "$later1"
lay processing/claimed-stopped "$p1" "$stopped1"
lay processing/claimed-bad priority=11
# claim: append, and what a torn write adds to it
lay processing/begun "$p1"
lay processing/begun-torn "$p1"
printf '%s' "$done1" >>spool/processing/begun-torn
lay processing/begun-twice "$p1" "$lost1" "$p2"
lay processing/begun-thrice "$p1" "$lost1" "$p2" "$lost2" "$p3"
# a loss is one loss, also if it went to failed/ for want of a free name
lay processing/once "$p1" "$lost1" \
    "failed=$old:02.500000Z reason=lost retry_at=$old:02.500000Z" "$p2"
# finish, put back: append
lay processing/completed "$p1" "$done1"
lay processing/dead "$p1" "$dead1"
lay processing/lost "$p1" "$lost1"
# the same, and the name is taken where it goes
lay processing/both "$p1" "$done1"
lay completed/both "processing=$old:00.000000Z attempt=1 worker=x.1.1" \
    "completed=$old:00.500000Z attempt=1 exit_code=0"
echo older >spool/output/both.1.out
lay processing/renewed "$p1"
printf '%s\n' 'command=echo the new one' >spool/pending/renewed
# retry: append; from failed/ the claim completes it
lay dead/retried "$p1" "$dead1" "$retried1"
lay failed/retried-failed "$p1" "$later1" "$retried1"
# archive: outputs
lay completed/archived "$p1" "$done1"
echo old >"spool/output/archived~20260101T000002.000.1.out"
printf '%s\n' 'command=echo the new one' >spool/pending/archived
# by hand, after a crash
lay pending/moved-begun "$p1"
lay pending/moved-completed "$p1" "$done1"
lay pending/moved-dead "$p1" "$failed1" "$p2" "dead=$old:04.000000Z attempt=2 exit_code=1 error=\"exit code 1\""
# another host's, within its lease and after it
sed 's/worker=[^ ]*/worker=other.1.1/' spool/processing/begun \
    >spool/processing/leased
cp spool/processing/leased spool/processing/leased-out
touch -t 202601010000 spool/processing/leased-out
cp spool/processing/leased leased

quick_poll
exits 0 q retry retried
workers --count 2
settled() {
	[ -z "$(find spool/pending -type f)" ] &&
	    [ "$(count processing)" -eq 1 ] && [ "$(count failed)" -eq 1 ]
}
wait_for 20 settled

ends claimed completed processing completed
ends claimed-failed completed processing failed processing completed
last_out claimed-failed 2
ends claimed-later failed processing failed
ends claimed-stopped completed processing pending processing completed
ends claimed-bad dead dead
ends begun completed processing pending processing completed
is lost "$(field spool/completed/begun pending reason)" 'reason of begun'
ends begun-torn completed processing pending processing completed
ends begun-twice completed processing pending processing pending \
    processing completed
last_out begun-twice 3
ends begun-thrice dead processing pending processing pending processing dead
grep -q '^dead=.* attempt=3 error="lost 3 times' spool/dead/begun-thrice ||
	fail "begun-thrice: $(tail -n 1 spool/dead/begun-thrice)"
ends once completed processing pending failed processing pending processing \
    completed
ends completed completed processing completed
ends dead dead processing dead
ends lost completed processing pending processing completed

ends both completed processing completed
is "$done1" "$(tail -n 1 spool/completed/both)" 'the later one of both'
ends 'both~20260101T000000.500' completed processing completed
is older "$(cat 'spool/output/both~20260101T000000.500.1.out')" \
    'output of the older one'

# The older one waits in failed/ while the new one has its name in pending/,
# and goes first.
ends renewed completed processing completed
is 'the new one' "$(cat spool/output/renewed.1.out)" 'output of the new one'
older=$(find spool/completed -name 'renewed~*')
[ -n "$older" ] || fail 'there is no older one of renewed'
ends "${older##*/}" completed processing pending failed processing completed
is lost "$(field "$older" failed reason)" 'why it is in failed/'
last_out "${older##*/}" 2

ends retried completed processing dead pending pending processing completed
ends retried-failed completed processing failed pending pending processing \
    completed
ends archived completed processing completed
ends 'archived~20260101T000002.000' completed processing completed
is old "$(cat 'spool/output/archived~20260101T000002.000.1.out')" \
    'output of the archived one'
is 'the new one' "$(cat spool/output/archived.1.out)" 'output of archived'

ends moved-begun completed processing pending processing completed
ends moved-completed completed processing completed pending processing \
    completed
is moved "$(field spool/completed/moved-completed pending reason)" 'reason'
ends moved-dead completed processing failed processing dead pending \
    processing completed
last_out moved-dead 3

ends leased-out completed processing pending processing completed
cmp -s leased spool/processing/leased || fail 'a leased job was touched'
stop_workers

# Nothing but what is said above has run: each run printed its number.
for f in spool/output/*; do
	case $(cat "$f") in
	[1-9] | 'the new one' | old | older) ;;
	*) fail "$f: $(cat "$f")" ;;
	esac
done
