#!/bin/sh
# mv and rm by hand are commands: what they do to a job at any moment.

. "$TESTS/lib.sh"
quick_poll
q config set durability none

# history NAME STATE HISTORY ATTEMPTS
history() {
	[ -f "spool/$2/$1" ] || fail "$1 is not in $2/"
	is "$3" "$(states "spool/$2/$1")" "history of $1"
	is "$4" "$(field "spool/$2/$1" "$2" attempt)" "attempts of $1"
}

moved() {
	is moved "$(field "$1" pending reason)" "reason in $1"
}

# ---- Ended jobs go back

drop poor max_retries=1 max_backoff=0 'command=exit 1'
drop dead max_retries=0 "command=test -e $PWD/better"
drop fine "command=echo done >>$PWD/ran"
drain
once='processing failed processing dead'
history poor dead "$once" 2
history dead dead 'processing dead' 1
history fine completed 'processing completed' 1

: >better
mv spool/dead/poor spool/pending/poor
mv spool/dead/dead spool/pending/dead
mv spool/completed/fine spool/pending/fine
q list --no-header --state pending >listed
is 'dead 0/1 fine 0/4 poor 0/2' \
    "$(sort listed | awk '{ printf "%s%s %s", s, $1, $4; s = " " }')" \
    'tries of what was moved'
drain
is 1 "$STATUS" 'exit status of --drain'
history poor dead "$once pending $once" 4
moved spool/dead/poor
history dead completed 'processing dead pending processing completed' 2
moved spool/completed/dead
history fine completed 'processing completed pending processing completed' 2
moved spool/completed/fine
is 2 "$(wc -l <ran | tr -d ' ')" 'runs of fine'

# With a worker there they run at once; so does what waits for its retry.
workers --count 2
mv spool/completed/fine spool/pending/fine
wait_for 10 test -f spool/completed/fine
is 3 "$(wc -l <ran | tr -d ' ')" 'runs of fine'
drop eager backoff_base=1000 "command=test -e $PWD/eager"
wait_for 10 test -f spool/failed/eager
: >eager
mv spool/failed/eager spool/pending/eager
wait_for 10 test -f spool/completed/eager
history eager completed 'processing failed pending processing completed' 2
moved spool/completed/eager

# ---- Away with what waits

drop held run_at=2999-01-01T00:00:00Z 'command=true'
drop forgotten run_at=2999-01-01T00:00:00Z 'command=true'
mkdir elsewhere
mv spool/pending/held elsewhere/held
rm spool/pending/forgotten
drop held "command=echo other >>$PWD/ran" # the name is free
wait_for 10 test -f spool/completed/held
exits 3 q show forgotten

# ---- Away with what runs

# running NAME: a job that ends when ./go is there.
running() {
	rm -f go began
	drop "$1" "cwd=$PWD" 'command=: >began' \
	    ' until [ -e go ]; do sleep 0.02; done' " echo $1 >>ended"
	wait_for 10 test -f began
}

running removed
rm spool/processing/removed
: >go
wait_for 10 logged 'job=removed event=removed-while-running'
is removed "$(cat ended)" 'the job ended by itself'
is '' "$(find spool -name 'removed*')" 'what is left of it'
exits 3 q show removed

running taken
mv spool/processing/taken elsewhere/taken
: >go
wait_for 10 logged 'job=taken event=removed-while-running'
is processing "$(states elsewhere/taken)" 'history of taken'
is '' "$(find spool/[a-z]*ing spool/[cdf]* -name 'taken*')" 'records of taken'

# A new job of its name is not touched by the end of the one removed.
running again
rm spool/processing/again
drop again "command=echo new >>$PWD/ended"
: >go
wait_for 10 test -f spool/completed/again
is 'processing completed' "$(states spool/completed/again)" 'the new one'
is 'again new' "$(tail -n 2 ended | tr '\n' ' ' | sed 's/ $//')" 'their ends'

stop_workers
is 0 "$STATUS" 'exit status of the supervisor'
