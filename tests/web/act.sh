#!/bin/sh
# act: retry, cancel, purge, pause and resume in the page, with the token of
# the URL that was printed, and nothing of it without.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"
. "$TESTS/browserlib.sh"
export DASHBOARD=--allow-actions
. "$TESTS/web/pages"

# press TEXT: the button of that text.
press() {
	browser_eval "[...document.querySelectorAll('button')].forEach(
	    b => b.id = b.textContent == $(browser_json "$1") ? 'pressed' : '')" \
	    >/dev/null
	browser_click '#pressed'
}

# sure: so it is.
sure() {
	within 2 "document.querySelector('.sure')"
	sleep 0.6 # who clicks sooner may not have read it
	browser_click .sure
}

# buttons: what can be pressed.
buttons() {
	browser_text "[...document.querySelectorAll('#acts button')].map(
	    b => b.textContent).join(' ')"
}

drop waits 'command=true' 'run_at=2099-01-01T00:00:00Z'
drop dies 'command=exit 1' max_retries=0
workers
wait_for 10 test -e spool/dead/dies

# Who does not know the token is offered nothing, and gets nothing.
page '/?job=dies'
within 2 "$(text '#state') == 'dead'"
is '' "$(buttons)" 'buttons without a token'
is true "$(browser_eval "/open the URL that queuectl dashboard printed/.test($(text '#foot')) &&
    !document.querySelector('#pause')")" 'what it says of that'
is 403 "$(browser_eval "fetch('/api/jobs/dies/retry', { method: 'POST' }).then(r => r.status)")" \
    'status without a token'
test -e spool/dead/dies || fail 'it was retried without a token'

# A wrong one is told so.
browser_open "http://127.0.0.1:$PORT/?job=dies#token=00000000000000000000000000000000"
within 2 "document.querySelectorAll('#acts button').length == 2"
press Retry
within 2 "/^Not done: the token is missing or wrong/.test($(text '#said'))"
test -e spool/dead/dies || fail 'it was retried with a wrong token'
browser_forget

# The one that was printed.
browser_open "http://127.0.0.1:$PORT/?job=dies#token=$TOKEN"
within 2 "document.querySelectorAll('#acts button').length == 2"
is '' "$(browser_text location.hash)" 'what stays of it in the URL'
is 'Retry Purge' "$(buttons)" 'buttons of a dead job'
press Retry
within 2 "$(text '#said') == 'dies is pending again.'"
wait_for 10 grep -q '^dead=.*attempt=2' spool/dead/dies
within 3 "$(text '#runs tbody').includes('2 dead')"

# What cannot be undone is asked again, and a double click is no answer.
browser_eval "(() => { const b = [...document.querySelectorAll('button')].find(
    b => b.textContent == 'Purge'); b.click(); b.click(); })()" >/dev/null
within 2 "document.querySelector('.sure').textContent == 'Remove it for good?'"
test -e spool/dead/dies || fail 'it is purged at once'
sure
within 2 "$(text '#said') == 'dies is removed.'"
test ! -e spool/dead/dies || fail 'it is still there'
within 3 "$(text '#state') == 'no such job'"

# The token lasts as long as the tab.
page '/?job=waits'
within 2 "$(text '#state') == 'pending'"
is Cancel "$(buttons)" 'buttons of a job that waits'
press Cancel
sure
within 2 "$(text '#state') == 'dead'"
test -e spool/dead/waits || fail 'it is not cancelled'

drop runs 'command=sleep 1000'
wait_for 10 test -e spool/processing/runs
page '/?job=runs'
within 2 "$(text '#state') == 'processing'"
press Cancel
sure
within 2 "$(text '#said') == 'runs was told to end.'"
within 5 "$(text '#state') == 'dead'"

browser_type '#pause input' 'night & <b>day</b>'
browser_eval "(() => { const b = document.querySelector('#pause button'); b.click(); b.click(); })()" >/dev/null
within 2 "/Paused by .*: night & <b>day<.b>[.] What/.test($(text '#banner'))"
exits 0 q status
grep -q '^paused: .*: night & <b>day</b>$' out || fail "status: $(cat out)"
press Resume
within 2 "$(text '#banner') == ''"
test ! -e spool/paused || fail 'it is still paused'
browser_console | grep -v 'status of 40[34]' >said || :
is '' "$(cat said)" 'what the console says'
