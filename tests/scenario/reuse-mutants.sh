#!/bin/sh
# That reuse.sh sees what it is for: on a program that does not make sure,
# after a lock or a rename, that the name still means the file, it fails.
# tests/faults/mutants/ has the sed scripts that take that away.
#
# Between opening and locking a file pass some microseconds, too few for a
# job to end in them: 20,000 jobs did not once need the rule.  So these
# programs wait there for up to 4 ms, as a busy machine would make them; one
# of them breaks no rule, and on it reuse.sh must succeed.

if [ -n "${TEST_SANITIZED:-}" ]; then
	echo 'tests a test: that is done without sanitizers'
	exit 77
fi
. "$TESTS/lib.sh"

# reuse MUTANT DROPS BATCH PATIENCE: its status; what it says is in ./said.
reuse() {
	mkdir "$1"
	cd "$1" || exit
	reused=0
	# shellcheck disable=SC2086 # the shell may be "busybox sh"
	QUEUECTL=$HELPERS/mutant-$1/queuectl DROPS=$2 BATCH=$3 PATIENCE=$4 \
	    ${TEST_SH:-sh} "$TESTS/scenario/reuse.sh" >../said 2>&1 ||
		reused=$?
	cd .. || exit
	cat said
	return "$reused"
}

# sees_through MUTANT: fails on it, and for the right reason.
sees_through() {
	! reuse "$1" 8000 400 3 || fail "reuse.sh sees no fault in $1"
	[ -s "$1/traces/ran" ] || fail "$1 runs nothing at all"
	grep -Eq '^FAIL: .*(lost|twice|history|never|nothing_live|expected)' \
	    said || fail "$1 fails for another reason"
}

reuse slow 800 800 30 || fail 'reuse.sh fails where no rule is broken'
sees_through no-same
sees_through no-same-locked
