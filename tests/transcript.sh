# shellcheck shell=sh
# transcript.sh - tests that read like sessions at a terminal.  After lib.sh:
#
#	LATER='purge wait'
#	. "$TESTS/transcript.sh"
#
#	promise A 'a job gets an ID' <<'END'
#	$ queuectl enqueue --id a 'exit 3'
#	a
#	$ queuectl show nosuch
#	~ queuectl: nosuch: no such job.*
#	[3]
#	END
#	kept
#
# Behind "$ " is a command for this shell, continued behind "> "; what it must
# print on standard output and standard error follows, line by line, or behind
# "~ " a regular expression (of awk) for a whole line, and its exit status in
# brackets if that is not 0.  Each promise gets a directory and a spool of its
# own, in which nothing is synced.
#
# A third argument names what the promise needs.  If $LATER has it, that is
# not built yet, and the promise must fail: when it does not any more, the
# name has to go from $LATER.

promises=0
broken=0
later=0
play=$PWD/play
mkdir bin
ln -s "$QUEUECTL" bin/queuectl
PATH=$PWD/bin:$PATH

# promise WHO WHAT [NEEDS]: the session is on standard input.
promise() {
	promises=$((promises + 1))
	cat >session
	result=0
	(perform) >said 2>&1 || result=$?
	if is_later "${3:-}"; then
		later=$((later + 1))
		[ "$result" -ne 0 ] ||
			broke "$1: $2: holds, so take '$3' out of LATER"
	elif [ "$result" -ne 0 ]; then
		broke "$1: $2:"
		cat said
	fi
}

# kept: fails if a promise was not.
kept() {
	# shellcheck disable=SC2153
	for name in $LATER; do
		case " $used " in
		*" $name "*) ;;
		*) broke "LATER has '$name', which no promise needs" ;;
		esac
	done
	echo "$promises promises, $broken broken, $later for later"
	[ "$broken" -eq 0 ]
}

used=
is_later() {
	for name in $LATER; do
		[ "$name" = "$1" ] || continue
		used="$used $name"
		return 0
	done
	return 1
}

broke() {
	broken=$((broken + 1))
	echo "$*"
}

# Plays the session; whatever it started ends with this shell.
perform() {
	trap clean_up EXIT
	rm -rf "$play" step.* wanted.*
	mkdir "$play"
	awk '
	/^\$ / { n++; print substr($0, 3) >("step." n)
		printf "" >("wanted." n); next }
	/^> / { print substr($0, 3) >("step." n); next }
	{ print >("wanted." n) }' session
	cd "$play" || exit
	export QUEUECTL_SPOOL="$play/spool"
	q init
	q config set durability none
	quick_poll
	act=1
	while [ -f "../step.$act" ]; do
		act_status=0
		eval "$(cat "../step.$act")" >../got 2>../fault </dev/null ||
			act_status=$?
		cat ../fault >>../got
		[ "$act_status" -eq 0 ] || echo "[$act_status]" >>../got
		as_wanted "../wanted.$act" || {
			sed '1s/^/$ /; 2,$s/^/> /' "../step.$act"
			cat ../got
			fail "not what was wanted:
$(cat "../wanted.$act")"
		}
		act=$((act + 1))
	done
}

# as_wanted FILE: ../got has these lines.
as_wanted() {
	awk '
	!got { want[++wanted] = $0; next }
	{ line = want[++n] }
	substr(line, 1, 2) == "~ " {
		if ($0 !~ ("^(" substr(line, 3) ")$"))
			bad = 1
		next
	}
	$0 != line { bad = 1 }
	END { exit bad || n != wanted + 0 }' "$1" got=1 ../got
}

# start COMMAND...: a supervisor in the background, $SUPERVISOR, its log ./log.
start() {
	"$@" >>log 2>&1 &
	SUPERVISOR=$!
	PIDS="$PIDS $SUPERVISOR"
	wait_for 10 registered
}

# at_work N: workers are.
at_work() {
	[ "$(find spool/workers -name "*.$SUPERVISOR.*" | wc -l)" -eq "$1" ]
}

# state JOB: where it is.
state() {
	(cd spool && find pending processing completed failed dead -name "$1")
}

# in_state STATE JOB...: waits until all of them are there.
in_state() {
	wanted_state=$1
	shift
	for job; do
		wait_for 20 test -f "spool/$wanted_state/$job"
	done
}

# failed_before JOB N [LINE...]: a job that always fails, and has failed N times;
# the retry is due.
failed_before() {
	name=$1
	{
		echo command=false
		at=2026-01-01T00:00:00.000000Z
		for n in 1 2 3 4 5 6 7 8 9; do
			[ "$n" -le "$2" ] || break
			echo "processing=$at attempt=$n worker=x.1.1"
			echo "failed=$at attempt=$n exit_code=1 retry_at=$at"
		done
	} >"spool/tmp/$name"
	shift 2
	printf '%s' "${*:+$*
}" | cat - "spool/tmp/$name" >"spool/tmp/$name.new"
	rm "spool/tmp/$name"
	mv "spool/tmp/$name.new" "spool/failed/$name"
}

# ended JOB N: its run N has.
ended() {
	grep -q "^[cfd][a-z]*=.* attempt=$2 [es]" spool/*/"$1"
}

# delay JOB N: the microseconds between its failure N and its retry_at.
delay() {
	line=$(grep "^failed=.* attempt=$2 " spool/*/"$1")
	at=${line#*failed=}
	retry_at=${line#* retry_at=}
	echo "$(($("$HELPERS/micros" at "${retry_at%% *}") -
	    $("$HELPERS/micros" at "${at%% *}")))"
}
