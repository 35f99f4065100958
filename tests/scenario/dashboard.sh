#!/bin/sh
# dashboard: what it answers, whom it answers, and what it does not let itself
# be talked into.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"

q config set durability none
dashboard --listen 127.0.0.1:0
here="Host: 127.0.0.1:$PORT"
close='Connection: close'

# ---- What it answers

drop a 'command=true'
: >mark
sleep 0.02 # a tick of the file system's clock
for path in / '/?job=a' /api/status /api/jobs '/api/jobs?q=x' /api/jobs/a \
    /api/jobs/a/output /api/jobs/none /api/throughput /api/errors /metrics; do
	get "$path"
done
is '' "$(find spool -newer mark)" 'what it has changed by being looked at'
get /
grep -q '^HTTP/1.1 200 OK' out || fail "the page: $(head -n 1 out)"
grep -q 'href="?state=pending"><b>1</b><span>pending</span>' body ||
	fail "the page does not count: $(cat body)"
grep -q 'No worker is running' body || fail 'it does not say that none works'
is "$(wc -c <body | tr -d ' ')" \
    "$(sed -n 's/^Content-Length: //p' out)" 'Content-Length'
for field in "Content-Security-Policy: default-src 'none'; " \
    'X-Content-Type-Options: nosniff' 'Referrer-Policy: no-referrer' \
    'Content-Type: text/html; charset=utf-8' 'Cache-Control: no-store'; do
	grep -q "^$field" out || fail "the answer lacks: $field"
done
grep -q "frame-ancestors 'none'" out || fail 'it may be put into a frame'
q pause '<script>alert(1)</script> "&'"'" 2>/dev/null
get /
grep -q '&lt;script&gt;alert(1)&lt;/script&gt; &quot;&amp;&#39;' body ||
	fail "text of strangers: $(cat body)"
is 1 "$(grep -c '<script' body)" 'scripts with a reason to pause that is one'
get /api/status
exits 0 q status --json
cmp out body || fail 'JSON of /api/status is not that of status'
q resume 2>/dev/null
get /metrics
exits 0 q metrics
grep -v oldest out >want
grep -v oldest body | cmp - want || fail '/metrics is not what metrics prints'
# A proxy may have put it below any path: nothing leads to the root.
for path in / '/?state=pending&q=true' '/?job=a' '/?state=bogus'; do
	get "$path"
	grep -q 'href="?state=dead"' body || fail "$path has no links"
	! grep -E "(href|action|src)=\"/|['\"\`]/(api|metrics|\?)" body ||
		fail "$path leads to the root"
done
send 'HEAD / HTTP/1.1' "$here" "$close"
is '' "$(sed '1,/^$/d' out)" 'body of the answer to HEAD'
grep -q '^Content-Length: [1-9]' out || fail 'HEAD does not tell the length'

# ---- Whom

for host in 127.0.0.1 "127.0.0.1:1$PORT" "evil.example:$PORT" "localhost" \
    "127.0.0.1.evil.example:$PORT" "10.0.0.1:$PORT" '' ":$PORT" \
    "[::1]:$PORT" "127.0.0.1:$PORT.evil" "0:$PORT"; do
	answers 421 'GET / HTTP/1.1' "Host: $host" "$close"
done
answers 200 'GET / HTTP/1.1' "Host: localhost:$PORT" "$close"
answers 200 'GET / HTTP/1.1' "Host: LocalHost:$PORT" "$close"
answers 200 'GET / HTTP/1.0'
answers 200 "GET http://127.0.0.1:$PORT/api/status HTTP/1.1" 'Host: x' "$close"
answers 200 "GET http://localhost:$PORT HTTP/1.1" 'Host: x' "$close"
for target in "http://evil.example:$PORT/" http://127.0.0.1/ \
    "https://127.0.0.1:1$PORT/?job=a"; do
	answers 421 "GET $target HTTP/1.1" "$here" "$close"
