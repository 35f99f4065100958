# spool.c: a job that ends is closed, but not unlocked
# caught by: leftovers
/^spool_release(/,/^}/s/(void)os_flock(fd, OS_UNLOCK);/;/
