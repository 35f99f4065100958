#!/bin/sh
# Wrong usage of every command and option that `help` tells of: exit status 2,
# one line or two that begin with the program's name, nothing on standard
# output, the spool as it was; and no spool is made where there is none.
# What the right values are is in badinput.sh.

. "$TESTS/lib.sh"

# Commands and options that the table below tells of, but not yet `help`.
LATER=''

# A value that each option must refuse, and a part of what is said about it.
# "JOB" stands for whatever else the command needs.
cat >table <<'END'
enqueue --id '' must be 1 to 128
enqueue --command '' must not be empty
enqueue --priority 11 0 to 10
enqueue --max-retries -1 must be
enqueue --run-at soon must be a time
enqueue --delay soon must be a duration
enqueue --timeout 1x must be a duration
enqueue --backoff-base 0 must be
enqueue --cwd '' must be an absolute path
enqueue --env =x NAME=VALUE
enqueue --file nosuch No such file
enqueue --batch nosuch No such file
list --state over must be pending
list --limit ten must be a whole number
output --attempt none must be
wait --timeout soon must be a duration
purge --state over must be
purge --older-than soon must be a duration
worker_start --count 0 must be a whole number
worker_start --log '' empty
worker_start --grace 5x must be a duration
worker_start --backoff-base 0 must be a decimal
worker_stop --timeout soon must be a duration
dlq_list --limit -1 must be a whole number
dlq_purge --older-than soon must be a duration
metrics --textfile '' must not be empty
dashboard --listen nowhere must be ADDR:PORT
dashboard --host example.org must be localhost or an address
dashboard --port 65536 must be a whole number from 0 to 65535
END

: >spool/pending/a
for i in 1 2 3; do q enqueue --id "job$i" --delay 1w true >/dev/null; done
mkdir elsewhere
touch mark
tried=0
complaints=0

complain() {
	echo "queuectl $what: $*; it says: $(cat err)"
	complaints=$((complaints + 1))
}

# refused PATTERN ARG...: with a spool, and where there is none.
refused() {
	pattern=$1
	shift
	what="$*"
	tried=$((tried + 1))
	for spool in "$PWD/spool" "$PWD/elsewhere/none"; do
		status=0
		QUEUECTL_SPOOL=$spool "$QUEUECTL" "$@" >out 2>err </dev/null ||
			status=$?
		[ "$status" -eq 2 ] || complain "exits with $status"
		[ ! -s out ] || complain "prints $(cat out)"
		grep -q -e "^queuectl: .*$pattern" err ||
			complain "must say '$pattern'"
		[ "$(wc -l <err)" -le 2 ] || complain 'too much'
		! grep -v '^queuectl: ' err || complain 'who says that?'
	done
	[ -z "$(find spool elsewhere -newer mark)" ] ||
		fail "queuectl $what: the spool was changed, or made"
}

# is_later NAME
is_later() {
	case " $LATER " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

# try_values COMMAND: what the table has for it.  Prints nothing; a row of a
# command or option that there is not must be in LATER, and no other.
try_values() {
	while read -r command option value pattern; do
		row=$command$option
		command=$(echo "$command" | tr _ ' ')
		[ "$value" != "''" ] || value=
		if ! grep -q -x -e "$command $option" valued; then
			is_later "$row" || fail "there is no $row"
			continue
		fi
		! is_later "$row" || fail "take $row out of LATER: it is there"
		job=
		case $command,$option in
		enqueue,--file | enqueue,--batch | enqueue,--command) ;;
		enqueue,*) job=true ;;
		output,*) job=job1 ;;
		esac
		# shellcheck disable=SC2086 # several words, or none
		refused "$pattern" $command $job "$option" "$value"
		# shellcheck disable=SC2086
		refused "$pattern" $command $job "$option=$value"
	done <table
}