done
answers 200 '' 'GET /api/status HTTP/1.1' "$here" "$close"

# ---- What is wrong, or unusual

printf 'GET / HTTP/1.1\r\n%s\r\n' "$here" >half
"$HELPERS/ask" "$PORT" <half >slow & # for as long as it is let
slow=$!
answers 404 'GET /nothing HTTP/1.1' "$here" "$close"
answers 404 'GET /api/status/ HTTP/1.1' "$here" "$close"
answers 400 'GET /api/../api/status HTTP/1.1' "$here"
answers 400 'GET /../config HTTP/1.1' "$here"
answers 400 'GET /%2e%2e/config HTTP/1.1' "$here"
answers 400 'GET /%00 HTTP/1.1' "$here"
answers 405 'POST / HTTP/1.1' "$here" 'Content-Length: 0' "$close"
grep -q '^Allow: GET, HEAD' out || fail 'it does not say what is allowed'
answers 405 'DELETE / HTTP/1.1' "$here"
grep -q '^Allow: GET, HEAD, POST' out || fail 'it does not say what is allowed'
answers 501 'BREW / HTTP/1.1' "$here"
answers 417 'POST /api/pause HTTP/1.1' "$here" 'Content-Length: 3' \
    'Expect: 100-continue'
answers 400 'HEAD /../x HTTP/1.1' "$here"
is '' "$(sed '1,/^$/d' out)" 'body of the answer to a malformed HEAD'
# Of the page, what is wrong with a link is said by a page.
while read -r status query text; do
	answers "$status" "GET /?$query HTTP/1.1" "$here" "$close"
	sed '1,/^$/d' out >body
	grep -q '^Content-Type: text/html' out || fail "no page: $query"
	grep -q "$text" body || fail "/?$query does not say: $text"
	tail -n 1 body | grep -q '^</html>$' || fail "half a page: $query"
	grep -q '<b>1</b><span>pending' body || fail "no counts: $query"
done <<'END'
400 after=x id="none" class="empty">after: must be what a link
400 state=bogus id="none" class="empty">state: must be pending, processing,
400 state=%3Cb%3E id="none" class="empty">state: must be pending, processing,
400 q=%zz&state=dead id="none" class="empty">q: malformed
400 job=%00 id="none" class="empty">job: malformed
404 job=none class="id">none</h2> no such job
404 job=%3Cb%3E class="id">&lt;b&gt;</h2> no such job
END
answers 505 'GET / HTTP/2.0' "$here"
answers 400 'GET / HTTP/1.1'
answers 400 'nonsense'
answers 431 'GET / HTTP/1.1' "$here" "X: $(printf '%09000d' 0)"
answers 413 'POST / HTTP/1.1' "$here" 'Content-Length: 100000'

# Two at once, and one after the other on a connection.
printf 'GET /api/status HTTP/1.1\r\n%s\r\n\r\nGET / HTTP/1.1\r\n%s\r\n%s\r\n\r\n' \
    "$here" "$here" "$close" | "$HELPERS/ask" "$PORT" >out
is 2 "$(grep -c '^HTTP/1.1 200' out)" 'answers to two requests at once'
is 1 "$(grep -c '^Connection: keep-alive' out)" 'answers that are not the last'

# holds N: so many descriptors at least.
holds() {
	[ "$(find "/proc/$WEB/fd" -type l | wc -l)" -ge "$1" ]
}

# Byte by byte, and too slow.
printf 'GET /api/status HTTP/1.1\r\n%s\r\n%s\r\n\r\n' "$here" "$close" |
	"$HELPERS/ask" "$PORT" 1 2 >out
grep -q '^HTTP/1.1 200' out || fail 'not a byte at a time'
wait "$slow" || fail 'half a request is not ended'
grep -q '^HTTP/1.1 408' slow || fail "half a request: $(head -n 1 slow)"

