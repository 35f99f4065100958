#!/bin/sh
# Many jobs: what is printed or counted is what it costs.

. "$TESTS/lib.sh"
q config set durability none
many=3000 # more than status would look into

# fill DIR N: N jobs there, changed in 2001.
fill() {
	awk -v dir="spool/$1" -v n="$2" 'BEGIN {
		for (i = 1; i <= n; i++) {
			name = sprintf("%s/%s-%05d", dir, "job", i)
			print "command=echo " i >name
			close(name)
		}
	}'
	find "spool/$1" -type f -exec touch -t 200101010000 {} +
}

# A file that is read has been accessed today, where that is noted.
unread() {
	find spool -type f -atime -30 -exec touch -a -t 200101010000 {} +
}

files_read() {
	find spool/pending spool/failed spool/completed spool/dead -type f \
	    -atime -30 | wc -l | tr -d ' '
}

# reads N ARG...: the command reads N job files.
reads() {
	wanted=$1
	shift
	[ -n "$noted" ] || return 0
	unread
	q "$@" >out 2>err || :
	is "$wanted" "$(files_read)" "files that '$*' reads"
}

fill pending "$many"
# The newest 30, a minute apart: 00031 in 2002 is the newest.
i=2
while [ "$i" -le 31 ]; do
	touch -t "$(printf '200201010%d%02d' $((i / 10)) $i)" \
	    "$(printf 'spool/pending/job-%05d' $i)"
	i=$((i + 1))
done

unread
cat spool/pending/job-00001 >/dev/null
noted=
[ "$(files_read)" -ne 1 ] || noted=yes
[ -n "$noted" ] || echo 'no access times here: what is read is not counted'

reads 0 status
reads 0 status --json
reads 0 show job- # of many
reads 1 show job-00001
reads 1 show "$(printf 'job-%05d' "$many")" --json
reads 20 list -q --limit 20
reads 20 list --limit 20
reads 30 list --json --limit 30
reads 0 list --limit 0
reads 1 list --jsonl --limit 1 --reverse
is "job-00031 job-00030 job-00029" "$(q list -q --limit 3 --reverse | paste -s -d ' ' -)" \
    'the newest three'
q list -q >all
is "$many" "$(wc -l <all | tr -d ' ')" 'jobs listed'
is job-00031 "$(tail -n 1 all)" 'the newest'
q list --json | grep -c '"id":' >out
is "$many" "$(cat out)" 'jobs in the array'
is "pending: $many" "$(q status | head -n 1)" status
rm -r spool/pending
mkdir -m 700 spool/pending

# Enqueued one after the other, and all of them run by now.
awk -v n="$many" 'BEGIN {
	for (i = 0; i < n; i++) {
		time = sprintf("%02d:%02d:%02d", i / 3600, i / 60 % 60, i % 60)
		name = "20020101T" time ".000-aaaaaa"
		gsub(":", "", name)
		name = "spool/completed/" name
		print "command=true\ncreated_at=2002-01-01T" time "Z" >name
		close(name)
	}
}'
reads 20 list -q --limit 20
reads 1 list -q --limit 1
find spool/completed -type f -exec rm {} +

# Few enough to be looked into: those alone of which there is more to say.
fill completed 900
fill dead 900
fill failed 5
reads 5 status
rm spool/completed/* spool/dead/* spool/failed/*

# The order: by created_at or the time of the last change, the earlier; and
# the newest N are the last N of all.
TZ=UTC0 LC_ALL=C
export TZ LC_ALL
awk 'BEGIN {
	srand(4)
	split("pending failed completed dead", dir)
	for (i = 1; i <= 300; i++) {
		file = "spool/" dir[1 + int(rand() * 4)] "/r" i
		print "command=true" >file
		key = changed = sprintf("20%02d01010000.%02d",
		    10 + rand() * 16, rand() * 60)
		if (rand() < .8) {
			year = 2010 + int(rand() * 20)
			second = int(rand() * 60)
			printf "created_at=%d-01-01T00:00:%02dZ\n",
			    year, second >file
			key = sprintf("%d01010000.%02d", year, second)
			if (changed < key)
				key = changed "+"
		}
		close(file)
		print key, "r" i >"keys"
		print "touch -t " changed " " file
	}
}' | sh
sort keys | sed 's/.* //' >must
q list -q >all
cmp must all || fail 'they are listed in another order'
sed -n '1!G;h;$p' all >reversed
q list -q --reverse | cmp - reversed || fail '--reverse'
for n in 1 2 7 50 299 300 301; do
	tail -n "$n" all >must
	q list -q --limit "$n" | cmp - must || fail "--limit $n"
	q list -q --limit "$n" --state dead --state failed >out
	q list -q --state dead --state failed | tail -n "$n" | cmp - out ||
		fail "--limit $n of two states"
	head -n "$n" reversed >must
	q list -q --limit "$n" --reverse | cmp - must ||
		fail "--limit $n --reverse"
done
