# shellcheck shell=sh
# weblib.sh - what the tests of `queuectl dashboard` share; after lib.sh.

# dashboard OPTION...: one in the background; its port in $PORT, the token in $TOKEN.
dashboard() {
	rm -f url
	"$QUEUECTL" dashboard "$@" >url 2>log.web &
	WEB=$!
	PIDS="$PIDS $WEB"
	wait_for 10 test -s url
	PORT=$(sed -n 's|^http://.*:\([0-9]*\)/.*$|\1|p' url)
	TOKEN=$(sed -n 's|^.*#token=||p' url)
	export PORT TOKEN
}

# leave [SIGNAL]: the dashboard ends when it is told to.
leave() {
	kill -"${1:-TERM}" "$WEB"
	status=0
	wait "$WEB" || status=$?
	forget "$WEB"
	is 0 "$status" 'exit status of the dashboard'
}

# send LINE...: a request of these lines and an empty one; the answer is in out.
send() {
	printf '%s\r\n' "$@" '' | "$HELPERS/ask" "$PORT" >answer ||
		fail "no end of the answer to: $*"
	tr -d '\r' <answer >out
}

# get PATH [LINE...]: the body is in body.
get() {
	path=$1
	shift
	send "GET $path HTTP/1.1" "Host: 127.0.0.1:$PORT" 'Connection: close' \
	    "$@"
	sed '1,/^$/d' out >body
}

# answers STATUS LINE...: that request.
answers() {
	want=$1
	shift
	send "$@"
	grep -q "^HTTP/1.1 $want [A-Z]" out ||
		fail "expected $want for '$1', got: $(head -n 1 out)"
}

# json FILTER WANTED WHAT: what jq makes of the body.
json() {
	is "$2" "$(jq -r "$1" body)" "$3"
}

# post STATUS PATH [LINE...]: the answer to it, with no body.
post() {
	want=$1 path=$2
	shift 2
	answers "$want" "POST $path HTTP/1.1" "Host: 127.0.0.1:$PORT" \
	    'Connection: close' 'Content-Length: 0' "$@"
	sed '1,/^$/d' out >body
}
