#!/bin/sh
# slow
# A disk without a free block, while jobs wait, run, and end: enqueue refuses
# and says why, what cannot be recorded waits for space and is not run again,
# nothing spins, and nothing is lost.
#
# A line fits as long as the last block of a file has room for it.  So the job
# files have the sizes at which it has none: some where a block of 1024 bytes
# ends, some where a page of 4096 bytes does, so that a write is cut short.

# shellcheck disable=SC2034 # faultlib.sh looks at it
NEEDS='unshare mount mkfs.ext4 strace pgrep timeout'

. "$TESTS/mountlib.sh"
. "$TESTS/fulllib.sh"

# fill: takes all blocks.  What was promised to a file and is not needed by it
# is free again once the file is on disk: so all is synced, and filled again,
# until not a single block is found free thrice.
fill() {
	head -c 4000000 /dev/zero >spool/.filler0 2>/dev/null || :
	found=0
	n=0
	while [ "$found" -lt 3 ]; do
		n=$((n + 1))
		found=$((found + 1))
		while cat block 2>/dev/null >>"spool/.filler$n"; do
			found=0
		done
		sync -f spool
	done
}

head -c 1024 /dev/zero >block
new_spool 512
q config set min_free_bytes 0
workers --count 4
# What the worker appends when a job begins: with this HOST.PID.SLOT.
entry=$(find spool/workers -name "*.$SUPERVISOR")
begin=$(printf 'processing=2026-11-22T02:48:00.130112Z attempt=1 worker=%s.1\n' \
    "${entry##*/}" | wc -c)

# ---- Four run: of two there is no room to record the end

waiting runs.block $((2048 - 30 - begin))
waiting runs.page $((4096 - 30 - begin))
waiting runs.fits1
waiting runs.fits2
for name in block page fits1 fits2; do
	wait_for 10 begun "runs.$name"
done
job waits.block $((2048 - 30))
job waits.page $((4096 - 30))
job waits.fits
fill

refuses q enqueue --id no true
refuses q enqueue true
echo true >lines
refuses q enqueue --batch lines
refuses q worker start

: >"$GO"
wait_for 10 logged 'job=runs.block event=unrecorded error="No space'
wait_for 10 logged 'job=runs.page event=unrecorded error="No space'
wait_for 10 test -f spool/completed/runs.fits1
wait_for 10 test -f spool/completed/runs.fits2
calm 4
all_whole
grep -q 'ftruncate' calls || fail 'no write was cut short'

# Nobody else was started meanwhile, and nothing was run again.
ran_once runs.block runs.page runs.fits1 runs.fits2
is 2 "$(count processing)" 'jobs that wait to be recorded'
is 3 "$(count pending)" 'jobs that wait'
sound
refuses q cancel waits.block
all_whole

free_space
wait_for 20 nothing_live
ran_once runs.block runs.page runs.fits1 runs.fits2 \
    waits.block waits.page waits.fits
true_history traces
sound

# ---- None runs: two cannot begin, and are not in the way of the third

written begins.block $((2048 - 30))
written begins.page $((4096 - 30))
written begins.fits
fill
for name in block page fits; do
	dropped "begins.$name"
done
wait_for 10 logged 'job=begins.block event=not-claimed error="No space'
wait_for 10 logged 'job=begins.page event=not-claimed error="No space'
wait_for 20 test -f spool/completed/begins.fits
calm 4
is 2 "$(count pending)" 'jobs that cannot begin'
all_whole
sound

# What has ended can be removed, which makes room.
exits 0 q purge begins.fits
exits 0 q purge --state completed
is 0 "$(count completed)" 'records after a purge'
is '' "$(left_in_tmp)" 'what a purge leaves in tmp/'
free_space
wait_for 20 nothing_live
is 2 "$(count completed)" 'jobs that have ended'
is 10 "$(sort -u traces/ran | wc -l | tr -d ' ')" 'jobs that have run'
is 10 "$(wc -l <traces/ran | tr -d ' ')" runs
sound
stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
