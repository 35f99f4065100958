# shellcheck shell=sh
# browserlib.sh - a headless Chromium for the tests of the dashboard; they begin
# with
#	. "$TESTS/lib.sh"
#	. "$TESTS/browserlib.sh"
# It needs chromium (or what $CHROMIUM names), jq, base64 and the helper
# `browser`, speaks to nobody but 127.0.0.1, keeps its files in ./browser and
# ends with the test.  An answer that takes longer than 20 seconds is a failure.

BROWSER=$PWD/browser # its directory
BROWSER_PAGE=        # the session of the page

# browser_there: there is one to be had; else the test is to be skipped.
browser_there() {
	command -v "${CHROMIUM:-chromium}" >/dev/null &&
		command -v jq >/dev/null && command -v base64 >/dev/null
}

# browser_start [FLAG...]: starts it, with one empty page.
# shellcheck disable=SC2119 # flags are seldom needed
browser_start() {
	rm -rf "$BROWSER"
	mkdir -p "$BROWSER/profile/Default"
	: >"$BROWSER/events"
	# Else a name that it does not find makes it ask 8.8.8.8.
	echo '{"alternate_error_pages":{"enabled":false}}' \
	    >"$BROWSER/profile/Default/Preferences"
	HOME=$BROWSER TMPDIR=$BROWSER "$HELPERS/browser" serve "$BROWSER" \
	    "${CHROMIUM:-chromium}" --headless --remote-debugging-pipe \
	    --no-sandbox --no-zygote --disable-dev-shm-usage --disable-gpu \
	    --user-data-dir="$BROWSER/profile" --no-first-run \
	    --no-default-browser-check --no-proxy-server \
	    --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1' \
	    --disable-background-networking --disable-component-update \
	    --disable-sync --disable-default-apps --disable-extensions \
	    --disable-domain-reliability --disable-breakpad --no-pings \
	    --metrics-recording-only --password-store=basic \
	    --force-color-profile=srgb --hide-scrollbars --lang=en-US \
	    --window-size=1280,800 "$@" about:blank &
	BROWSER_PID=$!
	PIDS="$PIDS $BROWSER_PID"
	wait_for 20 browser_up
	BROWSER_PAGE=
	browser_ask Target.getTargets
	BROWSER_TARGET=$(jq -r 'first(.result.targetInfos[] |
	    select(.type == "page")).targetId' "$BROWSER/reply")
	browser_ask Target.attachToTarget \
	    "{\"targetId\":\"$BROWSER_TARGET\",\"flatten\":true}"
	BROWSER_PAGE=$(jq -r .result.sessionId "$BROWSER/reply")
	for domain in Page Runtime Log Network Audits; do
		browser_ask $domain.enable
	done
	browser_ask Page.setLifecycleEventsEnabled '{"enabled":true}'
	browser_ask Page.bringToFront # it has the focus
	browser_size 1280 800
	browser_forget
}

browser_up() {
	[ -S "$BROWSER/socket" ] || gone "$BROWSER_PID"
}

# browser_asks METHOD [JSON]: any command of the protocol; the answer is in
# browser/reply.  Returns 1 if that is an error.
browser_asks() {
	sent=0
	printf '%s' "${2:-}" | "$HELPERS/browser" ask "$BROWSER" "$1" \
	    "$BROWSER_PAGE" >"$BROWSER/reply" 2>"$BROWSER/err" || sent=$?
	[ "$sent" -le 1 ] || fail "$1: $(cat "$BROWSER/err")"
	return "$sent"
}

# browser_ask METHOD [JSON]: the same, and an error is a failure.
browser_ask() {
	browser_asks "$@" || fail "$1: $(jq -r '.error | .message +
	    if .data then " " + .data else "" end' "$BROWSER/reply")"
}

# browser_do METHOD [JSON]: the same, and prints the result.
browser_do() {
	browser_ask "$@"
	jq -c .result "$BROWSER/reply"
}

# browser_json TEXT: as a string of JSON (or JavaScript).
browser_json() {
	printf '%s' "$1" | "$HELPERS/browser" quote
}

