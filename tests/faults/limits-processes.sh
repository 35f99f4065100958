#!/bin/sh
# ulimit -u: when no process can be started, jobs go back uncharged, nobody
# spins, workers are missing until they can be replaced, and then all that
# waits is run.

# shellcheck disable=SC2034 # for faultlib.sh
NEEDS=prlimit
. "$TESTS/faultlib.sh"

# root is under no limit: a user who has no other process, in a place that it
# can reach.
user=$((60000 + $$ % 5000))
processes() {
	# shellcheck disable=SC2012 # of /proc
	ls -ldn /proc/[0-9]* 2>/dev/null | awk -v user="$user" '
	    $3 == user { n++ } END { print n + 0 }'
}
if [ "$(id -u)" -ne 0 ] || [ "$(processes)" -gt 0 ]; then
	echo 'needs root, and a user without processes'
	exit 77
fi
TRASH=$(mktemp -d "${TMPDIR:-/tmp}/queuectl-user.XXXXXX")
mkdir "$TRASH/home" "$TRASH/home/traces"
cp "$QUEUECTL" "$HELPERS/asuser" "$HELPERS/runonce" "$TRASH/"
cat >"$TRASH/run" <<EOT
#!/bin/sh
exec "$TRASH/asuser" $user "$TRASH/queuectl" "\$@"
EOT
chmod 755 "$TRASH" "$TRASH"/*
chown -R "$user" "$TRASH/home"
cd "$TRASH/home" || exit
export QUEUECTL_SPOOL="$TRASH/home/spool"
HOME=$TRASH/home

# user COMMAND...
user() {
	"$TRASH/asuser" "$user" "$@"
}
if ! user sh -c 'test -x ../queuectl && : >x && rm x'; then
	echo 'no place for another user'
	exit 77
fi
QUEUECTL=$TRASH/run
q init

# hog NUMBER: so many processes of the user more.
hogs=
hog() {
	most=$(($(processes) + $1))
	for _ in $(seq "$1"); do
		"$TRASH/asuser" "$user" sleep 1000 &
		hogs="$hogs $!"
	done
	wait_for 10 crowded
}
crowded() {
	[ "$(processes)" -eq "$most" ]
}
release() {
	# shellcheck disable=SC2086 # a list
	kill -KILL $hogs
	for pid in $hogs; do
		wait "$pid" 2>/dev/null || :
	done
	hogs=
}
at_exit() {
	[ -z "$hogs" ] || release
}

put() {
	printf '%s\n' 'max_retries=1' max_backoff=0 "arg=$TRASH/runonce" \
	    "arg=$TRASH/home/traces" "arg=$1" |
		user tee "spool/tmp/$1" >/dev/null
	mv "spool/tmp/$1" "spool/pending/$1"
}

# The supervisor and its two workers are three: there is room for one job.
prlimit --nproc=13: "$TRASH/asuser" "$user" "$TRASH/queuectl" worker start \
    --count 2 >>log 2>&1 &
SUPERVISOR=$!
PIDS="$PIDS $SUPERVISOR"
wait_for 10 registered
staffed() {
	[ "$(children "$SUPERVISOR" | wc -l)" -eq 2 ]
}
wait_for 10 staffed
put before
wait_for 10 test -f spool/completed/before

# ---- No job can be started

hog 10
for i in 1 2 3; do put "job$i"; done
wait_for 10 logged 'event=not-started error="Resource temporarily unavailable"'
idle "$SUPERVISOR"
is 3 "$(count pending)" 'waiting jobs'
is returned "$(field "$(grep -l '^processing=' spool/pending/job* | head -n 1)" \
    pending reason)" 'reason'
sound

# ---- No worker can be replaced

worker=$(children "$SUPERVISOR" | sed -n '1s/.* //p')
kill -STOP "$SUPERVISOR"
kill -KILL "$worker"
hog 1
kill -CONT "$SUPERVISOR"
wait_for 10 logged 'event=no-worker error="Resource temporarily unavailable"'

# ---- All can

release
wait_for 10 staffed
all_completed() {
	[ "$(count completed)" -eq 4 ]
}
wait_for 20 all_completed
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
for i in 1 2 3; do
	is 1 "$(grep -c '^completed=' "spool/completed/job$i")" \
	    "ends of job$i"
	! grep -q '^failed=' "spool/completed/job$i" ||
		fail "job$i was charged: $(states "spool/completed/job$i")"
done
true_history "$TRASH/home/traces"
put_right # the entry of the worker that was killed
