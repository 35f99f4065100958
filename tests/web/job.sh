#!/bin/sh
# job: a job's page: its attempts, what it writes while it runs, why it waits;
# by mouse and by keyboard.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"
. "$TESTS/browserlib.sh"
. "$TESTS/web/pages"

# await NAME: a file, once for each attempt.
cat >talks.sh <<'END'
await() {
	until [ -e "$1.$QUEUECTL_ATTEMPT" ]; do
		sleep 0.05
	done
}
await one
echo 'first, one'
echo 'wrong, one' >&2
await two
printf 'second, two\303'
await three
printf '\244\n'
exit 7
END

drop later 'command=true' 'run_at=2099-01-01T00:00:00Z'
page /
within 2 "$(text '#live') == 'live'"
browser_click '#jobs a'
within 2 "/^due at 2099-01-01T00:00:00.000000Z/.test($(text '#notes li'))"
shows '#h-job' later
shows '#state' pending
is '/?job=later' "$(browser_text 'location.pathname + location.search')" 'where it is'
is true "$(browser_eval "document.querySelector('#list').hidden &&
    document.activeElement.id == 'h-job'")" 'what has the focus'

# By its URL, and by the keyboard: back to the list, and to the next job.
workers --count 1
drop talks 'command=. ./talks.sh' "cwd=$PWD" max_retries=1
q config set backoff_base 1
q config set backoff_jitter 0
browser_key Escape
within 2 "$(text '#jobs tbody a') == 'talks' && !document.querySelector('#list').hidden"
browser_eval "document.querySelector('#jobs a').focus()" >/dev/null
browser_key Enter
within 2 "$(text '#state') == 'processing'"
within 2 "$(text '#runs tbody .c-state') == 'running'"
is '' "$(browser_text "$(text '[data-stream=out] pre')")" 'what it has written so far'
: >one.1
within 2 "$(text '[data-stream=out] pre') == 'first, one'"
within 2 "$(text '[data-stream=err] pre') == 'wrong, one'"
browser_eval "window.pre = document.querySelector('[data-stream=out] pre').firstChild" >/dev/null
: >two.1
within 2 "/second, two\$/.test($(text '[data-stream=out] pre'))"
: >three.1
within 2 "$(text '[data-stream=out] pre') == 'first, one second, two$(printf '\303\244')'"
is true "$(browser_eval "pre.isConnected")" 'the text that was there stays'

# It is tried again: the latest attempt follows, an older one can be chosen.
within 4 "$(text '#runs tbody').includes('2 running')"
is true "$(browser_eval "/1 failed .* exit code 7/.test($(text '#runs tbody'))")" \
    'the attempt that failed'
: >one.2
within 3 "$(text '[data-stream=out] pre') == 'first, one'"
browser_eval "(() => { const s = document.querySelector('#attempt'); s.value = '1';
    s.dispatchEvent(new Event('change')); return s.value; })()" >/dev/null
within 3 "/^first, one second/.test($(text '[data-stream=out] pre'))"
: >two.2
: >three.2
within 5 "$(text '#state') == 'dead'"
within 2 "$(text '#facts').includes('Exit code 7') && $(text '#facts').includes('Tries 2 of 2')"

# Back in the list, the job that was looked at has the focus.
browser_key Escape
within 2 "document.activeElement.closest('[data-key=talks]') !== null"

# What grows faster than it can be shown is shown at its end.
# shellcheck disable=SC2016 # for the job's shell
drop fast 'command=i=0; while [ $((i += 1)) -lt 40 ]; do yes "line $i" | head -n 20000; sleep 0.1; done; echo last'
page '/?job=fast'
within 3 "$(text '#state') == 'processing' && shown.at.out > 1000000"
wait_for 20 test -e spool/completed/fast
within 5 "/last\$/.test(document.querySelector('[data-stream=out] pre').textContent.trimEnd())"
is true "$(browser_eval "document.querySelector('[data-stream=out] pre').textContent.length < 700000")" \
    'that it keeps no more than it shows'

# A large output shows its end; one that was silent says so.
drop large 'command=seq 1 40000'
drop silent 'command=true'
wait_for 10 test -e spool/completed/silent
page '/?job=large'
within 3 "/40000\$/.test($(text '[data-stream=out] pre'))"
is true "$(browser_eval "/^.the first [0-9]+ KiB are not shown here: queuectl output large/
    .test($(text '[data-stream=out] pre'))")" 'where it begins'
page '/?job=silent'
within 2 "$(text '#silent') == 'It has written nothing.'"
# Another job comes to the ID of one that is shown.
drop again 'command=echo old'
wait_for 10 test -e spool/completed/again
page '/?job=again'
within 2 "$(text '[data-stream=out] pre') == 'old'"
q purge again 2>/dev/null
within 3 "$(text '#job') == 'again no such job all jobs'"
drop again 'command=echo new'
within 4 "$(text '[data-stream=out] pre') == 'new'"
page '/?job=nothing'
within 2 "$(text '#state') == 'no such job'"
browser_click '#job a[data-nav]'
within 2 "!document.querySelector('#list').hidden"

# Without a script.
browser_script off
page '/?job=later'
shows '#h-job' later
is true "$(browser_eval "/due at 2099/.test($(text '#job'))")" 'why it waits'
browser_script on
# A 404 is told by every console.
browser_console | grep -v 'status of 404' >said || :
is '' "$(cat said)" 'what the console says'
