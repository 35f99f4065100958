#!/bin/sh
# xss: what strangers wrote, in every field that there is, is shown as text.

. "$TESTS/lib.sh"
. "$TESTS/weblib.sh"
. "$TESTS/browserlib.sh"

# The spool's own path as well.
X='<img src=x onerror=hacked()><script>hacked()</script>"'"'"'&amp;{{1}}'
mkdir 'a<img src=x onerror=hacked()>'
QUEUECTL_SPOOL="$PWD/a<img src=x onerror=hacked()>/spool"
export QUEUECTL_SPOOL
q init
rm -r spool
ln -s "$QUEUECTL_SPOOL" spool
. "$TESTS/web/pages"

printf '%s' "$X" >attack
printf '#!/bin/sh\ncat %s/attack\ncat %s/attack >&2\nprintf "\\033]0;x\\007\\342\\200\\256"\nexit 1\n' \
    "$PWD" "$PWD" >write.sh
chmod +x write.sh
mkdir -p "in $X"
drop command "command=./write.sh # $X" "cwd=$PWD" "env=X=$X" max_retries=0
drop argv arg=./write.sh "arg=$X" "cwd=$PWD" max_retries=0
drop cwd "command=true" "cwd=/no/$X" max_retries=0
drop waits "command=: # $X" 'run_at=2099-01-01T00:00:00Z' "cwd=$PWD/in $X"
drop broken 'command=true' "$X=$X"
printf 'half' >spool/tmp/half
mv spool/tmp/half spool/pending/half
drop runs "command=read x <go # $X" "cwd=$PWD"
mkfifo go
workers --count 2
ended() {
	[ "$(find spool/dead/ -type f | wc -l)" -eq 4 ]
}
wait_for 10 ended
q pause "$X" 2>/dev/null

# unhurt PATH: whatever is there, it was text.
unhurt() {
	page "$1"
	within 3 "$(text '#live') == 'live'"
	is '0 0 1' "$(browser_text "['img', 'body [onerror]', 'script'].map(
	    s => document.querySelectorAll(s).length).join(' ')")" \
	    "what $1 was made to hold"
	is undefined "$(browser_text 'typeof hacked')" 'what it defines'
}

# says SELECTOR: it has the text of the attack as it was written.
says() {
	within 3 "document.querySelector($(browser_json "$1"))
	    .textContent.includes($(browser_json "$X"))"
}

for script in off on; do
	browser_script "$script"
	browser_open "http://127.0.0.1:$PORT/"
	is '0 0 1' "$(browser_text "['img', 'body [onerror]', 'script'].map(
	    s => document.querySelectorAll(s).length).join(' ')")" \
	    "what the page was made to hold, script $script"
	for place in '#banner' '#running [data-key=runs] .sub' \
	    '#jobs [data-key=waits] .cmd' '#jobs [data-key=cwd] .err'; do
		says "$place"
	done
	is true "$(browser_eval "$(text '#jobs [data-key=broken] .err').includes('<img src=x')")" \
	    'the error of a job that cannot be read'
	is true "$(browser_eval "$(text '#path').includes('<img src=x')")" 'the path'
done
unhurt "/?state=dead"
says '#errors'
for id in command argv cwd waits broken half runs; do
	unhurt "/?job=$id"
done
page '/?job=command'
says '#facts'
for stream in out err; do
	says "[data-stream=$stream] pre"
done
within 2 "document.querySelector('[data-stream=out] pre').textContent.includes('\\\\x1b]0;x\\\\x07\\\\x202e')"
value=$(browser_text "encodeURIComponent($(browser_json "$X"))")
unhurt "/?q=$value"
is "$X" "$(browser_text "document.querySelector('#q').value")" 'what is searched for'
for path in "/?state=$value" "/?after=$value" "/$value"; do
	page "$path"
	is 0 "$(browser_eval "document.querySelectorAll('img, script:not(:last-child)').length")" \
	    "what $path was made to hold"
done
page "/?job=$value"
within 2 "$(text '#state') == 'no such job'"
is 0 "$(browser_eval "document.querySelectorAll('img').length")" 'of a job of that name'

# If one came through all the same, the policy would stop it.
page /
is 'not set, not run' "$(browser_text "(() => {
	const s = document.createElement('script');
	let said = 'set';
	try {
		s.textContent = 'window.hacked = 1';
	} catch (e) {
		said = 'not set';
		s.append('window.hacked = 1');
	}
	document.head.append(s);
	return said + (window.hacked ? ', run' : ', not run');
})()")" 'a script that was put in'
browser_console | grep -q 'Content Security Policy\|policy' ||
	fail "nobody complains of it: $(browser_console)"
is 'rejected' "$(browser_text "fetch('http://127.0.0.1:1/').then(() => 'sent', () => 'rejected')")" \
    'what is sent elsewhere'