# ---- Pages

# browser_loads: how many pages have been loaded so far.
browser_loads() {
	grep -c '^{"method":"Page.lifecycleEvent".*"name":"load"' \
	    "$BROWSER/events" || :
}

browser_loaded() {
	grep '^{"method":"Page.lifecycleEvent".*"name":"load"' \
	    "$BROWSER/events" | grep -q "$1"
}

browser_loads_pass() {
	[ "$(browser_loads)" -gt "$1" ]
}

# browser_open URL: returns when it is loaded.
browser_open() {
	browser_ask Page.navigate "{\"url\":$(browser_json "$1")}"
	loader=$(jq -r '.result | if .errorText then "error " + .errorText
	    else .loaderId // "" end' "$BROWSER/reply")
	case $loader in
	error*) fail "$1: ${loader#error }" ;;
	'')	;; # only another place in this page
	*)	wait_for 20 browser_loaded "$loader" ;;
	esac
}

# browser_reload: the page again; returns when it is loaded.
browser_reload() {
	loads=$(browser_loads)
	browser_ask Page.reload
	wait_for 20 browser_loads_pass "$loads"
}

# browser_eval JS: prints the value of the expression, or of its promise, as
# JSON in one line.
browser_eval() {
	browser_evaluates "$1" || fail "$(browser_value) in: $1"
	browser_value -c
}

# browser_text JS: the same; a string is printed as it is.
browser_text() {
	browser_evaluates "$1" || fail "$(browser_value) in: $1"
	browser_value -r
}

# browser_evaluates JS: whether it has a value, which is in browser/reply.
browser_evaluates() {
	browser_asks Runtime.evaluate "{\"expression\":$(browser_json "$1"),
	    \"awaitPromise\":true,\"returnByValue\":true,\"userGesture\":true}" &&
		! grep -q '"exceptionDetails":' "$BROWSER/reply"
}

# browser_value [OPTION]: prints what the last expression gave, or why it gave
# nothing.
browser_value() {
	jq -c "${1:--r}" 'if .error then .error.message
	    elif .result.exceptionDetails then .result.exceptionDetails |
		.exception.description // (.text + " " +
		    (.exception.value | tojson))
	    else .result.result |
		if has("value") then .value else .unserializableValue end
	    end' "$BROWSER/reply"
}

# browser_wait SECONDS JS: until the expression is true; it may throw until
# then, and the page may be replaced by another.
browser_wait() {
	looks=$(($1 * 20))
	until browser_evaluates "!!($2)" &&
		grep -q '"type":"boolean","value":true' "$BROWSER/reply"; do
		looks=$((looks - 1))
		if [ "$looks" -le 0 ]; then
			browser_evaluates "$2" || :
			fail "waited in vain for: $2: it is $(browser_value -c)"
		fi
		sleep 0.05
	done
}

# browser_shot FILE: a PNG of the whole page.
browser_shot() {
	browser_ask Page.getLayoutMetrics
	browser_ask Page.captureScreenshot "$(jq -c '.result.cssContentSize |
	    { format: "png", captureBeyondViewport: true,
	    clip: { x: 0, y: 0, width, height, scale: 1 } }' "$BROWSER/reply")"
	jq -r .result.data "$BROWSER/reply" | base64 -d >"$1"
}

# ---- What the page is shown on

# browser_size WIDTH HEIGHT [mobile]: of the window, in CSS pixels.
browser_size() {
	mobile=false
	[ "${3:-}" != mobile ] || mobile=true
	browser_ask Emulation.setDeviceMetricsOverride "{\"width\":$1,
	    \"height\":$2,\"deviceScaleFactor\":1,\"mobile\":$mobile}"
	browser_ask Emulation.setTouchEmulationEnabled "{\"enabled\":$mobile}"
}

# browser_media [NAME VALUE...]: media features, such as prefers-color-scheme
# dark and prefers-reduced-motion reduce; all others are as usual.
browser_media() {
	# shellcheck disable=SC2016 # of jq
	browser_ask Emulation.setEmulatedMedia "$(jq -nc '$ARGS.positional |
	    { features: [range(0; length; 2) as $i |
		{ name: .[$i], value: .[$i + 1] }] }' --args "$@")"
}

