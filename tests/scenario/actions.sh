#!/bin/sh
# actions: what the dashboard lets be done, and to whom.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"

# state ID: where it is.
state() {
	for dir in pending processing completed failed dead; do
		[ ! -e "spool/$dir/$1" ] || echo "$dir"
	done
}

# in_state STATE ID
in_state() {
	[ "$(state "$2")" = "$1" ]
}

q config set durability none
q config set kill_grace_seconds 1
drop waits 'command=true' 'run_at=2099-01-01T00:00:00Z'

# ---- Not without being allowed, and not by everybody

# refused STATUS LINE...: nothing that can be done is done.
refused() {
	want=$1
	shift
	for path in jobs/waits/cancel jobs/waits/retry jobs/waits/purge pause \
	    resume jobs/none/cancel; do
		post "$want" "/api/$path" "$@"
		grep -q '"error":"' body || fail "it does not say why: $(cat body)"
	done
	is pending "$(state waits)" 'state of a job that nobody may touch'
	[ ! -e spool/paused ] || fail 'it is paused all the same'
}

dashboard --listen 127.0.0.1:0
is '' "$TOKEN" 'a token that nobody asked for'
refused 403 'Authorization: Bearer '
get /
! grep -q '<body.* data-actions' body || fail 'the page offers what is not allowed'
leave

dashboard --listen 127.0.0.1:0 --allow-actions
printf '%s\n' "$TOKEN" | grep -q '^[0-9a-f]\{32\}$' || fail "token: $TOKEN"
may="Authorization: Bearer $TOKEN"
get /
grep -q '<body data-actions="[A-Za-z0-9+/=]*">' body || fail 'the page offers nothing'
! grep -q "$TOKEN" body || fail 'the page tells the token to everybody'
refused 403
refused 403 'Authorization: Bearer 0'
refused 403 "Authorization: Bearer ${TOKEN}0"
refused 403 "Authorization: Bearer ${TOKEN%?}"
refused 403 "Authorization: Basic $TOKEN"
refused 403 "$may" 'Origin: http://evil.example'
refused 403 "$may" "Origin: http://127.0.0.1:1$PORT"
refused 403 "$may" "Origin: http://127.0.0.1"
refused 403 "$may" 'Origin: null'
refused 403 "$may" "Origin: http://127.0.0.1:$PORT" 'Sec-Fetch-Site: cross-site'
refused 403 "$may" 'Sec-Fetch-Site: same-site'
refused 403 "$may" 'X-Queuectl-Token: 0'
refused 403 "$may" 'X-Queuectl-Token:'
for path in jobs/waits/cancel pause; do
	answers 405 "GET /api/$path HTTP/1.1" "Host: 127.0.0.1:$PORT" "$may" \
	    'Connection: close'
	grep -q '^Allow: POST' out || fail 'it does not say how'
done
post 405 /api/status "$may"
grep -q '^Allow: GET, HEAD' out || fail 'it does not say how to look'
post 404 /api/jobs/waits/other "$may"
is pending "$(state waits)" 'state of the job'

# ---- Retry, cancel, purge

own="Origin: http://127.0.0.1:$PORT"
post 404 /api/jobs/none/retry "$may" "$own"
post 409 /api/jobs/waits/retry "$may" "$own"
post 409 /api/jobs/waits/purge "$may" "$own"
grep -q 'cancel it first' body || fail "it says: $(cat body)"
post 200 /api/jobs/waits/cancel "$may" "$own"
is dead "$(state waits)" 'state of what was cancelled'
is '{}' "$(cat body)" 'answer to what was done'
post 409 /api/jobs/waits/cancel "$may"
post 200 /api/jobs/waits/retry "$may"
is pending "$(state waits)" 'state of what was retried'
post 200 /api/jobs/waits/cancel "$may"
post 200 /api/jobs/waits/purge "$may"
is '' "$(state waits)" 'state of what was purged'
post 404 /api/jobs/waits/purge "$may"

