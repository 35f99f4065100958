#!/bin/sh
# A file that is neither the spool owner's nor root's says nothing: as a job it
# is dead as it is, whatever directory it is put into; as config, request or
# entry of a worker it does not count.

. "$TESTS/lib.sh"

if [ "$(id -u)" -ne 0 ]; then
	echo 'needs root: nobody else can make files of another user'
	exit 77
fi
quick_poll
alice=65534
alice_is=$(awk -F: -v uid=$alice '$3 == uid { print $1; exit }' /etc/passwd)
alice_is="${alice_is:+$alice_is (}$alice${alice_is:+)}"
whose="belongs to user $alice, not to the spool's owner, user"

# strange DIR NAME [MODE]: a file of another user there, that would run; its
# text is in ./NAME too.
strange() {
	printf '%s\n' "command=echo $2 >>$PWD/ran" >"$2"
	cp "$2" "spool/tmp/$2"
	chown $alice "spool/tmp/$2"
	chmod "${3:-644}" "spool/tmp/$2"
	mv "spool/tmp/$2" "spool/$1/$2"
}

# buried NAME: it is in dead/ with not a byte and not the owner changed, the
# log and `show` say why, and it cannot be retried.
buried() {
	wait_for 10 test -f "spool/dead/$1"
	cmp "$1" "spool/dead/$1" || fail "$1 was changed"
	is $alice "$(find "spool/dead/$1" -exec ls -n {} + | awk '{ print $3 }')" \
	    "owner of dead/$1"
	wait_for 10 logged "job=$1 .*error=\"$whose $owner\""
	is "note: belongs to user $alice_is, not to the spool's owner: to run it, put a copy of it into pending/" \
	    "$(q show "$1" | grep '^note: ')" "what show says of $1"
	exits 1 q retry "$1"
	is "queuectl: $1: its file $whose $owner: to run it, put a copy of it into pending/" \
	    "$(cat err)" "why $1 is not retried"
	[ -f "spool/dead/$1" ] || fail "$1 left dead/"
}

# older ID: there is an older record of it in dead/.
older() {
	[ -n "$(find spool/dead -name "$1~*")" ]
}

# nothing_ran: of all that was put in before.
nothing_ran() {
	rm -f spool/completed/sentinel
	drop sentinel 'command=true'
	wait_for 10 test -f spool/completed/sentinel
	[ ! -e ran ] || fail "ran: $(cat ran)"
}

# ---- Jobs

owner=0
workers --count 2
quiet=$(q config get kill_grace_seconds)
for dir in pending failed processing; do
	strange $dir "in-$dir"
	drop nudge 'command=true' # after it, processing/ is looked at
	buried "in-$dir"
done

# Whoever keeps a descriptor may write whatever he likes.
printf 'command=true\n' >report
exec 3>>report
chown $alice report
cp report as-it-was
mv report spool/pending/report
wait_for 10 test -f spool/dead/report
echo "command=echo report >>$PWD/ran" >&3
exec 3>&-
echo "command=echo report >>$PWD/ran" >>as-it-was
mv as-it-was report
buried report

# By hand too it is not run; a file with a history or half-written neither, or
# one for later; and an older record of its ID makes room.
mv spool/dead/report spool/pending/report
buried report
for text in 'command=tru' 'command=true\nrun_at=2999-01-01T00:00:00Z\n' \
    'command=true\nfailed=2026-01-01T00:00:00Z attempt=1 retry_at=2026-01-01T00:00:01Z\n' \
    'command=true\nprocessing=2026-01-01T00:00:00Z attempt=1 worker=h.1.1\ncomp'; do
	# shellcheck disable=SC2059 # it is a format
	printf "$text" >odd
	cp odd spool/tmp/odd
	chown $alice spool/tmp/odd
	rm -f spool/dead/odd
	mv spool/tmp/odd spool/pending/odd
	buried odd
done
strange pending two
wait_for 10 test -f spool/dead/two
strange pending two
wait_for 10 older two
buried two
nothing_ran

# A copy is the owner's.
cp spool/dead/two copy
mv copy spool/pending/copy
wait_for 10 test -f spool/completed/copy
is two "$(cat ran)" 'what ran'
rm ran
is 'in-failed in-pending in-processing odd report two' \
    "$(q dlq list --no-header | awk '!/~/ { print $1 }' | sort | tr '\n' ' ' | sed 's/ $//')" \
    'the dead letter queue'
q dlq list | grep '^two ' | grep -q "$whose" || fail 'list does not say why'

# What waits says so before it is dead.
q pause
strange pending waits
is "note: belongs to user $alice_is, not to the spool's owner: a worker will move it to the dead letter queue" \
    "$(q show waits | grep '^note: belongs')" 'what show says of it'
