#!/bin/sh
# A job that another host has left in processing/: show, retry, cancel and
# doctor tell the same of it, which is what then happens; and so does the
# dashboard.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"

quick_poll
q config set lock_lease_seconds 300

# begun NAME WORKER LINE...: a job in processing/, as a worker has begun it.
begun() {
	name=$1 worker=$2
	shift 2
	printf '%s\n' command=true "$@" \
	    "processing=2026-01-01T00:00:00Z attempt=1 worker=$worker" \
	    >"spool/processing/$name"
}

# us TIME: in microseconds; a time may be in whole seconds.
us() {
	case $1 in
	*.*) "$HELPERS/micros" at "$1" ;;
	*) "$HELPERS/micros" at "${1%Z}.000000Z" ;;
	esac
}

# tells FILE HOST NAME: it has the sentence, with those times.
tells() {
	sentence="its host$2 has been silent since $since: unless it is heard"
	sentence="$sentence of, a supervisor will put the job back at $back"
	sentence="$sentence$none; 'queuectl cancel --force $3' gives it up now"
	grep -qF "$sentence" "$1" || fail "no '$sentence' in: $(cat "$1")"
}

# doctor_tells NAME HOST: a note, as of all that may be well.
doctor_tells() {
	exits 0 q doctor
	grep "note: leased: processing/$1: " out >found ||
		fail "doctor does not tell of $1: $(cat out)"
	tells found "$2" "$1"
}

# all_tell NAME HOST: the others do, and change nothing.
all_tell() {
	exits 0 q show "$1"
	tells out "$2" "$1"
	exits 1 q retry "$1"
	tells err "$2" "$1"
	exits 1 q cancel "$1"
	tells err "$2" "$1"
	is processing "$(states "spool/processing/$1")" "history of $1"
	is '' "$(find spool/control -type f)" 'requests left'
}

# ---- The lease lasts

before=$(($("$HELPERS/micros") - 1000000))
begun fresh otherhost.77.1
exits 0 q show fresh
since=$(sed -n 's/^note: .* silent since \([^ ]*Z\): .*/\1/p' out)
back=$(sed -n 's/^note: .* the job back at \([^ ]*Z\)[,;].*/\1/p' out)
case $since,$back in
20*,20*) ;;
*) fail "show says: $(cat out)" ;;
esac
[ "$(us "$since")" -ge "$before" ] || fail "silent since $since"
[ "$(us "$since")" -le "$("$HELPERS/micros")" ] || fail "silent since $since"
is 300000000 "$(($(us "$back") - $(us "$since")))" 'length of the lease'
none=', but none is running'
all_tell fresh ' otherhost'
doctor_tells fresh ' otherhost'
# With a supervisor, which leaves it alone.
workers --count 1
drop last command=true
wait_for 10 test -f spool/completed/last
none=
all_tell fresh ' otherhost'
stop_workers
none=', but none is running'
# The name of a host that cannot be one is not told.
begun odd 'a/b?.77.1'
exits 0 q show odd
since=$(sed -n 's/^note: .* silent since \([^ ]*Z\): .*/\1/p' out)
back=$(sed -n 's/^note: .* the job back at \([^ ]*Z\)[,;].*/\1/p' out)
all_tell odd ''

# What is done over HTTP is refused with the same words.
if [ -x "$HELPERS/ask" ]; then
	dashboard --listen 127.0.0.1:0 --allow-actions
	for what in retry cancel; do
		post 409 "/api/jobs/odd/$what" "Authorization: Bearer $TOKEN"
		tells out '' odd
	done
	leave
fi

# By force it is given up now, once.
exits 0 q cancel --force odd
is 'processing dead' "$(states spool/dead/odd)" 'history of odd'
grep -q '^dead=.* error="cancelled: given up while its host was silent"$' \
    spool/dead/odd || fail "odd: $(cat spool/dead/odd)"
exits 1 q cancel --force odd

# ---- It is over: it is lost, and nobody speaks of a lease.

begun lost otherhost.77.1
touch -t 202601010000 spool/processing/lost
exits 0 q show lost
grep -q '^note: its worker died: a supervisor will put it back$' out ||
	fail "show says: $(cat out)"
exits 1 q retry lost
grep -q ': its worker died: a supervisor will put it back$' err ||
	fail "retry says: $(cat err)"
exits 1 q doctor
grep -q '^fault: lost: processing/lost: ' out || fail "doctor: $(cat out)"
exits 0 q cancel lost
is 'processing dead' "$(states spool/dead/lost)" 'history of lost'

# ---- When it is over a supervisor puts it back, not before.

q config set lock_lease_seconds 3
begun back otherhost.77.1
exits 0 q show back
told=$(sed -n 's/^note: .* the job back at \([^ ]*Z\)[,;].*/\1/p' out)
workers --count 1
wait_for 15 test -f spool/completed/back
is 'processing pending processing completed' "$(states spool/completed/back)" \
    'history of back'
is lost "$(field spool/completed/back pending reason)" 'why it is back'
at=$(sed -n 's/^pending=\([^ ]*\) .*/\1/p' spool/completed/back)
[ "$(us "$at")" -ge "$(us "$told")" ] || fail "back at $at, not $told"
stop_workers
