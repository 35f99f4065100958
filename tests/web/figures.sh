#!/bin/sh
# figures: each figure and each text of the page, of a queue whose files are
# known to the letter.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"
. "$TESTS/browserlib.sh"
TZ=UTC
export TZ
. "$TESTS/web/pages"

q config set max_backoff_seconds 86400

# put STATE ID SECONDS LINE...: a job that was changed so long ago.
put() {
	state=$1 id=$2 ago=$3
	shift 3
	printf '%s\n' "$@" created_at=2001-01-02T00:00:03Z >"spool/tmp/$id"
	touch -d "@$((now - ago))" "spool/tmp/$id"
	mv "spool/tmp/$id" "spool/$state/$id"
}
# at SECONDS: so long ago, as a job's file has it.
at() {
	date -u -d "@$((now - $1))" +%Y-%m-%dT%H:%M:%S.500000Z
}

# Half past a minute, so that no figure is about to change.
now=$(date +%s)
now=$((now - now % 60 - 30))
started="$(at 630) attempt"
for id in c1 c2 c3; do
	put completed $id 630 'command=true' max_retries=3 \
	    "processing=$started=1 worker=box.7.1" \
	    "completed=$(at 630) attempt=1 exit_code=0"
done
put completed c4 270000 'arg=tar' 'arg=-czf' 'arg=/a b.tgz' max_retries=0 \
    "processing=$(at 270000) attempt=1 worker=box.7.2" \
    "completed=$(at 270000) attempt=1 exit_code=0"
for id in d1 d2; do
	put dead $id 1230 'command=exit 3' max_retries=0 \
	    "processing=$(at 1230) attempt=1 worker=box.7.1" \
	    "dead=$(at 1230) attempt=1 exit_code=3 error=\"exit code 3\""
done
put dead d3 8000 'command=kill -9 $$' max_retries=0 \
    "processing=$(at 8000) attempt=1 worker=box.7.1" \
    "dead=$(at 8000) attempt=1 signal=9 error=\"killed by signal 9\""
put failed f1 8000 'command=./flaky' max_retries=4 timeout=90 priority=7 \
    cwd=/srv env=A=1 env=B=two backoff_base=3000 \
    'processing=2001-01-02T00:00:04Z attempt=1 worker=box.7.1' \
    'failed=2001-01-02T00:00:05.25Z attempt=1 exit_code=3 retry_at=2001-01-02T00:01:00Z error="exit code 3"' \
    'processing=2001-01-02T00:01:00Z attempt=2 worker=box.7.2' \
    "failed=2001-01-02T00:02:30Z attempt=2 signal=15 retry_at=$(at -3000) error=\"timed out after 90 s\""
printf '%07d' 0 >spool/output/f1.1.out
printf '%012000d' 0 >spool/output/f1.2.err
put pending p1 100000 'command=backup' run_at=2999-06-01T00:00:00Z
put pending p2 200000 'command=soon'

# texts SELECTOR: all text of it, one piece a line, nothing that only time tells.
texts() {
	browser_text "[...document.querySelectorAll($(browser_json "$1"))].map(
	    e => e.innerText.replace(/\\s+/g, ' ').trim()).join('\\n')" |
		sed 's/3[0-9]\{5\}d\([0-9]*h\)\{0,1\}/YEARS/g; s/9[0-9]\{3\}d\([0-9]*h\)\{0,1\} ago/LONG ago/g'
}

# reads SELECTOR LINE...: these are its texts.
reads() {
	what=$1
	shift
	texts "$what" >is
	printf '%s\n' "$@" | diff - is || fail "what $what shows"
}

# lists: the list shows all jobs, the last changed first.
lists() {
	browser_text "[...document.querySelectorAll('#jobs tbody tr')].map(
	    r => [...r.children].map(c => c.innerText.replace(/\\s+/g, ' ').trim())
	    .join(' | ')).join('\\n')" |
		sed 's/1[0-9]m\([0-9]*s\)* ago/1xm ago/
		s/2[0-9]m\([0-9]*s\)* ago/2xm ago/
		s/2h1[3-9]m/2h1xm/
		s/in 3[0-9]*d\([0-9]*h\)*/in YEARS/
		s/in 4[0-9]m[0-9s]*/in 4xm/' >is
	diff - is <<'END' || fail 'what the list shows'
c3 | completed | 1/4 | 1xm ago | true
c2 | completed | 1/4 | 1xm ago | true
c1 | completed | 1/4 | 1xm ago | true
d2 | dead | 1/1 | 2xm ago | exit 3 exit code 3
d1 | dead | 1/1 | 2xm ago | exit 3 exit code 3
f1 | failed | 2/5 | in 4xm | ./flaky timed out after 90 s
d3 | dead | 1/1 | 2h1xm ago | kill -9 $$ killed by signal 9
p1 | pending | 0/4 | in YEARS | backup
p2 | pending | 0/4 | 2d7h ago | soon
c4 | completed | 1/1 | 3d3h ago | tar -czf '/a b.tgz'
END
}

# As the server makes it, and then with its script.
browser_script off
page /
reads '#counts' '2 pending 0 processing 4 completed 1 failed 3 dead'
reads '#banner p' \
    'No worker is running and jobs are there for one: queuectl worker start'
