# spool.c: after a lock nobody asks if the name still means the file
# caught by: races FIRST=archive SECOND=retry
/^spool_take(/,/^}/s/got = spool_same(.*);/got = 1;/
