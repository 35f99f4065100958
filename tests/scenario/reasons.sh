#!/bin/sh
# What is said names the directory that is meant, and the first cause.

. "$TESTS/lib.sh"

# says PATTERN: on standard error, in one line.
says() {
	is 1 "$(wc -l <err | tr -d ' ')" "lines of $(cat err)"
	grep -q -e "$1" err || fail "expected '$1', got $(cat err)"
}

chmod g+w spool/pending
exits 1 q list
says 'spool/pending: group or others may write it'
chmod g-w spool/pending

mkdir empty other
: >other/file
exits 0 q -s empty list
exits 1 q -s other list
says 'other/pending: No such file or directory$'
exits 1 q -s other enqueue true
says 'not a spool, and not empty'

# With a slash behind it, or not: nobody else may look into it.
q -s made/spool/ init
is 1 "$(find made/spool -prune -perm 700 | wc -l | tr -d ' ')" 'spools of mode 700'

# --command takes the place of a file's arguments.
printf 'arg=echo\narg=a\n b\npriority=3\n' >job
q enqueue --id other --file job --command 'echo over'
is 0 "$(grep -c -e '^arg=' -e '^ b' spool/pending/other)" 'arguments left'
grep -q '^command=echo over$' spool/pending/other || fail 'no command'
grep -q '^priority=3$' spool/pending/other || fail 'no priority'

exits 1 q retry other
says 'other: it is pending: queuectl show tells what it waits for$'

# Root's workers are not to be called absent by who cannot look.
[ "$(id -u)" -eq 0 ] || exit 0
TRASH=$(mktemp -d "${TMPDIR:-/tmp}/queuectl-user.XXXXXX")
cp "$QUEUECTL" "$HELPERS/asuser" "$TRASH/"
chmod 755 "$TRASH" "$TRASH"/*
export QUEUECTL_SPOOL="$TRASH/spool"
workers
chmod 755 "$TRASH/spool" "$TRASH/spool/workers"
for dir in "$TRASH"/spool/*/; do
	chmod 755 "$dir"
done
exits 1 "$TRASH/asuser" 65534 "$TRASH/queuectl" worker stop
says 'workers: Permission denied$'
exits 1 "$TRASH/asuser" 65534 "$TRASH/queuectl" -s "$TRASH/a/b" init
says '/a/b: Permission denied$'
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