workers
drop runs 'command=sleep 1000'
wait_for 10 in_state processing runs
post 409 /api/jobs/runs/retry "$may"
post 409 /api/jobs/runs/purge "$may"
post 202 /api/jobs/runs/cancel "$may"
wait_for 10 in_state dead runs
drop ends 'command=true'
wait_for 10 in_state completed ends
post 409 /api/jobs/ends/retry "$may"
post 200 '/api/jobs/ends/retry?again=1' "$may"
wait_for 10 grep -q '^completed=.*attempt=2' spool/completed/ends
is 2 "$(grep -c '^processing=' spool/completed/ends)" 'runs of a job'
post 400 '/api/jobs/ends/retry?again=2' "$may"
q enqueue --id ends --again true >/dev/null
wait_for 10 in_state completed ends
old=$(basename spool/completed/ends~*)
post 409 "/api/jobs/$old/retry" "$may"
post 200 "/api/jobs/$old/purge" "$may"
[ ! -e "spool/completed/$old" ] || fail 'an older record is not purged'

# A job that ignores what it is told does not hold up those who ask.
drop stays "command=trap '' TERM; while :; do sleep 0.1; done"
wait_for 10 in_state processing stays
post 202 /api/jobs/stays/cancel "$may"
get /api/status
grep -q '"processing":1' body || fail "it waited: $(cat body)"
wait_for 10 in_state dead stays

# What somebody holds locked holds up nobody else.
if command -v flock >/dev/null; then
	drop held 'command=exit 1' max_retries=0
	wait_for 10 in_state dead held
	flock spool/dead/held sleep 30 &
	locker=$!
	PIDS="$PIDS $locker"
	is_held() {
		! flock -n spool/dead/held true
	}
	wait_for 5 is_held
	for _ in 1 2 3 4 5 6 7 8 9; do
		printf 'POST /api/jobs/held/retry HTTP/1.1\r\n%s\r\n%s\r\n%s\r\n\r\n' \
		    "Host: 127.0.0.1:$PORT" "$may" 'Content-Length: 0'
	done >many
	printf 'HEAD / HTTP/1.1\r\n%s\r\nConnection: close\r\n\r\n' \
	    "Host: 127.0.0.1:$PORT" >>many
	"$HELPERS/ask" "$PORT" <many >many.out &
	asker=$!
	begun=$(date +%s)
	get /api/status
	wait "$asker" || :
	[ "$(($(date +%s) - begun))" -le 4 ] || fail 'what is locked is waited for'
	is 9 "$(grep -c '^HTTP/1.1 503' many.out)" 'answers that it is locked'
	kill "$locker"
fi

# ---- Pause, resume

printf 'POST /api/pause HTTP/1.1\r\n%s\r\n%s\r\n%s\r\n%s\r\n\r\n%s' \
    "Host: 127.0.0.1:$PORT" "$may" 'Content-Length: 15' 'Connection: close' \
    '<b>nightly
more' | "$HELPERS/ask" "$PORT" >out
grep -q '^HTTP/1.1 200' out || fail "pausing: $(head -n 1 out)"
exits 0 q status
grep -q '^paused: .* since .*Z: <b>nightly$' out || fail "status: $(cat out)"
post 200 /api/resume "$may"
[ ! -e spool/paused ] || fail 'it is not resumed'
# As a proxy passes it on that asks for a password and has replaced Host.
post 200 /api/resume "X-Queuectl-Token: $TOKEN" 'Authorization: Basic eDp5' \
    'Origin: https://queue.example' 'Sec-Fetch-Site: same-origin'
post 200 /api/resume "X-Queuectl-Token: $TOKEN" 'Authorization: Bearer other'
post 200 /api/pause "$may"
exits 0 q status
grep -q '^paused: .* since [0-9T:Z-]*$' out || fail "no reason: $(cat out)"
leave

# ---- A token of one is none of another

first=$TOKEN
dashboard --listen "unix:$PWD/socket" --allow-actions
is "unix:$PWD/socket#token=$TOKEN" "$(cat url)" 'what it prints of a socket'
[ "$TOKEN" != "$first" ] || fail 'the token is always the same'
leave
