#!/bin/sh
# The scripts that `completion` makes, in the shells that they are for: what
# is offered is what the program's own help says there is.

. "$TESTS/lib.sh"

PATH=${QUEUECTL%/*}:$PATH
export PATH

# An odd spool, with a job in every state.
odd="sp oo'l; touch harm"
q -s "$odd" init
for job in P:pending R:processing C:completed F:failed D:dead; do
	printf 'command=true\n' >"$odd/${job#*:}/${job%:*}"
done
printf 'command=true\n' >spool/dead/other
mkdir files files/sub files/'two words'
: >files/subject

# What every shell must offer: the line up to the cursor, a tab, and the
# words, or what is special about them.
table() {
	printf '%s\t%s\n' \
	    'queuectl li' list \
	    'queuectl worker ' 'start status stop' \
	    'queuectl worker sta' 'start status' \
	    'queuectl --spool other config u' unset \
	    'queuectl -s other co' 'completion config' \
	    'queuectl -sother co' 'completion config' \
	    'queuectl list --state ' 'completed dead failed pending processing' \
	    'queuectl list --state=de' dead \
	    'queuectl list --limit 5 --state p' 'pending processing' \
	    'queuectl worker start -n ' auto \
	    'queuectl worker start --count=' auto \
	    'queuectl config get sch' scheduling_mode \
	    'queuectl config unset max_r' max_retries \
	    'queuectl config set dura' durability \
	    'queuectl config set durability ' '' \
	    'queuectl help w' 'wait worker' \
	    'queuectl completion ' 'bash fish zsh' \
	    'queuectl enqueue --id ' '' \
	    'queuectl enqueue -- ls --st' '' \
	    'queuectl enqueue --file files/' 'sub subject two words' \
	    'queuectl enqueue --batch=files/subj' 'subject' \
	    'queuectl worker start --log files/su' 'sub subject' \
	    'queuectl enqueue --cwd files/su' sub \
	    'queuectl -s files/' 'sub two words' \
	    'queuectl show ' other \
	    'queuectl show o --s' --spool \
	    'queuectl show other ' '' \
	    'queuectl dlq list ' '' \
	    'queuectl logs' '' \
	    'queuectl requeue ' '' \
	    'queuectl -s nowhere show ' '' \
	    'queuectl --spool=nowhere retry ' ''
	spool=$(printf '%s' "$odd" | sed "s/'/'\\\\''/g; s/.*/'&'/")
	escaped=$(printf '%s' "$odd" | sed "s/[ ';]/\\\\&/g")
	printf '%s\t%s\n' \
	    "queuectl -s $spool show " 'C D F P R' \
	    "queuectl show --spool=$spool " 'C D F P R' \
	    "queuectl -s $spool cancel " 'F P R' \
	    "queuectl -s $spool purge " 'C D' \
	    "queuectl status -s $spool P" P \
	    "queuectl -s $spool retry " 'D F' \
	    "queuectl -s $spool retry D --again " 'D F' \
	    "queuectl -s $spool dlq retry " D \
	    "queuectl -s $escaped dlq retry " D
	printf 'queuectl \t%s\n' "$(q help | sed -n 's/^  \([a-z]*\) .*/\1/p' |
		sort -u | paste -sd ' ' -)"
	options
}

# Reads help, prints the long options in it.
listed() {
	sed -n 's/^ \{2,6\}\(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p'
}

# Of each command, and of all, those that the help lists.
options() {
	q help | listed | sort >globals
	printf 'queuectl --\t%s\n' "$(paste -sd ' ' globals)"
	q help | sed -n 's/^  \([a-z]*\( [a-z][a-z]*\)\{0,1\}\)  .*/\1/p' |
	while read -r command; do
		# shellcheck disable=SC2086 # words
		printf 'queuectl %s --\t%s\n' "$command" "$(q help $command |
			listed | sort -u - globals | paste -sd ' ' -)"
	done
}

# with_SHELL: reads lines, prints each with what is offered behind a tab, in
# order, without an equals sign and what is before it, and without slashes.

