#!/bin/sh
# list: the jobs of a state, page by page, searched; the dead letter queue by
# errors; back and forth; with and without a script.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"
. "$TESTS/browserlib.sh"
. "$TESTS/web/pages"

seq 1 50 | sed 's/.*/echo pending &/' | q enqueue --batch - --delay 1h >ids
workers
for code in 3 3 4; do
	q enqueue "exit $code" --max-retries 0 >/dev/null
done
drop good 'command=true'
wait_for 10 test -e spool/completed/good
dead() {
	[ "$(find spool/dead -type f | wc -l)" -eq 3 ]
}
wait_for 10 dead

rows() {
	printf "document.querySelectorAll('#jobs tbody tr').length"
}

page /
within 2 "$(text '#found') == '54 jobs'"
within 2 "$(rows) == 20"
browser_click '[data-state=pending]'
within 2 "$(text '#h-list') == 'Pending jobs' && $(text '#found') == '50 jobs'"
is '?state=pending' "$(browser_text location.search)" 'where that is'
within 2 "document.querySelector('[data-state=pending]').getAttribute('aria-current') == 'true'"
browser_eval "window.seen = new Set()" >/dev/null
see="[...document.querySelectorAll('#jobs tbody a')].map(a => seen.add(a.textContent))"
browser_eval "$see" >/dev/null
for n in 20 10; do
	browser_click '#older'
	within 2 "$(rows) == $n && !seen.has($(text '#jobs tbody a'))"
	browser_eval "$see" >/dev/null
done
is 50 "$(browser_eval seen.size)" 'jobs on three pages'
within 2 "document.querySelector('#older').hidden"
browser_eval 'history.back()' >/dev/null
within 2 "$(rows) == 20 && !document.querySelector('#older').hidden"
browser_click '#newest'
within 2 "$(rows) == 20 && document.querySelector('#newest').hidden"

# A job that waits and one of its ID that has ended are two rows, and stay so.
drop good 'command=true' run_at=2099-01-01T00:00:00Z
page /
good="[...document.querySelectorAll('#jobs tbody tr')].filter(
    r => r.querySelector('a').textContent == 'good')"
within 3 "$(text '#live') == 'live' && $good.length == 2" # by its script
browser_eval "window.rows = $good" >/dev/null
drop later 'command=true' run_at=2099-01-01T00:00:00Z
within 3 "$(text '#jobs tbody a') == 'later'"
is true "$(browser_eval "$good.length == 2 && $good.every(r => rows.includes(r))")" \
    'rows of two jobs of one ID'
rm spool/pending/good spool/pending/later
browser_click '[data-state=pending]'
within 2 "$(text '#found') == '50 jobs'"

# Searched: by a key, by command, by ID, and no more.
browser_key /
is q "$(browser_text document.activeElement.id)" 'what has the focus'
browser_type '#q' 'PENDING 17'
within 3 "$(rows) == 1 && $(text '#jobs tbody .cmd') == 'echo pending 17'"
is '?state=pending&q=PENDING+17' "$(browser_text location.search)" 'where that is'
within 2 "$(text '#found') == 'all 50 searched'"
page "/?q=$(sed -n 23p ids)"
within 2 "$(rows) == 1 && $(text '#jobs tbody .cmd') == 'echo pending 23'"
browser_eval "document.querySelector('#q').value = ''" >/dev/null
browser_type '#q' 'there is no such'
within 3 "$(text '#none') == 'There are none.' && $(rows) == 0"
drop new 'command=: there is no such, is there' run_at=2099-01-01T00:00:00Z
within 15 "$(rows) == 1 && $(text '#jobs tbody a') == 'new'" # it rests

# What is typed and left at once is searched for; what is typed before a job
# is chosen does not lead away from it.
browser_eval "document.querySelector('#q').value = ''" >/dev/null
browser_type '#q' 'pending 4'
browser_eval "document.activeElement.blur()" >/dev/null
within 3 "$(rows) == 11 && document.querySelector('#q').value == 'pending 4'"
browser_eval "(() => { const q = document.querySelector('#q'); q.focus(); q.value = 'x';
    q.dispatchEvent(new Event('input')); document.querySelector('#jobs a').click(); })()" >/dev/null
within 2 "$(text '#state') == 'pending'"
sleep 0.4 # in which the search would have begun
is true "$(browser_eval "!document.querySelector('#job').hidden && /job=/.test(location.search)")" \
    'what was chosen'
browser_key Escape
within 2 "!document.querySelector('#list').hidden"

# What jobs died of.
browser_click '[data-state=dead]'
within 2 "/^2 exit code 3 .* 1 exit code 4 /.test($(text '#errors tbody'))"
within 2 "$(rows) == 3 && $(text '#jobs tbody .err') == 'exit code 4'"
browser_click '#errors tbody tr:nth-child(2) .id a'
within 2 "$(text '#facts').includes('Exit code 4')"
browser_eval 'history.back()' >/dev/null
within 2 "$(text '#h-list') == 'Dead jobs'"
# A group leads to its jobs, and to no others: not to those of exit code 34.
q enqueue 'exit 34' --max-retries 0 >/dev/null
within 5 "/^2 exit code 3 .* 1 exit code 34 /.test($(text '#errors tbody'))"
browser_click '#errors tbody tr .cmd a'
within 3 "$(text '#found') == 'all 4 searched' && $(rows) == 2"
is 'exit code 3,exit code 3' "$(browser_text "[...document.querySelectorAll('#jobs .err')].map(
    e => e.textContent).join()")" 'jobs of a group'
is 'error=exit code 3' "$(browser_text "document.querySelector('#q').value")" \
    'what is searched for'
browser_eval "document.querySelector('#q').value = ''" >/dev/null
browser_type '#q' 'CODE 34'
within 3 "$(rows) == 1 && $(text '#jobs .err') == 'exit code 34'"
browser_click '#all'
within 2 "$(text '#h-list') == 'Jobs' && document.querySelector('#errors').hidden"
clean

# A state that is none is told of, by the server and by the script; what leads
# on is there.
for script in off on; do
	browser_script "$script"
	page '/?state=bogus'
	[ "$script" = off ] || within 3 "$(text '#live') == 'live'"
	within 3 "/^state: must be pending, processing/.test($(text '#none'))"
	shows '#h-list' Jobs
	is 0 "$(browser_eval "$(rows)")" 'jobs of a state that is none'
done
browser_click '[data-state=pending]'
within 3 "$(rows) == 20 && document.querySelector('#none').hidden"

# Without a script the links and the form do.
browser_script off
page /
shows '#h-list' Jobs
browser_follow '[data-state=pending]'
shows '#h-list' 'Pending jobs'
browser_follow '#older'
browser_follow '#older'
is 11 "$(browser_eval "$(rows)")" 'jobs on the last page'
browser_follow '#newest'
browser_type '#q' 'pending 3'
loads=$(browser_loads)
browser_key Enter
wait_for 5 browser_loads_pass "$loads"
is 11 "$(browser_eval "$(rows)")" 'jobs that were found'
is '?state=pending&q=pending+3' "$(browser_text location.search)" 'where they are'
browser_script on
