#!/bin/sh
# The manual and the program's own tables say the same: commands, options of
# each, keys of the configuration with their defaults and ranges, what doctor
# finds, limits.

. "$TESTS/lib.sh"

man=$TESTS/../man
src=$TESTS/../src

# same WHAT: the lines of ./table and of ./manual, in any order.
same() {
	sort -u table >table.sorted
	sort -u manual >manual.sorted
	diff table.sorted manual.sorted >differ || {
		sed -n "s/^</the manual lacks:/p; s/^>/the manual alone has:/p" \
		    differ >&2
		fail "$1"
	}
}

# ---- Commands and options

# Prints what the manual describes: "command NAME" and "option NAME OPTION"
# (NAME is - for the options of all), "alias NAME REAL" for other names.
described() {
	awk '
	# The words from field i up to the next macro or comma, in `words`.
	function take(i) {
		for (words = ""; i <= NF && $i !~ /^([A-Z][a-z]|,)$/; i++)
			words = words (words == "" ? "" : " ") $i
		return i
	}
	# Notes the options among the fields.
	function options(    i, k, n, flag) {
		for (i = 2; i <= NF; i++) {
			if ($i != "Fl")
				continue
			i = take(i + 1) - 1
			n = split(words, flag, " ")
			for (k = 1; k <= n; k++)
				if (flag[k] !~ /^[-|]$/)
					option(flag[k])
		}
	}
	function option(flag,    name) {
		if (others)
			alias[++aliases] = "-" flag
		else if (!named)
			print "option - -" flag
		else
			for (name in names)
				print "option " name " -" flag
	}
	/^\.Sh / { inside = $2 == "DESCRIPTION" }
	!inside { next }
	/^\.Ss / {
		others = $0 ~ /Other names/
		others_seen += others
		split("", names)
	}
	others && /^\.It/ {
		aliases = 0
		if ($2 == "Fl")
			options()
		else
			for (i = 3; i <= NF; i++) {
				i = take(i)
				if (words != "")
					alias[++aliases] = words
			}
		next
	}
	others && /^\.(Ic|Fl) / && aliases {
		take(2)
		for (i = 1; i <= aliases; i++)
			print "alias " alias[i] "=" ($1 == ".Fl" ? "-" : "") words
		aliases = 0
		next
	}
	/^\.It Ic / {
		if (text)
			split("", names)
		text = 0
		take(3)
		names[words]
		named = 1
		print "command " words
	}
	/^\.It (Ic|Fl) / { options() }
	!/^\.(It|Bl)/ { text = 1 }
	END { exit !others_seen }' "$man/queuectl.1"
}

# options_of NAME: "option NAME OPTION" for each in the help that it reads.
options_of() {
	sed -n 's/^  \(-.\), \(--[a-z-]*\).*/\1 \2/p
	    s/^      \(--[a-z-]*\).*/\1/p' | tr ' ' '\n' |
		sed "s/^/option $1 /"
}

described >all || fail "queuectl.1: cannot be read"
grep '^command ' all >manual
q help | sed -n 's/^  \([a-z]*\( [a-z][a-z]*\)\{0,1\}\)  .*/command \1/p' >table
[ "$(wc -l <table)" -gt 10 ] || fail "no commands in the help"
cp table commands
same 'the commands of queuectl.1'

q help | options_of - >table
while read -r _ name; do
	# shellcheck disable=SC2086 # one word or two
	q help $name | options_of "$name" >>table
done <commands
[ "$(wc -l <table)" -gt 30 ] || fail "no options in the help"
cp table options
grep '^option ' all >manual
same 'the options of queuectl.1'

# The other names do what is said there.
sed -n 's/^alias //p' all >aliases
[ "$(wc -l <aliases)" -gt 10 ] || fail "no other names in queuectl.1"
while IFS='=' read -r other real; do
	case $other in
	-*)
		grep -q -e " $real\$" options || fail "no option $real"
		sed -n "s/^option \(.*\) $real\$/\1/p" options >users
		value=
		found=
		while read -r name; do
			# shellcheck disable=SC2086 # one word or two
			q help $name | grep -q -e "$real [A-Z]" && value=1
			# shellcheck disable=SC2086
			q $name "$other" $value --help >out 2>/dev/null &&
				found=1
		done <users
		[ -n "$found" ] || fail "no command takes $other"
		;;
	*)
		# shellcheck disable=SC2086
		q $other --help >out || fail "no command '$other'"
		grep -q -e "^usage: queuectl $real\( \|\$\)" out ||
			fail "'$other' is not '$real': $(head -n 1 out)"
		;;
	esac
