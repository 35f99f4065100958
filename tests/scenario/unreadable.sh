#!/bin/sh
# A file that the supervisor may not read or write is no reason to run it, to
# lose it, or to say more than once that it is there.

. "$TESTS/lib.sh"

# root may read everything: another user, in a place that it can reach.
TRASH=$(mktemp -d "${TMPDIR:-/tmp}/queuectl-user.XXXXXX")
mkdir "$TRASH/home"
cp "$QUEUECTL" "$HELPERS/asuser" "$TRASH/"
cat >"$TRASH/run" <<END
#!/bin/sh
exec "$TRASH/asuser" 65534 "$TRASH/queuectl" "\$@"
END
chmod 755 "$TRASH" "$TRASH"/*
user=$(id -u)
if [ "$user" -eq 0 ]; then
	user=65534
	chown 65534 "$TRASH/home"
fi
cd "$TRASH/home" || exit
if ! "$TRASH/asuser" 65534 sh -c 'test -x ../queuectl && : >x && rm x'; then
	echo 'no place for another user'
	exit 77
fi
QUEUECTL=$TRASH/run
export QUEUECTL_SPOOL="$TRASH/home/spool"
q init
quick_poll

# put NAME MODE: a job of that user's.
put() {
	printf '%s\n' "cwd=$PWD" "command=echo $1 >>ran" |
		"$TRASH/asuser" 65534 tee "spool/tmp/$1" >/dev/null
	chmod "$2" "spool/tmp/$1"
	mv "spool/tmp/$1" "spool/pending/$1"
}

workers --count 2
put closed 000
put fixed 400
put sentinel1 600
wait_for 10 test -f spool/completed/sentinel1
wait_for 10 grep -q pending/fixed log

# Looked at again, as they seem to have been written, they are not named again.
for name in closed fixed; do
	[ "$(id -u)" -ne 0 ] || : >>"spool/pending/$name"
done
put sentinel2 600
wait_for 10 test -f spool/completed/sentinel2
printf '%s\n' sentinel1 sentinel2 | cmp - ran || fail "what ran: $(cat ran)"
for name in closed fixed; do
	[ -f "spool/pending/$name" ] || fail "$name is gone from pending/"
	is 1 "$(grep -c "file=pending/$name " log)" "times that $name is named"
done
is 000 "$(printf '%s%s%s' "$(count dead)" "$(count failed)" \
    "$(count processing)")" 'other files'
exits 1 q show closed
grep -q '^queuectl: closed: .*[Pp]ermission denied' err ||
	fail "show closed: $(cat err)"
is "a worker cannot write pending/fixed (mode 0400, of user $user): 'chmod u+rw' lets it" \
    "$(q show fixed | sed -n 's/^note: //p')" 'why fixed waits'
# The same of an ended job that is to make room.
put ended 600
wait_for 10 test -f spool/completed/ended
chmod 400 spool/completed/ended
put ended 600
is "a worker cannot write completed/ended (mode 0400, of user $user): 'chmod u+rw' lets it" \
    "$(q show ended | sed -n 's/^note: //p')" 'why the next one waits'
put sentinel3 600
wait_for 10 test -f spool/completed/sentinel3
if logged event=not-claimed; then
	fail 'it holds the others up'
fi
rm spool/pending/ended

stop_workers
is 0 "$STATUS" 'exit status of the supervisor'

# Once it may be read it runs.
chmod 600 spool/pending/closed spool/pending/fixed
drain
is 0 "$STATUS" 'exit status of --drain'
sort ran >sorted
printf '%s\n' closed ended fixed sentinel1 sentinel2 sentinel3 |
	cmp - sorted || fail "what ran: $(cat ran)"