# browser_dark on|off
browser_dark() {
	if [ "$1" = on ]; then
		browser_media prefers-color-scheme dark
	else
		browser_media prefers-color-scheme light
	fi
}

# browser_script on|off: whether pages may run scripts; open or reload one
# after it.  browser_eval and all others work nevertheless.
browser_script() {
	off=true
	[ "$1" = off ] || off=false
	browser_ask Emulation.setScriptExecutionDisabled "{\"value\":$off}"
}

# browser_dialogs accept|dismiss: what is done with alert(), confirm() and
# their like; they are accepted unless a test says otherwise.
browser_dialogs() {
	rm -f "$BROWSER/dismiss"
	[ "$1" = accept ] || : >"$BROWSER/dismiss"
}

# ---- Somebody at the keyboard

# browser_click SELECTOR: a click with the mouse on the middle of it; nothing
# may be in front of that.
browser_click() {
	where=$(browser_text "(() => {
		const e = document.querySelector($(browser_json "$1"));
		if (!e)
			return 'there is none';
		e.scrollIntoView({ block: 'center', inline: 'center',
		    behavior: 'instant' });
		const r = e.getClientRects()[0];
		if (!r || r.width == 0 || r.height == 0)
			return 'it is not to be seen';
		const x = r.left + r.width / 2, y = r.top + r.height / 2;
		const top = document.elementFromPoint(x, y);
		if (!top)
			return 'it is out of sight';
		if (!e.contains(top) && !top.closest('label')?.contains(e))
			return 'in front of it is ' +
			    top.outerHTML.slice(0, 100);
		return '\"x\":' + x + ',\"y\":' + y;
	})()")
	case $where in
	'"x":'*) ;;
	*)	fail "click on $1: $where" ;;
	esac
	browser_ask Input.dispatchMouseEvent "{\"type\":\"mouseMoved\",$where}"
	for type in mousePressed mouseReleased; do
		browser_ask Input.dispatchMouseEvent "{\"type\":\"$type\",
		    \"button\":\"left\",\"clickCount\":1,$where}"
	done
}

# browser_follow SELECTOR: the same, of what leads to another page; returns
# when that is loaded.
browser_follow() {
	loads=$(browser_loads)
	browser_click "$1"
	wait_for 20 browser_loads_pass "$loads"
}

# browser_type SELECTOR TEXT: puts it in, after what is there.
browser_type() {
	focused=$(browser_text "(() => {
		const e = document.querySelector($(browser_json "$1"));
		e?.focus();
		try {
			e.setSelectionRange(e.value.length, e.value.length);
		} catch { } // not all have that
		return !!e && document.activeElement == e;
	})()")
	is true "$focused" "focus on $1"
	browser_ask Input.insertText "{\"text\":$(browser_json "$2")}"
}

