#!/bin/sh
# A job that is told to end has kill_grace_seconds for it, also where its
# first process, the shell, ends at once.

. "$TESTS/lib.sh"
# Elsewhere nobody can tell whether something of a session is left.
[ "$TEST_OS" = linux ] || exit 77

q config set kill_grace_seconds 5
cat >patient <<'END'
trap 'sleep 0.3; echo clean >cleaned; exit 0' TERM
: >began
while :; do sleep 0.05; done
END
q enqueue --id graceful --timeout 1 --max-retries 0 'sh patient; true' >id
drain
is 1 "$STATUS" 'exit status: it is dead'
is clean "$(cat cleaned)" 'what it did at its end'
grep -q '^dead=.*error="timed out after 1 s"' spool/dead/graceful ||
	fail "$(tail -n 1 spool/dead/graceful)"
