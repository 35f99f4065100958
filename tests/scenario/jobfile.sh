#!/bin/sh
# What a job file may say, as scripts write it: what cannot be accepted goes
# to dead/ with the reason, its text unchanged, and is never run; everything
# else runs as it says.

. "$TESTS/lib.sh"
quick_poll
q config set durability none

mkdir bad good
run="command=echo \$QUEUECTL_JOB_ID >>$PWD/ran"

# bad NAME PATTERN: standard input is a job file; the error it must get.
bad() {
	cat >"bad/$1"
	echo "$1 $2" >>bad.list
}

# good NAME: standard input is a job file that must run.
good() {
	cat >"good/$1"
}

bad nul '^line 1: .*NUL' <<-END
	$(printf '%s@' "$run")
END
tr '@' '\000' <bad/nul >x && mv x bad/nul
bad nul-below '^line 3: .*NUL' <<-END
	$run
	priority=1
	note=@
END
tr '@' '\000' <bad/nul-below >x && mv x bad/nul-below
bad crlf '^line 1: carriage return' <<-END
	$(printf '%s@' "$run")
	priority=1@
END
tr '@' '\r' <bad/crlf >x && mv x bad/crlf
bad priority '^line 2: priority: .* 0 to 10' <<-END
	$run
	priority=11
END
bad priority-word '^line 2: priority: ' <<-END
	$run
	priority=high
END
bad time '^line 1: run_at: .* time like ' <<-END
	run_at=yesterday
	$run
END
bad day '^line 2: created_at: ' <<-END
	$run
	created_at=2026-02-30T00:00:00Z
END
bad retries '^line 2: max_retries: ' <<-END
	$run
	max_retries=-1
END
bad timeout '^line 2: timeout: ' <<-END
	$run
	timeout=1.5
END
bad base '^line 2: backoff_base: ' <<-END
	$run
	backoff_base=0.5
END
bad umask '^line 2: umask: ' <<-END
	$run
	umask=8
END
bad env '^line 2: env: .*NAME=VALUE' <<-END
	$run
	env=HOME
END
bad cwd '^line 2: cwd: .*absolute' <<-END
	$run
	cwd=tmp
END
bad both '^both command and arg' <<-END
	$run
	arg=true
END
bad no-pair '^line 3: .*not a key=value line' <<-END
	$run

	now
END
bad capital '^line 1: .*not a key=value line' <<-END
	Command=true
	$run
END
bad continued-first '^line 1: continues nothing' <<-END
	 true
	$run
END
bad continued-gap '^line 3: continues nothing' <<-END
	$run

	 true
END
bad in-script '^line 4: priority: ' <<-END
	$run
	 true
	 true
	priority=99
	 true
END
bad state-line '^line 2: failed: malformed' <<-END
	$run
	failed=yes
END
{
	echo "$run"
	printf 'x='
	head -c 65536 /dev/zero | tr '\000' x
} | head -c 65536 >bad/large
echo >>bad/large # 64 KiB and one byte
echo 'large more than 65536 bytes' >>bad.list

{
	printf 'max_retries=1\nmax_backoff=0\n%s; false\nx=' "$run"
	head -c 65536 /dev/zero | tr '\000' x
} | head -c 65535 >good/full
echo >>good/full # 64 KiB: it is tried again, too
good past <<-END
	$run
	run_at=2001-02-03T04:05:06Z
END
good unknown <<-END
	$run
	colour=red
	x-files
END
sed -i.bak '/x-files/d' good/unknown && rm good/unknown.bak
good unknown-lines <<-END
	colour=red
	 green
	$run
	x_9=
END
good twice <<-END
	command=echo wrong >>$PWD/ran
	priority=1
	priority=7
	$run
	env=A=1
	env=B=2
	env=A=3
END
good script <<-END
	# a comment
	command=set -e
	 cd $PWD
	 # a comment of the script
	 if :
	 then
	 	printf '%s\n' 'one
	   two'
	 fi >script.out

	cwd=/