# browser_key [Shift+|Control+|Alt+|Meta+]KEY: a key with the name that it has
# in KeyboardEvent.key (Tab, Enter, Escape, ArrowDown, a, ?, ...) is pressed and
# released.
browser_key() {
	key=$1
	modifiers=0
	while :; do
		case $key in
		Alt+?*)	modifiers=$((modifiers + 1)) ;;
		Control+?*) modifiers=$((modifiers + 2)) ;;
		Meta+?*) modifiers=$((modifiers + 4)) ;;
		Shift+?*) modifiers=$((modifiers + 8)) ;;
		*)	break ;;
		esac
		key=${key#*+}
	done
	# shellcheck disable=SC2016 # of jq
	down=$(jq -nc --arg key "$key" --argjson modifiers "$modifiers" '
	{ Backspace: 8, Tab: 9, Enter: 13, Escape: 27, " ": 32, PageUp: 33,
	    PageDown: 34, End: 35, Home: 36, ArrowLeft: 37, ArrowUp: 38,
	    ArrowRight: 39, ArrowDown: 40, Delete: 46, F5: 116 }[$key] as $known |
	($key | ascii_upcase) as $up |
	(if $known then $known
	elif ($key | length) != 1 then error("no such key: " + $key)
	elif $up | test("[A-Z0-9]") then $up | explode[0]
	else 0 end) as $number |
	(if $key == " " then "Space"
	elif $known then $key
	elif $up | test("[A-Z]") then "Key" + $up
	elif $up | test("[0-9]") then "Digit" + $up
	else "" end) as $code |
	(if $key == "Enter" then "\r"
	elif ($key | length) == 1 and $modifiers % 8 == 0 then $key
	else "" end) as $text |
	{ type: (if $text == "" then "rawKeyDown" else "keyDown" end),
	    key: $key, code: $code, modifiers: $modifiers,
	    windowsVirtualKeyCode: $number } +
	if $text == "" then {} else { text: $text, unmodifiedText: $text } end') ||
		fail "no such key: $1"
	browser_ask Input.dispatchKeyEvent "$down"
	browser_ask Input.dispatchKeyEvent "$(printf '%s' "$down" |
		jq -c '.type = "keyUp" | del(.text, .unmodifiedText)')"
}

# browser_hide on|off: the window is minimized, or shown again; the page is
# told, and its timers get slow, as with any browser.  A hidden page has no
# picture: no browser_shot, no browser_click.
browser_hide() {
	if [ "$1" = on ]; then
		window=minimized wanted=hidden
	else
		window=normal wanted=visible
	fi
	browser_ask Browser.getWindowForTarget
	browser_ask Browser.setWindowBounds "$(jq -c ".result |
	    { windowId, bounds: { windowState: \"$window\" } }" \
	    "$BROWSER/reply")"
	[ "$1" = on ] || browser_ask Page.bringToFront
	browser_wait 5 "document.visibilityState == '$wanted'"
}

# ---- What has happened

# browser_forget: what was recorded until now counts no more.
browser_forget() {
	BROWSER_SEEN=$(wc -l <"$BROWSER/events" | tr -d ' ')
}

browser_events() {
	sed "1,${BROWSER_SEEN}d" "$BROWSER/events"
}

# browser_urls: what has been requested, METHOD URL, one a line.
browser_urls() {
	browser_events | jq -r 'select(.method == "Network.requestWillBeSent") |
	    .params.request | select(.url | startswith("data:") | not) |
	    .method + " " + .url'
}

# browser_requests: how many that are.
browser_requests() {
	browser_urls | wc -l | tr -d ' '
}

# browser_console: errors and warnings, exceptions, violations of the
# Content-Security-Policy, one a line.
browser_console() {
	browser_events | jq -r '.params as $p |
	if .method == "Runtime.consoleAPICalled" then
		select($p.type | IN("error", "warning", "assert")) |
		"console." + $p.type + ": " +
		    ([$p.args[] | .value // .description // .type |
			if type == "string" then . else tojson end] |
			join(" "))
	elif .method == "Runtime.exceptionThrown" then
		$p.exceptionDetails |
		"exception: " + (.exception.description // (.text + " " +
		    (.exception.value | tojson)))
	elif .method == "Log.entryAdded" then
		$p.entry | select(.level | IN("error", "warning")) |
		.source + " " + .level + ": " + .text +
		    if .url then " (" + .url + ")" else "" end
	elif .method == "Audits.issueAdded" then
		$p.issue.details.contentSecurityPolicyIssueDetails |
		select(.) | "policy: " + .violatedDirective + " " +
		    (.blockedURL // .contentSecurityPolicyViolationType)
	elif .method == "Inspector.targetCrashed" then
		"the page has crashed"
	else
		empty
	end | gsub("\n *"; " ")'
}

# browser_end: and nothing of it is left.
browser_end() {
	kill -TERM "$BROWSER_PID" 2>/dev/null || :
	ended=0
	wait "$BROWSER_PID" || ended=$?
	forget "$BROWSER_PID"
	rm -rf "$BROWSER/profile"
	is 0 "$ended" "exit status of the browser: $(tail -n 3 "$BROWSER/log")"
}
