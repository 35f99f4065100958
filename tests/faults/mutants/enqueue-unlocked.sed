# spool.c: a chosen ID is looked for and taken without the lock
# caught by: races FIRST=enqueue SECOND=enqueue-run
/^move_in_locked(/,/^}/{
s/spool_lock(s) == -1/0/
s/^\([[:blank:]]*\)spool_unlock(s);/\1;/
}
