#!/bin/sh
# What is no job is left alone, and named once in the log: other kinds of
# files, and names that are no IDs; but a dot-file in silence.

. "$TESTS/lib.sh"
quick_poll

echo "command=echo \"\$QUEUECTL_JOB_ID\" >>$PWD/ran" >job
mkdir strange
mkfifo strange/fifo
ln -s ../../job strange/link
ln -s nowhere strange/dangling
mkdir strange/directory
cp job strange/directory/inside
n=$(printf '%0129d' 0)
max=$(printf '%0128d' 0)
set -- -dash .dot 'a b' "$n" 'ID~20260101T000000.000' 'a
b' 'semi;colon' "$(printf 'caf\303\251')" '~' '#x#'
for name; do
	cp job "strange/$name"
done
find strange | sort >before

# look: makes the supervisor look at all of them (again).
look() {
	(cd spool/pending && for name in ./* ./.dot; do
		[ ! -f "$name" ] || : >>"$name"
	done)
	drop "sentinel$1" 'command=true'
	wait_for 10 test -f "spool/completed/sentinel$1"
}

workers --count 2
(cd strange && mv ./* .dot ../spool/pending/)
cp job "spool/pending/$max"
cp job spool/pending/_ok
look 1
look 2
look 3
for job in "$max" _ok; do
	wait_for 10 test -f "spool/completed/$job"
done
sort ran >sorted
printf '%s\n' "$max" _ok | sort | cmp - sorted || fail "what ran: $(cat ran)"

(cd spool/pending && mv ./* .dot ../../strange/)
find strange | sort | cmp before - || fail 'some of them are gone'
cmp job strange/directory/inside || fail 'directory/inside has changed'
for name; do
	cmp job "strange/$name" || fail "$name is not as it was"
done

# once NAME: as the log quotes it.
once() {
	is 1 "$(grep -c -F "event=left-alone file=$1 error=" log)" \
	    "times that $1 is named"
}
for name in fifo link dangling directory -dash "$n" \
    'ID~20260101T000000.000' 'semi;colon' '~' '#x#'; do
	once "pending/$name"
done
once '"pending/a b"'
once '"pending/a\nb"'
is "$((3 + $#))" "$(grep -c event=left-alone log)" 'strangers named: not .dot'
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'

# They keep nobody: list and status do not show them, --drain ends.
(cd strange && mv ./* .dot ../spool/pending/)
is "$(printf '%s\n' sentinel1 sentinel2 sentinel3 "$max" _ok | sort)" \
    "$(q list -q | sort)" 'jobs listed'
is 'pending: 0' "$(q status | head -n 1)" status
exits 1 q show link
exits 1 q show fifo
exits 1 q retry fifo
for state in failed dead completed processing; do
	mkfifo "spool/$state/pipe"
	cp job "spool/$state/a b"
done
drain
is 0 "$STATUS" 'exit status of --drain'
for state in failed dead completed processing; do
	[ -p "spool/$state/pipe" ] || fail "$state/pipe is gone"
	cmp job "spool/$state/a b" || fail "$state/a b is not as it was"
done