END
good vector <<-END
	arg=sh
	arg=-c
	arg=echo "\$0" "\$1" >$PWD/vector.out
	 echo "\$#" >>$PWD/vector.out
	arg=a  b
	arg=
	arg=c
END
good setting <<-END
	command=echo "\$A \$(pwd) \$(umask)" >$PWD/setting.out
	cwd=/usr
	umask=027
	env=A=x=y
	 z
	max_retries=0
END

workers --count 2
cp bad/* good/* spool/tmp/
for name in bad/* good/*; do # not all by one mv: GNU mv looks at them behind it
	mv "spool/tmp/${name#*/}" "spool/pending/${name#*/}"
done
drop sentinel "command=echo sentinel >>$PWD/ran" priority=0
wait_for 10 test -f spool/completed/sentinel

quiet() {
	[ "$(count pending)$(count processing)$(count failed)" = 000 ]
}
wait_for 10 quiet
stop_workers

# The bad: each as it was, and one line behind it.
while read -r name want; do
	dead=spool/dead/$name
	[ -f "$dead" ] || fail "$name is not in dead/"
	size=$(wc -c <"bad/$name" | tr -d ' ')
	head -c "$size" "$dead" | cmp - "bad/$name" || fail "$name was changed"
	tail -c "+$((size + 1))" "$dead" >rest
	is 1 "$(wc -l <rest | tr -d ' ')" "lines added to $name"
	sed -n 's/^dead=[^ ]* error="*\([^"]*\)"*$/\1/p' rest >error
	grep -q -e "$want" error ||
		fail "$name: the error must match '$want': $(cat rest)"
	q show "$name" >shown
	grep -q '^note: unreadable: ' shown || fail "show $name does not say why"
	exits 1 q retry "$name"
	grep -q '^queuectl: .*mend it first' err || fail "retry $name: $(cat err)"
	! grep -q -x "$name" ran || fail "$name was run"
done <bad.list
is "$(find bad -type f | wc -l)" "$(wc -l <bad.list)" 'bad files'

# The good.
completed='processing completed'
for name in past unknown unknown-lines twice script vector setting; do
	[ -f "spool/completed/$name" ] || fail "$name is not in completed/"
	size=$(wc -c <"good/$name" | tr -d ' ')
	head -c "$size" "spool/completed/$name" | cmp - "good/$name" ||
		fail "$name was changed"
	is "$completed" "$(states "spool/completed/$name")" "history of $name"
done
sort ran >sorted
grep -v full sorted >x # see below
printf '%s\n' past sentinel twice unknown unknown-lines |
	cmp - x || fail "other jobs ran: $(cat ran)"
printf 'one\n  two\n' | cmp - script.out || fail 'script: see script.out'
printf '%s\n' 'a  b ' 2 | cmp - vector.out || fail "vector: $(cat vector.out)"
printf 'x=y\nz /usr 0027\n' | cmp - setting.out ||
	fail "setting: $(cat setting.out)"
is 7 "$(q show twice | sed -n 's/^priority: //p')" 'priority: the last one'
is 'A=1 B=2 A=3' "$(q show twice | sed -n 's/^env: //p' | tr '\n' ' ' |
	sed 's/ $//')" 'env of twice'

# A last line that was torn does not count, and is gone when it runs again.
printf '%s\n%s\n%s\ncompl' "$run" \
    'processing=2026-01-01T00:00:00Z attempt=1 worker=h.1.1' \
    'failed=2026-01-01T00:00:01Z attempt=1 exit_code=1 error=x' \
    >spool/failed/torn
: >ran
drain
is 'processing failed processing completed' \
    "$(states spool/completed/torn)" 'history of torn'
is 0 "$(grep -c '^compl[^e]' spool/completed/torn)" 'torn lines'
is torn "$(cat ran)" 'what ran'

# 64 KiB are accepted, what is stamped does not count.
is 'processing failed processing dead' "$(states spool/dead/full)" \
    'history of full'
is 2 "$(grep -c full sorted)" 'runs of full'
