#!/bin/sh
# The model of the protocol, tests/model, is of the source as it is: each
# function that it stands for is there, and makes the calls of the protocol
# in the order of tests/model/protocol.

set -u

model=${TESTS:?}/model
src=$TESTS/../src
protocol=$model/protocol

# Prints the protocol's calls in a function of a file, and the directories
# that it names: all words of `protocol`, and what has to do with the spool by
# its name.
calls_of() {
	awk -v wanted="$2" '
	NR == FNR {
		if ($0 !~ /^(#|$)/)
			for (i = 1; i <= NF; i++) {
				sub(/^.*:/, "", $i)
				known[$i]
			}
		next
	}
	{
		sub(/\/\*.*\*\//, "")
		gsub(/"[^"]*"/, "")
	}
	/\/\*/ { comment = 1 }
	/\*\// { comment = 0; next }
	comment { next }
	index($0, wanted "(") == 1 { inside = 1; next }
	inside && /^[}]/ { exit }
	inside && /^[{]/ { body = 1 }
	body {
		while (match($0, /[A-Za-z_][A-Za-z_0-9]*/)) {
			word = substr($0, RSTART, RLENGTH)
			$0 = substr($0, RSTART + RLENGTH)
			call = /^\(/ && word != "spool_now" &&
			    word ~ /^(spool|registry|os)_|[a-z]at$/
			if (call || (/^\(/ && word in known) ||
			    word ~ /^SPOOL_(P|C|FAILED|D|TMP|OUTPUT)/)
				out = out " " word
		}
	}
	END {
		print inside ? substr(out, 2) : "(no such function)"
	}' "$protocol" "$src/$1"
}

bad=0
complain() {
	echo "$*"
	bad=$((bad + 1))
}

# A line of `protocol`: FILE:FUNCTION CALL...
while read -r where calls; do
	case $where in
	'#'* | '') continue ;;
	esac
	found=$(calls_of "${where%:*}" "${where#*:}")
	[ "$calls" = "$found" ] || complain "src/${where%:*}, ${where#*:}:" \
	    "tests/model/protocol has: $calls; the source has: $found." \
	    "Change tests/model to what it is now, then that line"
done <"$protocol"

steps=$(sed -n 's/.*"\([a-z]*\.c:[a-z_]*\)".*/\1/p' "$model"/*.c)
for where in $steps; do
	grep -Eq "^$where( |\$)" "$protocol" ||
		complain "tests/model: $where: not in tests/model/protocol"
done
[ "$bad" -eq 0 ]
