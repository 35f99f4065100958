#!/bin/sh
# Colour: at a terminal alone, unless it is not wanted, and not in the way of
# the width.

. "$TESTS/lib.sh"
LC_ALL=C TERM=xterm COLUMNS=200
export LC_ALL TERM COLUMNS
unset NO_COLOR
q config set durability none
esc=$(printf '\033')

# at_terminal ARG...: ./out is what a terminal gets, with ^ for ESC.
at_terminal() {
	rm -f keys
	mkfifo keys
	"$HELPERS/pty" "$QUEUECTL" "$@" <keys >screen 2>&1 &
	pty=$!
	exec 3>keys
	wait "$pty" || fail "$*: $(cat screen)"
	exec 3>&-
	sed -e "s/$(printf '\r')\$//" -e "s/$esc/^/g" -e '/^hung up$/d' \
	    screen >out
}

row() {
	is 1 "$(grep -c -e "$1" out)" "lines with '$1' in $(cat out)"
}

plain() {
	! grep -q -F '^[' out || fail "$1 is coloured: $(cat out)"
}

drop dead max_retries=0 "$(printf 'command=exit 1 # \033[5mX')"
drop failed max_backoff=999 backoff_base=999 'command=exit 1'
drop completed 'command=true'
settled() {
	[ "$(count completed)$(count failed)$(count dead)" = 111 ]
}
workers
wait_for 10 settled
drop processing "cwd=$PWD" 'command=until test -e go; do sleep 0.02; done'
wait_for 10 test -f spool/processing/processing
drop pending run_at=2999-01-01T00:00:00Z 'command=true'

at_terminal list
row '^^\[1mID         STATE      PRI TRIES AGE/DUE COMMAND^\[0m$'
row '^pending    pending    0  '
row '^processing ^\[36mprocessing^\[0m 0  '
row '^completed  ^\[32mcompleted^\[0m  0  '
row '^failed     ^\[33mfailed^\[0m     0  '
row '^dead       ^\[31mdead^\[0m       0   1/1   .*exit 1 # \\x1b\[5mX$'
at_terminal dlq list --no-header
plain 'dlq list'
at_terminal status
row '^pending: 1 '
row '^^\[36mprocessing^\[0m: 1 '
row '^^\[31mdead^\[0m: 1$'
at_terminal show dead
row '^state: ^\[31mdead^\[0m$'
row '^attempt 1: ^\[31mdead^\[0m, exit code 1,'
at_terminal show processing
row '^attempt 1: running,'
at_terminal list --state completed --json
plain 'list --json'
at_terminal worker status
row '^^\[1mWORKER .*COMMAND^\[0m$'

# Nothing counts that takes no room, and what is cut has its end.
for width in 1 5 12 15 16 17 21 22 23 40; do
	COLUMNS=$width
	at_terminal list --state dead
	plain_width=$(sed 's/\^\[[0-9]*m//g' out | awk 'length > m { m = length }
	    END { print m }')
	is "$width" "$plain_width" 'columns of a row'
	is "$(grep -o '\^\[[13][0-9]*m' out | wc -l)" \
	    "$(grep -o '\^\[0m' out | wc -l)" "ends of colours at $width"
done
COLUMNS=200

q status >must
for setting in NO_COLOR=1 TERM=dumb TERM=; do
	(
		export "${setting?}"
		for command in list status 'show dead' 'worker status'; do
			# shellcheck disable=SC2086
			at_terminal $command
			plain "$setting: $command"
		done
	) || exit
done
NO_COLOR=
export NO_COLOR
at_terminal status
row '^^\[31mdead^\[0m: 1$'
for command in list status 'show dead' 'worker status'; do
	# shellcheck disable=SC2086
	q $command | sed "s/$esc/^/g" >out
	plain "$command, not at a terminal,"
done
: >go
stop_workers