reads '#workers' '0 of 0 workers busy'
reads '#idle' 'Nothing runs.'
reads '#hour-c, #hour-d' '3 completed' '2 died'
lists
browser_script on
page /
within 3 "$(text '#live') == 'live' && $(text '#found') == '10 jobs'"
reads '#counts' '2 pending 0 processing 4 completed 1 failed 3 dead'
reads '#banner p' \
    'No worker is running and jobs are there for one: queuectl worker start'
reads '#workers' '0 of 0 workers busy'
reads '#idle' 'Nothing runs.'
reads '#hour-c, #hour-d, #top' '3 completed' '2 died' 'at most 3 a minute'
is '3 dead, 0 running, 2 pending · queuectl' "$(browser_text document.title)" title

# The chart: three above the line, ten minutes later than two below it.
is '[["c",80.4,3,8,"3 completed, "],["d",53.6,83.4,8,"2 died, "]]' \
    "$(browser_eval "(window.bars = [...document.querySelectorAll('#chart rect')].filter(
    r => r.getAttribute('height') > 0)).map(r => [r.getAttribute('class'),
    +r.getAttribute('height'), +r.getAttribute('y'), +r.getAttribute('width'),
    r.textContent.replace(/[0-9]+:.*/, '')]).reverse()")" 'bars'
is '[100,120,83.4,83.4]' "$(browser_eval "[
    bars[1].getAttribute('x') - bars[0].getAttribute('x'),
    document.querySelectorAll('#chart rect').length,
    +document.querySelector('#chart line').getAttribute('y1'),
    +document.querySelector('#chart line').getAttribute('y2')]")" 'where they are'
is "$(LC_ALL=C date -u -d "@$((now - 630))" '+%I:%M %p')" \
    "$(browser_text 'bars[1].textContent' | sed 's/\xe2\x80\xaf/ /g; s/.*, //')" \
    'when that was'

lists
page '/?state=dead'
within 3 "$(text '#found') == '3 jobs' && $(text '#errors') != ''"
texts '#errors tbody tr' | sed 's/2[0-9]m\([0-9]*s\)* ago/2xm ago/; s/2h1[3-9]m/2h1xm/' >is
diff - is <<'END' || fail 'what the groups show'
2 exit code 3 2xm ago d2
1 killed by signal 9 2h1xm ago d3
END
reads '#h-list' 'Dead jobs'
reads '[aria-current=true]' '3 dead'
reads '#looked' ''

# A job.
page '/?job=f1'
within 3 "$(text '[data-stream=err] small') == '12 KiB'"
reads '#h-job, #state' f1 failed
browser_text "[...document.querySelectorAll('#facts dt')].map(e => e.innerText + ': ' +
    e.nextElementSibling.innerText).join('\\n')" |
	sed 's/\xe2\x80\xaf/ /g; s/\(Next try: \).*(in 4[0-9]m[0-9s]*)/\1TIME (in 4xm)/; s/(9.* ago)/(LONG ago)/; s/^\(Changed: \).*(2h1[3-9]m ago)/\1TIME (2h1xm ago)/' >is
diff - is <<'END' || fail 'what is told of a job'
Command: ./flaky
Priority: 7
Tries: 2 of 5
Time limit: 1m30s
Created: Jan 2, 2001, 12:00:03 AM (LONG ago)
Changed: TIME (2h1xm ago)
Next try: TIME (in 4xm)
Worker: box.7.2
Signal: 15
Error: timed out after 90 s
Directory: /srv
Environment: A=1
Environment: B=two
END
browser_text "[...document.querySelectorAll('#runs tbody tr')].map(
    r => [...r.children].map(c => c.innerText).join(' | ')).join('\\n')" |
	sed 's/\xe2\x80\xaf/ /g' >is
diff - is <<'END' || fail 'what is told of its attempts'
1 | failed | 12:00:04 AM | 1.250 s | exit code 3
2 | failed | 12:01:00 AM | 1m30s | timed out after 90 s
END
is '["latest","1","2"]' "$(browser_eval "[...document.querySelector('#attempt').options].map(
    o => o.text)")" 'attempts to choose from'
is '[true,false,12000]' "$(browser_eval "[document.querySelector('[data-stream=out]').hidden,
    document.querySelector('[data-stream=err]').hidden,
    document.querySelector('[data-stream=err] pre').innerText.length]")" 'its output'
browser_eval "(() => { const s = document.querySelector('#attempt'); s.value = '1';
    s.dispatchEvent(new Event('change')); return 1; })()" >/dev/null
within 3 "$(text '[data-stream=out] small') == '7 B'"
reads '[data-stream=out] pre' 0000000
is true "$(browser_eval "document.querySelector('[data-stream=err]').hidden")" \
    'that the other attempt wrote nothing there'
texts '#notes li' | sed 's/at 20[0-9:.TZ-]*, in 4[0-9]m[0-9s]*/at TIME, in 4xm/' >is
diff - is <<'END' || fail 'why it waits'
due at TIME, in 4xm
no worker is running: start one with 'queuectl worker start'
END

# What runs.
workers --count 1
drop runs 'command=sleep 1000' timeout=600
wait_for 10 test -e spool/processing/runs
page /
within 3 "$(text '#workers') == '1 of 1 worker busy'"
within 3 "/^[0-9.a-z-]+[.]1 runs sleep 1000 [0-9]+s of 10m\$/.test($(text '#running tbody tr'))"
is '[600,true]' "$(browser_eval "(p => [p.max, p.value < 60])(
    document.querySelector('#running progress'))")" 'its share of the time'
clean