# 200 that send no whole request, nothing at all or 22 bytes of one: the oldest
# make room, and who comes then is answered at once.
for text in '' "$(printf 'GET / HTTP/1.1\r\nHost: ')"; do
	"$HELPERS/ask" hold "$PORT" 200 2500 "$text" >closed 2>held &
	holder=$!
	wait_for 10 test -s held
	wait_for 5 holds 40
	! holds 52 || fail '200 are all held'
	begun=$("$HELPERS/micros")
	get /api/status
	took=$(($("$HELPERS/micros") - begun))
	grep -q '^HTTP/1.1 200' out || fail 'nobody is answered beside those'
	[ "$took" -le "$(timed 2000000)" ] ||
		fail "beside 200 that send '$text' an answer takes $took us"
	wait "$holder"
	[ "$(cat closed)" -ge 168 ] ||
		fail "only $(cat closed) that send '$text' were closed"
done

# Who comes just before many others has a moment to ask.  (On a machine that is
# very busy, a moment may be too short.)
hex=$(printf %04X "$PORT")
connected() {
	[ "$(grep -c "^ *[0-9]*: 0100007F:$hex [0-9A-F:]* 01 " \
	    /proc/net/tcp)" -ge "$1" ]
}
# halt: it does nothing more until it is told to go on.
halt() {
	kill -STOP "$WEB"
	wait_for 5 halted
}
halted() {
	grep -q '^State:[[:blank:]]*T' "/proc/$WEB/status"
}
# end PID: of what is in the background; nothing is asked about it.
end() {
	kill "$1"
	wait "$1" || :
	forget "$1"
}
# one_before N: one that will ask when a line is written to ask, and then N
# that say nothing until $holder is ended.
printf 'GET / HTTP/1.1\r\n%s\r\n%s\r\n\r\n' "$here" "$close" >request
mkfifo ask
one_before() {
	{ read -r _ <ask; cat request; } | "$HELPERS/ask" "$PORT" >heard &
	heard=$!
	wait_for 5 connected 1
	"$HELPERS/ask" hold "$PORT" "$1" 30000 &
	holder=$!
	PIDS="$PIDS $holder"
	wait_for 15 connected $(($1 + 1))
}
is_heard() {
	wait_for 10 alone
	halt
	one_before 60
	kill -CONT "$WEB"
	echo >ask
	wait "$heard" || :
	end "$holder"
	grep -q '^HTTP/1.1 200' heard
}
alone() {
	! connected 1
}
is_heard || is_heard || is_heard || fail "who comes before many is not heard: $(head -n 1 heard)"

# Who asks at the moment in which others come is not the one to make room.
wait_for 10 alone
one_before 31
sleep 0.2 # it is not young any more
halt
"$HELPERS/ask" hold "$PORT" 9 30000 &
late=$!
PIDS="$PIDS $late"
echo >ask
wait_for 15 connected 41
has_asked() {
	grep -q "^ *[0-9]*: 0100007F:$hex [0-9A-F:]* 01 [0-9A-F]*:0*[1-9A-F]" \
	    /proc/net/tcp
}
wait_for 5 has_asked
kill -CONT "$WEB"
wait "$heard" || :
grep -q '^HTTP/1.1 200' heard || fail "who asks has to make room: $(head -n 1 heard)"
end "$holder"
end "$late"

# Those that ask for much and read nothing: it makes no more than it may hold.
drop noisy 'command=head -c 200000 /dev/zero; head -c 200000 /dev/zero >&2'
workers
wait_for 10 test -e spool/completed/noisy
get /api/jobs/noisy/output
[ "$(wc -c <body)" -gt 190000 ] || fail "it is small: $(wc -c <body)"
resident() {
	awk '/^VmRSS/ { print $2 }' "/proc/$WEB/status"
}

# is_cheap WHO: they cost no more than a few MB.  (Sanitizers keep what is
# freed, and more.)
is_cheap() {
	[ -n "${TEST_SANITIZED:-}" ] || [ "$((after - before))" -lt 10000 ] ||
		fail "$1 cost $((after - before)) kB"
}
before=$(resident)
for _ in 1 2 3; do
	printf 'GET /api/jobs/noisy/output HTTP/1.1\r\n%s\r\n\r\n' "$here"