with_bash() {
	q completion bash >completion.bash
	cat >try.bash <<'EOF'
. ./completion.bash
# As readline does it: quotes keep together, '=' is a word of its own.
split() {
	local rest=$1 quote= c
	COMP_WORDS=('')
	while [[ -n $rest ]]; do
		c=${rest:0:1} rest=${rest:1}
		case $quote$c in
		' ') COMP_WORDS+=('') ;;
		=) COMP_WORDS+=(=); [[ $rest == ' '* ]] || COMP_WORDS+=('') ;;
		*)
			COMP_WORDS[-1]+=$c
			case $quote$c in
			\\) COMP_WORDS[-1]+=${rest:0:1} rest=${rest:1} ;;
			\' | \") quote=$c ;;
			\'\' | \"\") quote= ;;
			esac ;;
		esac
	done
	[[ -n ${COMP_WORDS[-1]} || ${COMP_WORDS[-2]} != = ]] ||
		unset 'COMP_WORDS[-1]'
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
}
while IFS= read -r line; do
	split "$line"
	_queuectl queuectl || echo "exits with $?"
	printf '%s\t%s\n' "$line" "$(printf '%s\n' "${COMPREPLY[@]##*/}" |
		sort | paste -sd ' ' -)"
done
EOF
	bash --norc try.bash
}

with_zsh() {
	mkdir -p zdot
	q completion zsh >zdot/_queuectl
	cat >zdot/.zshrc <<'EOF'
autoload -Uz compinit
fpath=($ZDOTDIR $fpath)
compinit -u -D
typeset -a offered
# Notes what would be added; with -O, -A or -D nothing is.
compadd() {
	local -a hits
	local arg asks
	for arg; do
		[[ $arg != (-|--) ]] || break
		[[ $arg != -*[OAD] ]] || asks=yes
	done
	[[ -n $asks ]] || builtin compadd -A hits "$@"
	offered+=($hits)
	builtin compadd "$@"
}
zle-line-init() {
	local line
	while IFS= read -r line; do
		BUFFER=$line CURSOR=${#line} offered=()
		zle list-choices
		# Where nothing else fits zsh offers the options.
		[[ $line == *\ -* ]] || offered=(${offered:#-*})
		offered=(${(ou)${(Q)offered}})
		print -r -- "$line"$'\t'"$offered" >>answers
	done <lines
	exit
}
zle -N zle-line-init
EOF
	cat >lines
	rm -f answers keys
	mkfifo keys
	TERM=dumb ZDOTDIR=$PWD/zdot "$HELPERS/pty" zsh -d -i \
	    <>keys >terminal 2>&1 || { cat terminal >&2; return 1; }
	cat answers
}

with_fish() {
	q completion fish >completion.fish
	cat >try.fish <<'EOF'
source ./completion.fish
while read -l line
	set -l offered (complete -C "$line" | string replace -r '\t.*' '' |
		string replace -r '^--[a-z]*=' '' | string trim -r -c / |
		string replace -r '.*/' '' | sort -u)
	printf '%s\t%s\n' $line "$offered"
end
EOF
	HOME=$PWD XDG_CONFIG_HOME=$PWD fish --no-config try.fish
}

# ask TABLE: every shell that is here must say what stands in it.
ask() {
	cut -f 1 "$1" >typed
	tested=
	for shell in bash zsh fish; do
		command -v "$shell" >/dev/null || {
			echo "no $shell"
			continue
		}
		"with_$shell" <typed >"$shell.out" 2>"$shell.err" ||
			fail "$shell: $(cat "$shell.err")"
		[ ! -s "$shell.err" ] ||
			fail "$shell says: $(cat "$shell.err")"
		diff "$1" "$shell.out" >"$shell.diff" ||
			fail "$shell (<: wanted): $(cat "$shell.diff")"
		tested="$tested $shell"
	done
	[ ! -e harm ] || fail "$tested: a word was run"
}

table >known
ask known
[ -n "$tested" ] || {
	echo "no bash, zsh or fish"
	exit 77
}

# IDs that are none: what the shells insert is one word all the same, but
# bash inserts as it is what it is told.
mkdir fake
cat >fake/queuectl <<'EOF'
#!/bin/sh
[ "$*" = 'list -q' ] || exec "$QUEUECTL" "$@"
printf '%s\n' 'sound' 'un $(touch harm)' 'un`touch harm`' 'un;touch harm'
EOF
chmod +x fake/queuectl
PATH=$PWD/fake:$PATH
# shellcheck disable=SC2016 # not to be expanded
printf '%s\t%s\n' 'queuectl show so' sound \
    'queuectl show zz;`touch harm`' '' \
    'queuectl show zz$(touch harm)' '' >odd
! command -v bash >/dev/null ||
	printf 'queuectl show \n' | with_bash >bash.out
[ ! -f bash.out ] || is "queuectl show $(printf '\t')sound" \
    "$(cat bash.out)" 'IDs that are none, in bash'
ask odd

# No other shell, and no script without one.
exits 2 q completion
exits 2 q completion tcsh
grep -q 'bash, zsh or fish' err || fail "does not say which: $(cat err)"
