#!/bin/sh
# proxy: the page behind a proxy that puts it below a path, asks for a password
# and replaces Host: all links and requests stay there, with and without a
# script, and actions work.  A tab that is opened from another may act too.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"
. "$TESTS/browserlib.sh"
export DASHBOARD=--allow-actions
. "$TESTS/web/pages"

# below PREFIX PORT: a proxy; its URL in $BASE.
below() {
	"$HELPERS/proxy" "$2" "$1" >proxy.port &
	PIDS="$PIDS $!"
	wait_for 10 test -s proxy.port
	BASE=http://127.0.0.1:$(cat proxy.port)$1/
}

seq 1 45 | sed 's/.*/echo &/' | q enqueue --batch - --delay 1h >ids
drop dies 'command=exit 3' max_retries=0
workers
wait_for 10 test -e spool/dead/dies
stop_workers
below /host/queue "$PORT"

# stays: all that was asked for is below the path.
stays() {
	browser_urls >urls
	! grep -v " $BASE" urls || fail "it leaves $BASE"
	grep -c " $BASE" urls >asked || fail 'nothing was asked for'
}

browser_script off
browser_open "$BASE"
browser_follow '[data-state=pending]'
shows '#h-list' 'Pending jobs'
browser_follow '#older'
is "$BASE" "$(browser_text 'location.origin + location.pathname')" 'where the next page is'
browser_type '#q' 'echo 17'
loads=$(browser_loads)
browser_key Enter
wait_for 5 browser_loads_pass "$loads"
browser_follow '#jobs a'
shows '#job .cmd, #job dd' 'echo 17'
browser_follow 'h1 a'
shows '#h-list' Jobs
is "$BASE" "$(browser_text location.href)" 'where the title leads'
stays

browser_script on
browser_reload
browser_open "$BASE#token=$TOKEN"
within 3 "$(text '#live') == 'live' && $(text '#found') == '46 jobs'"
browser_click '[data-state=dead]'
within 3 "$(text '#errors tbody').includes('exit code 3')"
browser_click '#errors .cmd a'
within 3 "$(text '#found') == 'all 1 searched'"
browser_click '#jobs a'
within 3 "$(text '#state') == 'dead'"
is "$BASE?job=dies" "$(browser_text location.href)" 'where the job is'
browser_click '#acts button'
within 3 "$(text '#said') == 'dies is pending again.'"
test -e spool/pending/dies || fail 'it is not retried'
browser_key Escape
browser_key Escape
browser_click 'h1 a'
within 3 "$(text '#h-list') == 'Jobs'"
is "$BASE" "$(browser_text location.href)" 'where the title leads by script'
browser_click '#older'
within 3 "/after=/.test(location.search) && $(text '#live') == 'live'"
stays
for link in 'footer a:nth-of-type(1)' 'footer a:nth-of-type(2)'; do
	is 200 "$(browser_eval "fetch(document.querySelector('$link').href).then(r => r.status)")" \
	    "status of what $link leads to"
done

# A tab opened with the middle button has the token from the others; no other
# dashboard of the origin does, nor does the address tell it.
tabs() {
	browser_ask Target.getTargets
	jq -r '.result.targetInfos[] | select(.type == "page").targetId' \
	    "$BROWSER/reply"
}
two_tabs() {
	[ "$(tabs | wc -l)" -eq 2 ]
}
# attach TARGET: what follows is about that tab.
attach() {
	browser_ask Target.attachToTarget "{\"targetId\":\"$1\",\"flatten\":true}"
	BROWSER_PAGE=$(jq -r .result.sessionId "$BROWSER/reply")
}
browser_open "$BASE?state=pending&q=dies"
within 3 "$(text '#jobs a') == 'dies'"
first=$(tabs)
first_page=$BROWSER_PAGE
where=$(browser_text "(r => '\"x\":' + (r.x + 4) + ',\"y\":' + (r.y + 4))(
    document.querySelector('#jobs a').getBoundingClientRect())")
for type in mousePressed mouseReleased; do
	browser_ask Input.dispatchMouseEvent "{\"type\":\"$type\",
	    \"button\":\"middle\",\"clickCount\":1,$where}"
done
wait_for 10 two_tabs
attach "$(tabs | grep -v "^$first\$")"
browser_ask Page.bringToFront
within 10 "$(text '#job button') == 'Cancel'"
is "$BASE?job=dies" "$(browser_text location.href)" 'where the new tab is'
browser_click '#acts button'
sleep 0.6 # who clicks sooner may not have read it
browser_click .sure
within 3 "$(text '#said') == 'dies is cancelled.'"
BROWSER_PAGE=$first_page
browser_ask Page.bringToFront

leave
dashboard --listen "127.0.0.1:$PORT" --allow-actions
browser_reload
within 5 "$(text '#live') == 'live' && /open the URL/.test($(text '#foot'))"
is 0 "$(browser_eval "document.querySelectorAll('#acts button, #pause').length")" \
    'what can be done with the token of an earlier dashboard'