done >three
"$HELPERS/ask" deaf "$PORT" 30 20000 <three &
deaf=$!
PIDS="$PIDS $deaf"
wait_for 5 holds 34
sleep 0.5 # in which it would make them all
after=$(resident)
is_cheap 'those that read nothing'
frees() {
	! holds 20
}
wait_for 15 frees
! gone "$deaf" || fail 'they are waited for without end'
end "$deaf"
get /api/status
grep -q '^HTTP/1.1 200' out || fail 'nobody is answered after those'

# A slow one is told all, whatever it has said behind what it asked.
printf 'GET /api/jobs/noisy/output HTTP/1.1\r\n%s\r\n%s\r\n\r\n' \
    "$here" "$close" >request
"$HELPERS/ask" "$PORT" <request >whole
{ cat request; head -c 6000 /dev/zero; } |
	"$HELPERS/ask" sip "$PORT" 1 20000 >told
is "$(wc -c <whole | tr -d ' ')" "$(cat told)" 'bytes that a slow one is told'

# They go before they are told all.
"$HELPERS/ask" deaf "$PORT" 5 200 <three
get /api/status
grep -q '^HTTP/1.1 200' out || fail 'nobody is answered after one that left'
leave

# Many that read slowly, all at once: whoever comes is answered nevertheless.
dashboard --listen 127.0.0.1:0
here="Host: 127.0.0.1:$PORT"
before=$(resident)
halt # all of them have asked when it looks again
printf 'GET /api/jobs/noisy/output HTTP/1.1\r\n%s\r\n\r\n' "$here" |
	"$HELPERS/ask" sip "$PORT" 30 1000 &
sipper=$!
PIDS="$PIDS $sipper"
sleep 0.3 # they ask
kill -CONT "$WEB"
get /api/status
grep -q '^HTTP/1.1 200' out || fail 'nobody is answered beside slow readers'
after=$(resident)
is_cheap 'slow readers'
kill "$sipper"

# Nor by those who ask for more and more, on all connections that there are.
i=0
while [ $((i += 1)) -le 100 ]; do
	printf 'GET /api/jobs/noisy/output HTTP/1.1\r\n%s\r\n\r\n' "$here"
done | head -c 8000 >many
"$HELPERS/ask" sip "$PORT" 32 12000 <many &
sipper=$!
PIDS="$PIDS $sipper"
wait_for 5 holds 34
get /api/status
grep -q '^HTTP/1.1 200' out || fail 'nobody is answered beside pipelining ones'
kill "$sipper"

# A job of nothing but what takes six bytes in JSON is told of, but not whole.
{ printf 'command=: '; head -c 60000 /dev/zero | tr '\0' '\001'
	echo; echo run_at=2099-01-01T00:00:00Z; } >spool/tmp/vast
mv spool/tmp/vast spool/pending/vast
get '/api/jobs?q=vast'
grep -q '"id":"vast","state":"[a-z]*","attempts":' body || fail 'not told of'
grep -q 'too large to be shown here' body || fail "not cut: $(wc -c <body)"
get /api/jobs/vast
grep -q '^HTTP/1.1 500' out || fail "whole: $(head -n 1 out)"
get /
grep -q '^HTTP/1.1 200' out || fail "the page: $(head -n 1 out)"
grep -q '>vast<' body || fail 'the page leaves it out'
leave

# ---- Where

exits 2 q dashboard --listen 0.0.0.0:0
grep -q listen-anywhere err || fail "it says: $(cat err)"
for where in 127.0.0.1 127.0.0.1: localhost: : localhost:65536 ::1:80 '[::1]' \
    unix: '[]:80' '[localhost]:80' '[127.0.0.1:80' localhos:80; do
	exits 2 q dashboard --listen "$where"
	is 1 "$(wc -l <err | tr -d ' ')" "lines about $where"
