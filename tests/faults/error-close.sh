#!/bin/sh
# Without fsync(2) it is close(2) that tells of a quota or a network file
# system which does not take what was written: each close between the write and
# the rename fails in turn, and enqueue must refuse the job.

# shellcheck disable=SC2034 # for faultlib.sh
NEEDS=strace
. "$TESTS/faultlib.sh"

q config set durability none
strace -o trace -e trace=write,close,renameat2,renameat "$QUEUECTL" \
    enqueue --id first true >out
awk '/^close/ { n++; if (wrote) print n }
    /^write\(.*command/ { wrote = 1 }
    /^rename/ { exit }' trace >closes
[ -s closes ] || fail 'nothing is closed before the job is moved in'
while read -r n; do
	for error in EIO ENOSPC EDQUOT; do
		strace -o trace -e trace=close \
		    -e "inject=close:error=$error:when=$n" \
		    "$QUEUECTL" enqueue --id x true >out 2>err &&
			fail "enqueued, though close number $n says $error"
		grep -q 'not enqueued' err || fail "it says: $(cat err)"
		[ ! -s out ] || fail "it prints $(cat out)"
		is 1 "$(count pending)" 'waiting jobs'
		is 0 "$(count tmp)" 'files in tmp/'
	done
done <closes
