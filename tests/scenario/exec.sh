#!/bin/sh
# What cannot be executed is a failed attempt with 126 or 127 that says so.

. "$TESTS/lib.sh"

printf 'durability=none\npoll_interval_ms=100\nmax_retries=0\n' >spool/config

echo 'no program' >file
mkdir dir
printf '#!/nowhere/interpreter\n' >script
# shellcheck disable=SC2016 # for the shell that runs it
printf 'echo plain "$1"\n' >plain
chmod +x script plain

drop missing arg=/nowhere/program arg=x
drop unfound arg=no-such-program-anywhere
drop file "arg=$PWD/file"
drop dir "arg=$PWD/dir"
drop script "arg=$PWD/script"
drop nodir 'command=true' cwd=/nowhere/dir
drop notdir 'command=true' "cwd=$PWD/file"
drop shell 'command=/nowhere/program'
drop plain "arg=$PWD/plain" arg=word
drop again arg=/nowhere/program max_retries=1 backoff_base=1
workers --count 2

# dies ID CODE ERROR
dies() {
	wait_for 10 test -f "spool/dead/$1"
	is "$2" "$(field "spool/dead/$1" dead exit_code)" "exit code of $1"
	grep -q "^dead=.* error=\"$3\"\$" "spool/dead/$1" ||
		fail "$1: $(grep ^dead= "spool/dead/$1")"
}

dies missing 127 'cannot execute /nowhere/program: No such file.*'
dies unfound 127 'cannot execute no-such-program-anywhere: No such file.*'
dies file 126 "cannot execute $PWD/file: .*denied"
dies dir 126 "cannot execute $PWD/dir: .*denied"
dies script 127 "cannot execute $PWD/script: .*"
dies nodir 127 'cannot enter directory /nowhere/dir: No such file.*'
dies notdir 127 "cannot enter directory $PWD/file: Not a directory"
dies shell 127 'exit code 127'
wait_for 10 test -f spool/completed/plain
is 'plain word' "$(cat spool/output/plain.1.out)" 'a script without #!'
dies again 127 'cannot execute /nowhere/program: .*'
is 'processing failed processing dead' "$(states spool/dead/again)" \
    'history of one that is tried again'
is 0 "$(find spool/output -name 'missing*' | wc -l)" 'its output files'