done
while read -r pattern options; do
	# shellcheck disable=SC2086 # words
	exits 2 q dashboard $options
	grep -q -e "^queuectl: --$pattern" err || fail "$options: $(cat err)"
done <<'END'
port:.*--listen --port 80 --listen 127.0.0.1:80
host:.*--listen --host localhost --listen 127.0.0.1:80
port:.*number --port x --host localhost
host:.*listen-anywhere --host 0.0.0.0
host:.*listen-anywhere --host :: --port 0
host:.*address --host localhost:80
host:.*address --host unix:/socket
END
# Nothing, and localhost, are the loopback address; each has its default.
for options in '--listen :0' '--listen localhost:0' '--port 0' \
    '--port 0 --host LocalHost' '--host 127.0.0.1 --port=0' '--host= --port 0'; do
	# shellcheck disable=SC2086 # words
	dashboard $options
	is "http://127.0.0.1:$PORT/" "$(cat url)" "where it is with $options"
	answers 200 'GET / HTTP/1.1' "Host: localhost:$PORT" "$close"
	exits 1 q dashboard --port "$PORT"
	grep -q "^queuectl: --port: .*:$PORT: Address already in use" err ||
		fail "it says: $(cat err)"
	leave
done
if grep -q ' lo$' /proc/net/if_inet6 2>/dev/null; then
	for host in ::1 '[::1]'; do
		dashboard --host "$host" --port 0
		grep -q '^http://\[::1\]:[1-9][0-9]*/$' url || fail "$host: $(cat url)"
		leave
	done
fi
dashboard --listen 0.0.0.0:0 --listen-anywhere
answers 200 'GET / HTTP/1.1' "Host: 192.0.2.1:$PORT" "$close"
answers 421 'GET / HTTP/1.1' "Host: evil.example:$PORT" "$close"
exits 1 q dashboard --listen "127.0.0.1:$PORT"
leave
dashboard --listen "unix:$PWD/socket"
is "unix:$PWD/socket" "$(cat url)" 'where it is'
test -S socket || fail 'there is no socket'
[ -n "$(find socket -perm 700)" ] || fail "its mode: $(ls -l socket)"
exits 1 q dashboard --listen "unix:$PWD/socket"
halt # one that hangs has its socket nevertheless
"$HELPERS/ask" fill socket 20000 >filled &
filler=$!
PIDS="$PIDS $filler"
wait_for 5 test -s filled
q dashboard --listen "unix:$PWD/socket" 2>second.err &
second=$!
PIDS="$PIDS $second"
wait_for 10 grep -q 'Address already in use' second.err
kill "$filler"
kill -CONT "$WEB"
leave
test ! -e socket || fail 'the socket is left'
dashboard --listen "unix:$PWD/socket"
mv socket other
dashboard_two=$WEB
dashboard --listen "unix:$PWD/socket"
kill "$dashboard_two"
wait_for 5 gone "$dashboard_two"
test -S socket || fail "the socket of another one was removed"
leave

# ---- How long

dashboard --listen 127.0.0.1:0
leave HUP
trap '' HUP # as nohup(1) does
dashboard --listen 127.0.0.1:0
trap - HUP
here="Host: 127.0.0.1:$PORT"
kill -HUP "$WEB"
answers 200 'GET / HTTP/1.1' "$here" "$close"
leave

# With no more files open than it may have, it waits, and goes on.
printf '#!/bin/sh\nulimit -n 30\nexec "%s" "$@"\n' "$QUEUECTL" >few
chmod +x few
QUEUECTL=$PWD/few
dashboard --listen 127.0.0.1:0
here="Host: 127.0.0.1:$PORT"
"$HELPERS/ask" hold "$PORT" 40 1000 </dev/null || true
answers 200 'GET / HTTP/1.1' "$here" "$close"
leave
