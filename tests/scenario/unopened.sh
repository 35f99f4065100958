#!/bin/sh
# A run whose outputs cannot be had does not begin, and leaves nothing of the
# one that could: what is no file is never opened, waited for or replaced.  The
# job waits, `show` says why, and others go on.

. "$TESTS/lib.sh"

quick_poll

# odd KIND NAME: makes what is no regular file.
odd() {
	case $1 in
	fifo | read) mkfifo "$2" ;;
	directory) mkdir "$2" ;;
	dangling) ln -s nowhere "$2" ;;
	link) ln -s ../config "$2" ;;
	esac
}

kinds='fifo read directory dangling link'
workers --count 2
cp spool/config before 2>/dev/null || : >before
for kind in $kinds; do
	for stream in out err; do
		odd "$kind" "spool/output/$kind-$stream.1.$stream"
	done
done
for stream in out err; do # somebody reads it, and nobody else
	exec 5<>"spool/output/read-$stream.1.$stream"
done
for kind in $kinds; do
	for stream in out err; do
		drop "$kind-$stream" 'command=echo ran; echo ran >&2'
	done
done

# All of them at once, though they are tried again after six seconds.
not_started() {
	[ "$(grep -c event=not-started log)" -eq 10 ]
}
wait_for 10 not_started
q pause

# waits NAME OUTPUT: it says of what, in the log and in its file.
waits() {
	why="output/$2 is not a regular file: remove it"
	wait_for 10 logged "job=$1 event=not-started error=\"$why\""
	wait_for 10 grep -q "^pending=.* reason=returned error=\"$why\"" \
	    "spool/pending/$1"
	is "error: $why" "$(q show "$1" | grep '^error: ')" "what show says of $1"
}

for kind in $kinds; do
	for stream in out err; do
		waits "$kind-$stream" "$kind-$stream.1.$stream"
	done
	[ ! -e "spool/output/$kind-err.1.out" ] ||
		fail "an output of no run of $kind-err was left"
done
q resume
drop other 'command=echo other'
wait_for 10 test -f spool/completed/other
[ ! -e spool/output/nowhere ] || fail 'a symbolic link was followed'
cp spool/config after 2>/dev/null || : >after
cmp before after || fail 'a symbolic link was followed'

# Each is still there, and TERM is obeyed.
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
for stream in out err; do
	[ -p "spool/output/fifo-$stream.1.$stream" ] || fail 'a FIFO is gone'
	[ -d "spool/output/directory-$stream.1.$stream" ] || fail 'a directory is gone'
	[ -h "spool/output/link-$stream.1.$stream" ] || fail 'a link is gone'
done
exec 5<&-

# A file that was left there is emptied, and then it is the run's.
mkdir again
for kind in $kinds; do
	for stream in out err; do
		mv "spool/output/$kind-$stream.1.$stream" again/
	done
done
echo 'of an earlier try' >spool/output/left.1.out
drop left 'command=echo mine'
drain
is 0 "$STATUS" 'exit status of --drain'
is mine "$(cat spool/output/left.1.out)" 'output of left'
for kind in $kinds; do
	for stream in out err; do
		is 'processing pending processing completed' \
		    "$(states "spool/completed/$kind-$stream")" \
		    "history of $kind-$stream"
		is ran "$(cat "spool/output/$kind-$stream.2.$stream")" \
		    "output of $kind-$stream"
	done
done
