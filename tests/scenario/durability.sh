#!/bin/sh
# durability=full syncs what spool.md says, in that order; none nothing.

if ! strace -f -o trace true 2>/dev/null; then
	echo 'strace cannot be used here'
	exit 77
fi
# Nothing else may trace a process that strace traces.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

. "$TESTS/lib.sh"

# traced COMMAND...: its calls that matter are in ./trace; -y names the files
# that descriptors are of, -s 0 leaves out what is written.
traced() {
	strace -f -y -s 0 -o trace -e trace=fsync,fdatasync,rename,renameat,renameat2,write \
	    "$QUEUECTL" "$@" >out 2>>log
}

# calls: what happened to jobs, one word a call.
calls() {
	sed -n '
	s|.* f[a-z]*sync([0-9]*<.*/spool/\(tmp\)/.*> *[)<].*|sync-new|p
	s|.* f[a-z]*sync([0-9]*<.*/spool/\([a-z]*\)> *[)<].*|sync-\1/|p
	s|.* f[a-z]*sync([0-9]*<.*/spool/[a-z]*/.*> *[)<].*|sync-job|p
	s|.* rename[a-z0-9]*(.*/spool/\([a-z]*\)>, .*/spool/\([a-z]*\)>, .*|\1-to-\2|p
	s|.* write([0-9]*<.*/spool/\(tmp\)/.*|write-new|p
	s|.* write([0-9]*<.*/spool/processing/.*|append|p
	s|.* write(1<.*|print|p
	' trace | tr '\n' ' '
}

syncs() {
	grep -c '^.* f[a-z]*sync(' trace
}

q config set durability none
traced enqueue --id a true
is 0 "$(syncs)" 'syncs of enqueue with durability=none'
traced worker start --drain
is 0 "$(syncs)" 'syncs of a run with durability=none'
test -f spool/completed/a || fail 'a did not run'

q config unset durability
traced enqueue --id b 'exit 1'  --max-retries 0
is 'write-new sync-new tmp-to-pending sync-pending/ print ' \
    "$(calls)" 'what enqueue does'

traced worker start --drain || :
is 'pending-to-processing append sync-job append sync-job processing-to-dead sync-dead/ sync-processing/ ' \
    "$(calls | sed 's/\(write\|sync\)-new //g; s/tmp-to-workers //g; s/output-to-tmp //g')" \
    'what a run does'

# What the dashboard does is as durable as what the commands do.
. "$TESTS/weblib.sh"
if ! strace -D -o /dev/null true 2>/dev/null; then
	exit 0
fi
printf '#!/bin/sh\nexec strace -D -y -s 0 -o "%s" -e "trace=%s" "%s" "$@"\n' \
    "$PWD/trace.web" fsync,fdatasync,rename,renameat,renameat2,write \
    "$QUEUECTL" >traced
chmod +x traced

# acts ACTION COMMAND...: what the dashboard calls for it and for a command.
acts() {
	action=$1
	shift
	before=$(wc -l <trace.web)
	post 200 "/api/jobs/by-hand/$action" "Authorization: Bearer $TOKEN"
	sed "1,${before}d; s/^/1 /" trace.web >trace
	by_hand=$(calls)
	[ "$(syncs)" -gt 0 ] || [ "$level" = none ] || fail "$action syncs nothing"
	traced "$@" by-command || fail "$action: $(cat log)"
	is "$(calls | sed 's/print //')" "$by_hand" "$action by the dashboard"
}
real=$QUEUECTL
for level in full none; do
	q config set durability "$level"
	for id in by-hand by-command; do
		q enqueue --id "$id" true >/dev/null
		q cancel "$id" 2>/dev/null
	done
	QUEUECTL=$PWD/traced
	dashboard --listen 127.0.0.1:0 --allow-actions
	QUEUECTL=$real
	acts retry retry
	acts cancel cancel
	acts purge purge
	leave
done