q help | sed -n 's/^  \([a-z][a-z ]*[a-z]\)  .*/\1/p' >commands
[ "$(wc -l <commands)" -ge 18 ] || fail "these are all: $(cat commands)"

# The options that take a value: "COMMAND --OPTION", one a line.
while read -r command; do
	# shellcheck disable=SC2086 # it may be two words
	q help $command >told
	sed -n "s/^  .*\\(--[a-z-]*\\) [A-Z].*/$command \\1/p" told >>valued
	usage=$(sed -n "1s/^usage: queuectl $command//p" told)
	usage=${usage# \[OPTION...\]}

	# shellcheck disable=SC2086
	refused "no such option" $command --nonsense
	# shellcheck disable=SC2086
	refused "no such option" $command -Z
	# shellcheck disable=SC2086
	refused "takes no value" $command --help=yes
	case $usage in
	'') # shellcheck disable=SC2086
		refused "surplus: .*takes no arguments" $command surplus ;;
	' ['*) ;;
	*) # shellcheck disable=SC2086
		refused "an argument is missing" $command ;;
	esac
	# A letter too much, in the last word of its name.
	# shellcheck disable=SC2086
	refused "no such command: did you mean '$command'" ${command}x
done <commands
[ "$(wc -l <valued)" -ge 19 ] || fail "these take a value: $(cat valued)"

while read -r row; do
	# shellcheck disable=SC2086 # COMMAND and --OPTION
	refused "needs a value" $row
	grep -q "^$(echo "${row%% --*}" | tr ' ' _) --${row#*--} " table ||
		fail "the table has no wrong value for '$row'"
done <valued
try_values

# ---- Of all commands

refused "--spool: .*empty" list --spool ''
refused "-s: needs a value" list -s
refused "frobnicate: no such command" frobnicate
refused "no such command" ''
refused "did you mean '--state'" list --stat dead
refused "did you mean '--priority'" enqueue --prioritiy 3 true
refused "nosuch: no such command" help nosuch
for row in 'stop:worker stop' 'start:worker start' 'info:show' 'jobs:list' \
    'rm:purge' 'delete:purge' 'kill:cancel' 'dlq clear:dlq purge' \
    'config reset:config unset'; do
	# shellcheck disable=SC2086 # one word or two
	refused "${row%%:*}: no such command: did you mean '${row#*:}'" \
	    ${row%%:*}
done

# The first word of several commands has the help of all of them.
for family in dlq worker config; do
	for option in --help -h; do
		q $family $option >out 2>err || fail "$family $option: $?"
		is "$(q help $family)" "$(cat out)" "$family $option"
	done
	# shellcheck disable=SC2013 # one word each
	for name in $(sed -n "s/^$family //p" commands); do
		grep -q "^usage: queuectl $family $name" out ||
			fail "$family --help does not tell of $name"
	done
done

# Those that take one argument, or two.
refused "job2: one argument too many" show job1 job2
refused "job2: one argument too many" output job1 job2
refused "job2: one argument too many" status job1 job2
refused "3: one argument too many" config get 1 3
refused "3: one argument too many" config set 1 2 3
refused "config set: an argument is missing" config set max_retries

# What names jobs, of those that read and those that change.
long=$(printf '%0200d' 0)
for command in show status output retry 'dlq retry'; do
	for id in '' 'a b' ../job1 .job1 a/b "$(printf 'a\nb')" "$long"; do
		# shellcheck disable=SC2086
		refused "not the ID of a job" $command "$id"
	done
done
refused "not the ID of a job" retry job1 'a b'
printf 'command=true\n' >job
for id in '' 'a b' ../job1 .job1 a/b "$(printf 'a\nb')" "$long" 'a~20260101T000000.000'; do
	refused "--id: must be 1 to 128 " enqueue --id "$id" true
	refused "--id: must be 1 to 128 " enqueue --id "$id" @job
done

echo "$tried wrong command lines, $complaints complaints"
[ "$complaints" -eq 0 ]
