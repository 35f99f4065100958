#!/bin/sh
# live: the page shows what happens while it happens, and asks for nothing
# when nobody sees it.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"
. "$TESTS/browserlib.sh"
. "$TESTS/web/pages"

# The page as the server makes it, before any script.
drop one 'command=true'
browser_script off
page /
shows '#counts' '1 pending 0 processing 0 completed 0 failed 0 dead'
shows '#banner' 'No worker is running and jobs are there for one: queuectl worker start'
shows '#jobs tbody .id' one
shows '#running tbody' ''
browser_script on
page /
within 2 "$(text '#live') == 'live'"
shows '#counts' '1 pending 0 processing 0 completed 0 failed 0 dead'

# Jobs that come, run and end.
drop runs 'command=read x <go' "cwd=$PWD" timeout=600
drop fails 'command=exit 3' max_retries=0
mkfifo go
within 2 "$(text '[data-state=pending] b') == '3'"
workers --count 2
within 3 "$(text '#counts') == '0 pending 1 processing 1 completed 0 failed 1 dead'"
within 2 "$(text '#banner') == ''"
within 2 "$(text '#workers') == '1 of 2 workers busy'"
within 2 "/[.]${SUPERVISOR}[.]/.test($(text '#running tbody .c-worker'))"
within 2 "/^runs read x <go\$/.test($(text '#running tbody .cmd'))"
within 3 "/^[1-9]s of 10m\$/.test($(text '#running tbody .c-time'))"
within 2 "document.querySelector('#running progress').value > 0"
within 2 "$(text '#hour-c') == '1 completed' && $(text '#hour-d') == '1 died'"
within 2 "[...document.querySelectorAll('#chart rect')].filter(r => r.getAttribute('height') > 0).length == 2"
within 2 "$(text '#jobs [data-key=runs] .c-state') == 'processing'"
within 2 "/^1 dead, 1 running, 0 pending/.test(document.title)"

# What stays is the same element: nothing flickers, no focus is lost.
browser_eval "(() => { window.row = document.querySelector('[data-key=one]');
    row.querySelector('a').focus(); return true; })()" >/dev/null
drop next 'command=true'
within 3 "$(text '[data-state=completed] b') == '2'"
within 2 "document.querySelector('#jobs [data-key=next]') !== null"
is true "$(browser_eval "document.activeElement == row.querySelector('a') &&
    row == document.querySelector('#jobs [data-key=one]')")" 'the same row'

# Nor when a row above it goes.
browser_eval "document.querySelector('#jobs tbody tr:nth-child(3) a').focus()" >/dev/null
browser_eval "window.focused = document.activeElement" >/dev/null
rm spool/completed/next
within 4 "document.querySelector('#jobs [data-key=next]') === null"
is true "$(browser_eval 'document.activeElement === focused')" 'what has the focus'

q pause 'for a while' 2>/dev/null
within 2 "/^Paused by .* since .*: for a while[.] What runs goes on[.]\$/.test($(text '#banner'))"
q resume
within 2 "$(text '#banner') == ''"
echo >go
within 3 "$(text '#counts') == '0 pending 0 processing 2 completed 0 failed 1 dead'"
within 2 "$(text '#idle') == 'Nothing runs.' && document.querySelector('#running').hidden"

# Nobody sees it.
browser_hide on
sleep 1.5 # what was asked for is answered
before=$(browser_requests)
sleep 3 # in which it would have asked
is "$before" "$(browser_requests)" 'requests of a page that nobody sees'
drop unseen 'command=true'
wait_for 10 test -e spool/completed/unseen
browser_hide off
within 2 "$(text '[data-state=completed] b') == '3'"

clean

# The server does not answer: that is said, and what was asked for meanwhile is
# shown when it does.
kill -STOP "$WEB"
within 5 "/no answer/.test($(text '#live'))"
browser_click '[data-state=dead]'
within 1 "$(text '#h-list') == 'Dead jobs' && $(text '[aria-current]').includes('dead')"
kill -CONT "$WEB"
within 4 "$(text '#live') == 'live' && $(text '#found') == '1 job'"

# The server goes, and comes back.
leave
within 4 "/no answer/.test($(text '#live'))"
dashboard --listen "127.0.0.1:$PORT"
within 10 "$(text '#live') == 'live'"
