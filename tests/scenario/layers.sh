#!/bin/sh
# The rules of src/README that a program can check.

set -u

src=${TESTS:?}/../src

# From the lowest layer to the highest; `os` is os.h and every os_*.c, and a
# name with a star stands for all files that begin so.
layer0='msg buf names text os fs outlet'
layer1='when retry json sha256 job draft'
layer2='conf spool claim registry record why look tally record_json'
layer3='log progress index scout proc guard sink worker crew supervisor doctor metrics http serve'
layer3="$layer3 roster view pick answer api act page web"
layer4='opt cmd cmd_* main'

columns=80
lines=60 # of a function

bad=0
complain() {
	echo "$*"
	bad=$((bad + 1))
}

# Prints the layer of a file, nothing if it is in none.
layer_of() {
	name=${1##*/}
	name=${name%.[ch]}
	case $name in
	os_*) name=os ;;
	cmd_*) name='cmd_*' ;;
	esac
	case " $layer0 " in *" $name "*) echo 0 ;; esac
	case " $layer1 " in *" $name "*) echo 1 ;; esac
	case " $layer2 " in *" $name "*) echo 2 ;; esac
	case " $layer3 " in *" $name "*) echo 3 ;; esac
	case " $layer4 " in *" $name "*) echo 4 ;; esac
}

# Prints the headers of ours that a file includes, in order.
headers_of() {
	sed -n 's/^#[[:blank:]]*include[[:blank:]]*"\(.*\.h\)".*/\1/p' "$1"
}

# A file includes only headers of its own layer or lower ones.
check_layer() {
	own=$(layer_of "$1")
	if [ -z "$own" ]; then
		complain "${1##*/}: is in no layer; tests/scenario/layers.sh" \
		    "lists them"
		return
	fi
	for header in $(headers_of "$1"); do
		other=$(layer_of "$header")
		[ "${other:-9}" -le "$own" ] ||
			complain "${1##*/} (layer $own) includes $header" \
			    "(layer ${other:-none})"
	done
}

# A .c file includes its own header, and before anything else.
check_first() {
	name=${1##*/}
	case $name in
	main.c) return ;;
	os_*) want=os.h ;;
	*) want=${name%.c}.h ;;
	esac
	case $name in
	cmd_*) [ -f "$src/$want" ] || want=cmd.h ;;
	esac
	first=$(grep '^#[[:blank:]]*include' "$1" | head -n 1)
	case $first in
	*"\"$want\""*) ;;
	*) complain "$name: the first header must be \"$want\", not: $first" ;;
	esac
}

without_comments() {
	awk '{
		out = ""
		for (;;) {
			if (inside) {
				i = index($0, "*/")
				if (!i)
					break
				$0 = substr($0, i + 2)
				inside = 0
			}
			i = index($0, "/*")
			if (!i) {
				out = out $0
				break
			}
			out = out substr($0, 1, i - 1)
			$0 = substr($0, i + 2)
			inside = 1
		}
		print NR ": " out
	}' "$1"
}

# What POSIX does not have is behind os.h.
check_portable() {
	case ${1##*/} in
	os_*) return ;;
	esac
	found=$(without_comments "$1" | grep -E \
	    'inotify_|renameat2|(^|[^_[:alnum:]])flock *\(|__linux__|_(GNU|DEFAULT|BSD)_SOURCE|<sys/(inotify|file|syscall|prctl)\.h>')
	[ -z "$found" ] || complain "${1##*/}:$found: belongs into os_*.c"
}

# Layer 1 is given everything: it makes no system calls.
check_pure() {
	[ "$(layer_of "$1")" = 1 ] || return
	found=$(grep -nE '^#.*<(unistd|fcntl|signal|dirent|poll|sys/(stat|wait|socket|time|resource))\.h>' "$1")
	[ -z "$found" ] || complain "${1##*/}:$found: layer 1 makes no system calls"
}

check_size() {
	long=$(awk -v max="$lines" '
	/^\{/ { begin = NR }
	/^[a-z_].*\(/ { name = $0; sub(/\(.*/, "", name) }
	/^\}/ && begin {
		if (NR - begin + 1 > max)
			print name ": " NR - begin + 1 " lines"
		begin = 0
	}' "$1")
	[ -z "$long" ] || complain "${1##*/}: $long, at most $lines"
	wide=$(expand -t 8 "$1" | awk -v max="$columns" '
	length > max { print NR }')
	for line in $wide; do
		complain "${1##*/}:$line: wider than $columns columns"
	done
}

for file in "$src"/*.[ch]; do
	check_layer "$file"
	check_portable "$file"
	check_pure "$file"
	check_size "$file"
done
for file in "$src"/*.c; do
	check_first "$file"
done
[ "$bad" -eq 0 ]
