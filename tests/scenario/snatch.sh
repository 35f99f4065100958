#!/bin/sh
# mv pending/x elsewhere at any moment: a job that mv took is there, as it
# was, and never ran; every other one ran once and is recorded.

. "$TESTS/lib.sh"
q config set durability none
q config set poll_interval_ms 10

jobs=240
step=20 # microseconds
[ "$TEST_OS" != posix ] || step=1000

mkdir elsewhere
: >ran
printf '%s\n' "cwd=$PWD" 'command=echo "$'QUEUECTL_JOB_ID'" >>ran' >job
workers --count 2
"$HELPERS/snatch" $jobs $step job >snatched
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
drain

is $jobs "$(wc -l <snatched | tr -d ' ')" 'jobs dropped'
sed -n 's/ taken$//p' snatched >taken
sed -n 's/ missed$//p' snatched >missed
for list in taken missed; do
	[ "$(wc -l <$list)" -ge 5 ] || fail "no race: $(cat snatched)"
done

ls elsewhere >there
cmp taken there || fail 'what mv took is not where it put it'
while read -r name; do
	cmp job "elsewhere/$name" || fail "$name was changed"
done <taken

sort ran >sorted
cmp missed sorted || fail 'what was not taken did not run exactly once'
ls spool/completed >there
cmp missed there || fail 'what ran is not recorded'
for name in spool/completed/*; do
	is 'processing completed' "$(states "$name")" "history of $name"
done
is "$jobs" "$(($(count completed) + $(wc -l <taken)))" 'jobs'
is 0 "$(($(count pending) + $(count failed) + $(count dead)))" 'other files'