exits 1 q cancel waits
cmp waits spool/pending/waits || fail 'cancel has changed it'
exits 1 q doctor
grep -q "owner: pending/waits: " out || fail "doctor: $(cat out)"
q resume
buried waits

# ---- The config

q config set kill_grace_seconds 7
wait_for 10 logged event=config-read
cp spool/config mine
{ cat mine && echo max_retries=0; } >spool/tmp/config
chown $alice spool/tmp/config
mv spool/tmp/config spool/config
wait_for 10 logged "event=config-refused error=\"config: $whose 0: "
q enqueue --id keeps --max-backoff 0 'exit 1' 2>err >out || :
for args in 'config set kill_grace_seconds 9' 'enqueue true' 'worker start'; do
	# shellcheck disable=SC2086 # words
	exits 1 q $args
	grep -q "config: $whose 0: put a copy of it in its place" err ||
		fail "$args says: $(cat err)"
done
mv mine spool/tmp/config && mv spool/tmp/config spool/config
is 7 "$(q config get kill_grace_seconds)" 'what is set'

# ---- Requests and entries

# request NAME: one that somebody else has made, and not by touch(1).
request() {
	: >spool/tmp/request
	chown $alice spool/tmp/request
	mv spool/tmp/request "spool/control/$1"
}

me=$(basename "$(find spool/workers -name "*.$SUPERVISOR")")
drop runs "cwd=$PWD" 'command=: >began' ' until [ -e go ]; do sleep 0.02; done'
wait_for 10 test -f began
request cancel.runs
request "stop.$me"
request "interrupt.$me"
noticed
nothing_ran
[ -f spool/processing/runs ] || fail 'a job was cancelled by somebody else'
if logged event=stopping; then
	fail 'a supervisor was stopped by somebody else'
fi
exits 1 q doctor
for request in cancel.runs "stop.$me" "interrupt.$me"; do
	grep -q "owner: control/$request: " out || fail "doctor: $(cat out)"
done
q cancel runs
wait_for 10 test -f spool/dead/runs
if command -v flock >/dev/null 2>&1; then
	echo count=5 >spool/workers/vm.1
	chown $alice spool/workers/vm.1
	exec 4<spool/workers/vm.1
	flock -n 4
	is "$(printf '%s\n' "$me" "$me.1" "$me.2")" \
	    "$(q worker status | awk 'NR > 1 { print $1 }')" 'who works'
	exits 0 q worker stop vm.1
	grep -q 'vm.1: is not running' err || fail "stop says: $(cat err)"
	exec 4<&-
fi
exits 0 q worker stop --timeout 20
wait "$SUPERVISOR"
forget "$SUPERVISOR"
is 5 "$quiet" 'the default'

# ---- Another user's spool: most of what is not his he may not even open

TRASH=$(mktemp -d "${TMPDIR:-/tmp}/queuectl-user.XXXXXX")
cp "$QUEUECTL" "$HELPERS/asuser" "$TRASH/"
cat >"$TRASH/run" <<END2
#!/bin/sh
exec "$TRASH/asuser" 65533 "$TRASH/queuectl" "\$@"
END2
mkdir "$TRASH/home"
chown 65533 "$TRASH/home"
chmod 755 "$TRASH" "$TRASH"/*
cd "$TRASH/home" || exit
"$TRASH/asuser" 65533 sh -c 'test -x ../queuectl && : >x && rm x' || {
	echo 'no place for another user'
	exit 77
}
QUEUECTL=$TRASH/run
export QUEUECTL_SPOOL="$TRASH/home/spool"
owner=65533
q init
quick_poll
workers --count 2
for mode in 000 600 644 666; do
	strange pending "job-$mode" $mode
	buried "job-$mode"
done
for dir in failed processing; do
	strange $dir "in-$dir" 600
	"$TRASH/asuser" 65533 "$TRASH/queuectl" enqueue true >/dev/null
	buried "in-$dir"
done
# One may not be opened, and then a job has its name.
"$TRASH/asuser" 65533 "$TRASH/queuectl" enqueue --again --id job-600 true
wait_for 10 test -f spool/completed/job-600
is 1 "$(find spool/dead -name 'job-600~*' | wc -l | tr -d ' ')" 'older records'
q dlq list | grep '^job-644 ' | grep -q "$whose" || fail 'list: no reason'
exits 0 q purge job-000
[ ! -e spool/dead/job-000 ] || fail 'job-000 was not removed'
# Root's file is trusted, but may not be written: it stays.
printf '%s\n' "cwd=$PWD" 'command=echo root >>ran' >spool/tmp/root
mv spool/tmp/root spool/pending/root
wait_for 10 logged 'file=pending/root error='
[ -f spool/pending/root ] || fail "root's job has gone"
chown 65533 spool/pending/root
stop_workers
drain
is root "$(cat ran)" 'what ran'
