#!/bin/sh
# A supervisor is killed with its worker and the job: another supervisor of
# this spool, which had nothing to do with it, sees that within seconds.

. "$TESTS/lib.sh"

quick_poll
# The first one is at work, and has seen an empty processing/.
workers --count 1
drop long 'command=while [ ! -e enough ]; do sleep 0.05; done' "cwd=$PWD"
wait_for 10 test -f spool/processing/long
first=$SUPERVISOR
workers --count 1
# shellcheck disable=SC2016 # for the shell of the job
drop killer "cwd=$PWD" \
    'command=[ ! -e killed ] || exit 0; : >killed; s=${QUEUECTL_WORKER%.*}; kill -9 "${s##*.}" $PPID $$'
wait_for 10 test -f killed
wait "$SUPERVISOR" 2>/dev/null || :
forget "$SUPERVISOR"
wait_for 4 test -f spool/pending/killer
is lost "$(field spool/pending/killer pending reason)" 'why it is back'
: >enough
wait_for 10 nothing_live
is 'processing pending processing completed' \
    "$(states spool/completed/killer)" 'its history'
SUPERVISOR=$first
stop_workers
is 0 "$STATUS" 'exit status of the first one'
