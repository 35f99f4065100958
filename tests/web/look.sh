#!/bin/sh
# look: pictures of the page, for people to look at, in tests/web/out; and what
# of its looks a program can tell: nothing is cut off, wider than the window,
# nameless or too faint, and all can be reached by the keyboard.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"
. "$TESTS/browserlib.sh"
export DASHBOARD=--allow-actions
. "$TESTS/web/pages"
PICTURES=$TESTS/web/out

# A queue as one may find it: what ended in the last hour, what runs and waits.
cat >commands <<'END'
rsync -a --delete /srv/www/ backup@vault:/backup/www/
/usr/local/bin/make-thumbnails --size 320 /srv/photos/2026/11
pg_dump -Fc -f /backup/shop.dump shop
curl -fsS https://example.org/feed.xml -o /var/cache/feed.xml
END
seq 1 15 | while read -r _; do cat commands; done | sed 's/^/: /' |
	q enqueue --batch - >/dev/null
for n in 1 2 3; do
	q enqueue --max-retries 0 'curl -fsS https://example.org/; exit 22' >/dev/null
done
q enqueue --id resize --max-retries 0 'echo "convert: no such file" >&2; exit 1' >/dev/null
q enqueue --id sync-mail --max-retries 2 --backoff-base 4000 'exit 75' >/dev/null
workers --count 3
all_ended() {
	[ "$(find spool/completed spool/dead -type f | wc -l)" -eq 64 ]
}
wait_for 20 all_ended
n=0
for job in spool/completed/*; do
	n=$((n + 1))
	minute=$((n * n % 57 + 1))
	touch -d "$minute minutes ago" "$job"
done
# shellcheck disable=SC2016 # for the job's shell
q enqueue --id index --timeout 10m 'i=0; while :; do i=$((i+1)); echo "indexing /srv/mail/$i"; sleep 0.2; done' >/dev/null
q enqueue --id encode --timeout 0 'echo frame=1; sleep 600' >/dev/null
q enqueue --id nightly-backup --delay 5h 'restic backup /home /etc' >/dev/null
q enqueue --id low --priority 0 --delay 90m 'updatedb' >/dev/null
running() {
	[ -e spool/processing/index ] && [ -e spool/processing/encode ] &&
		[ -s spool/output/index.1.out ]
}
wait_for 10 running

# well: what can be told of how it looks.
well() {
	is '[]' "$(browser_eval "(() => {
	const bad = [], wide = innerWidth;
	const seen = e => e.checkVisibility() && e.getClientRects().length > 0;
	if (document.documentElement.scrollWidth > wide)
		bad.push('wider than the window: ' + document.documentElement.scrollWidth);
	for (const e of document.querySelectorAll('main *, .wide *')) {
		const r = e.getBoundingClientRect();
		if (seen(e) && !e.closest('svg, pre, td, thead') && r.right > wide + 1)
			bad.push(e.tagName + ' ends at ' + r.right);
	}
	for (const e of document.querySelectorAll('button, a, input, select'))
		if (seen(e) && !(e.innerText || e.getAttribute('aria-label') ||
		    (e.labels && e.labels.length)))
			bad.push('without a name: ' + e.outerHTML);
	for (const t of document.querySelectorAll('table, section, nav'))
		if (seen(t) && !t.getAttribute('aria-label') &&
		    !document.getElementById(t.getAttribute('aria-labelledby')))
			bad.push('without a name: ' + t.tagName + '#' + t.id);
	/* WCAG 2.2, 1.4.3: contrast of 4.5 to 1. */
	const light = c => { const v = c.map(x => (x /= 255) <= 0.04045 ?
	    x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
	    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
	const rgb = s => s.match(/[0-9.]+/g).map(Number);
	const under = e => { for (; e; e = e.parentElement) {
	    const c = rgb(getComputedStyle(e).backgroundColor);
	    if (c.length < 4 || c[3] > 0) return c.slice(0, 3); }
	    return [255, 255, 255]; };
	for (const e of document.querySelectorAll('body *')) {
		if (!seen(e) || e.closest('svg') || ![...e.childNodes].some(
		    n => n.nodeType === 3 && n.data.trim()))
			continue;
		const a = light(rgb(getComputedStyle(e).color).slice(0, 3));
		const b = light(under(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5)
			bad.push('faint, ' + ratio.toFixed(1) + ': ' + e.outerHTML.slice(0, 80));
	}
	return [...new Set(bad)].slice(0, 9);
})()")" "what is wrong with $1"
	browser_shot "$PICTURES/$1.png"
	[ "$(wc -c <"$PICTURES/$1.png")" -gt 10000 ] || fail "no picture of $1"
}

# views NAME: all pages.
views() {
	browser_open "http://127.0.0.1:$PORT/"
	within 3 "$(text '#live') == 'live' && $(text '#found') == '69 jobs'"
	well "$1-all"
	browser_open "http://127.0.0.1:$PORT/?state=dead"
	within 3 "$(text '#errors tbody').includes('exit code 22')"
	well "$1-dead"
	browser_open "http://127.0.0.1:$PORT/?job=index"
	within 3 "$(text '[data-stream=out] pre').includes('indexing')"
	well "$1-job"
}

browser_open "http://127.0.0.1:$PORT/#token=$TOKEN"
browser_size 1280 800
views light
browser_dark on
views dark
browser_size 375 740 mobile
views narrow-dark
browser_dark off
q pause 'disk is being replaced' 2>/dev/null
views narrow

# Printed, it is dark on white even where the screen is not.
browser_size 1280 800
browser_ask Emulation.setEmulatedMedia '{"media":"print","features":[
    {"name":"prefers-color-scheme","value":"dark"}]}'
views print
is '["rgb(255, 255, 255)","rgb(255, 255, 255)","rgb(27, 33, 39)","light only"]' \
    "$(browser_eval "[document.body, document.querySelector('.card'), document.body,
    document.documentElement].map((e, i) => getComputedStyle(e)[
    ['backgroundColor', 'backgroundColor', 'color', 'colorScheme'][i]])")" \
    'colours of what is printed'
browser_ask Emulation.setEmulatedMedia '{"media":""}'
browser_dark off

# By the keyboard alone: the first key shows the way to the jobs, all that can
# be pressed has its turn.
browser_size 1280 800
browser_open "http://127.0.0.1:$PORT/"
within 3 "$(text '#live') == 'live' && $(text '#found') == '69 jobs'"
browser_key Tab
is 'Skip to the jobs' "$(browser_text document.activeElement.innerText)" \
    'the first that can be reached'
is true "$(browser_eval "document.activeElement.getBoundingClientRect().left >= 0")" \
    'that it can be seen'
wanted=$(browser_eval "[...document.querySelectorAll('a, button, input, select')].filter(
    e => e.checkVisibility()).length")
n=1
while [ "$(browser_text document.activeElement.tagName)" != BODY ] &&
    [ "$n" -le "$((wanted + 2))" ]; do
	n=$((n + 1))
	browser_key Tab
done
is "$((wanted + 1))" "$n" 'keys until all had their turn'
clean