done <aliases

# ---- The configuration

# Prints the items of queuectl-config.5, each in a line, "KEY: text".
items() {
	awk '
	function show(    i) {
		for (i = 1; i <= n; i++)
			print key[i] ":" text
		n = 0
		text = ""
	}
	/^\.(It|El|Sh|Ss)/ { show() }
	/^\.It Cm / {
		for (i = 3; i <= NF; i++)
			if ($i != ",")
				key[++n] = $i
		next
	}
	n {
		gsub(/^\.[A-Z][a-z]/, "")
		text = text " " $0 " "
	}' "$man/queuectl-config.5"
}

items >texts
sed 's/:.*//' texts >manual
q config list >keys
sed 's/ .*//' keys >table
same 'the keys of queuectl-config.5'

while read -r key default _; do
	item=$(sed -n "s/^$key://p" texts)
	echo "$item" | grep -q -E "The default is +$default *[ .:,]" ||
		fail "queuectl-config.5: the default of $key is not $default"
	exits 2 q config set "$key" nonsense
	# shellcheck disable=SC2013 # words
	for word in $(sed 's/.*must be//; s/[^a-z0-9]/ /g
	    s/ a \(whole number\|decimal\) from / /; s/ to / /; s/ or / /' err)
	do
		echo "$item" | grep -q -E "(^|[^0-9a-z])$word([^0-9a-z]|\$)" ||
			fail "queuectl-config.5: $key can be $word"
	done
done <keys

# ---- What doctor finds

# The table of its kinds: { "NAME", "REMEDY", FAULT, REPAIRABLE }.
awk '/kinds\[\] = / { inside = 1; next }
    inside && /^};/ { exit }
    inside { text = text $0 }
    END {
	n = split(text, row, "{")
	for (i = 2; i <= n; i++) {
		split(row[i], name, "\"")
		sub(/}.*/, "", row[i])
		m = split(row[i], number, ",")
		if (number[m] ~ /^[[:blank:]]*$/)
			m--
		print name[2] (number[m - 1] + 0 ? " fault" : " note") \
		    (number[m] + 0 ? " repaired" : "")
	}
    }' "$src/doctor.c" >table
[ "$(wc -l <table)" -ge 20 ] || fail "doctor.c: these are all: $(cat table)"
awk '
    function show() {
	if (kind != "")
		print kind " " list (text ~ /Repaired:/ ? " repaired" : "")
	kind = text = ""
    }
    /^\.It Ic doctor/ { inside = 1 }
    /^\.It Ic completion/ { inside = 0 }
    /^These kinds of faults/ { list = "fault" }
    /^And of notes/ { list = "note" }
    inside && /^\.(It|El)/ { show() }
    inside && list != "" && /^\.It Cm/ { kind = $3; next }
    { text = text " " $0 }' "$man/queuectl.1" >manual
same 'the kinds of queuectl doctor in queuectl.1'

# ---- Limits

sed -n '/^\.Sh LIMITS/,/^\.Sh RECIPES/ s/.*Dv \([A-Z_]*\).*/\1/p' \
    "$man/queuectl-spool.5" >limits
[ "$(wc -l <limits)" -gt 20 ] || fail "no limits in queuectl-spool.5"
while read -r limit; do
	grep -q -E "^#define ${limit}[[:blank:]]" "$src"/*.[ch] ||
		fail "queuectl-spool.5: there is no $limit"
done <limits
sed -n 's/^#define \(JOB_[A-Z]*_MAX\).*/\1/p' "$src/job.h" >table
grep '^JOB_.*_MAX$' limits >manual
same 'the limits of a job in queuectl-spool.5'
