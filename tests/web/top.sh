#!/bin/sh
# top: on a phone and on a desk, the list or the job that was asked for is at
# the top of the screen, however much runs, and no time or count is cut off.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"
. "$TESTS/browserlib.sh"
. "$TESTS/web/pages"

# at SECONDS: so long ago, as a job's file has it.
now=$(date +%s)
at() {
	date -u -d "@$((now - $1))" +%Y-%m-%dT%H:%M:%S.500000Z
}
for n in 1 2 3 4 5 6 7 8 9 10; do
	printf '%s\n' "command=make-thumbnails --size 320 /srv/photos/$n" \
	    timeout=1980 \
	    "processing=$(at $((n * 61 + 270))) attempt=1 worker=build-host.example.4711.$n" \
	    >"spool/processing/running-$n"
done
n=0
while [ $((n += 1)) -le 130 ]; do
	code=$((n < 121 ? 3 : 22))
	ago=$((n * 23 + 600))
	printf '%s\n' "command=exit $code" max_retries=0 \
	    "processing=$(at "$ago") attempt=1 worker=box.7.1" \
	    "dead=$(at "$ago") attempt=1 exit_code=$code error=\"exit code $code\"" \
	    >"spool/dead/dead-$n"
	touch -d "@$((now - ago))" "spool/dead/dead-$n"
done

# begins SELECTOR MOST: it begins no lower than that, and not above the screen.
begins() {
	browser_eval "(t => t >= -1 && t <= $2 || t)(
	    document.querySelector('$1').getBoundingClientRect().top)" >is
	is true "$(cat is)" "$width x $height: where $1 begins, at most $2"
}

# whole: no time and no count is cut off.
whole() {
	is '[]' "$(browser_eval "[...document.querySelectorAll('td.c-when, td.c-time, td.num, td.c-tries')].filter(
	    e => e.checkVisibility() && e.scrollWidth > e.clientWidth).map(e => e.innerText)")" \
	    "$width x $height: what is cut off"
}

# goes LIST JOB: through all that can be asked for; where a list and a job may
# begin that are not chosen below it.
goes() {
	page /
	within 5 "$(text '#live') == 'live' && $(text '#found') == '140 jobs'"
	whole
	browser_click '[data-state=dead]'
	within 5 "$(text '#h-list') == 'Dead jobs' && $(text '#errors tbody').includes('120 exit code 3')"
	begins '#list' "$1"
	whole
	browser_click '#errors tbody tr:nth-child(2) .cmd a'
	within 5 "$(text '#found') == 'all 130 searched'"
	begins '#list' 40
	browser_click '#jobs tbody tr:nth-child(7) a'
	within 5 "$(text '#state') == 'dead' && $(text '#facts').includes('Exit code 22')"
	begins '#job' 40
	browser_click '#job .head a'
	within 5 "$(text '#found') == '140 jobs'"
	browser_click '[data-state=dead]'
	within 5 "$(text '#found') == '130 jobs'"
	browser_click '#all'
	within 5 "$(text '#found') == '140 jobs'"
	begins '#list' 40
	browser_click '#older'
	within 5 "/after=/.test(location.search) && $(text '#live') == 'live'"
	begins '#list' 40
	page /
	within 5 "$(text '#live') == 'live'"
	browser_click '#running tbody a'
	within 5 "$(text '#state') == 'processing'"
	begins '#job' "$2"
	# By its URL, as the server makes it and with a script.
	browser_script off
	page '/?job=dead-5'
	begins '#job' $((height / 3))
	page '/?state=dead'
	begins '#list' $((height / 2))
	browser_script on
	page '/?job=dead-6'
	begins '#job' "$2"
	page '/?state=failed'
	begins '#list' "$1"
}
width=390 height=844
browser_size $width $height mobile
goes 40 40
width=1280 height=900
browser_size $width $height
goes 300 140
width=1024 height=700
browser_size $width $height
goes 300 140

# A search that is being typed moves nothing.
page /
within 5 "$(text '#live') == 'live'"
browser_eval "document.querySelector('#q').focus(); window.was = [scrollY,
    document.querySelector('#q').getBoundingClientRect().top]" >/dev/null
browser_type '#q' 'dead-7'
within 5 "$(text '#found') == 'all 140 searched'"
is true "$(browser_eval "was.join() == [scrollY,
    document.querySelector('#q').getBoundingClientRect().top].join()")" \
    'that the search stays where it is'
clean
