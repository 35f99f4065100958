# spool.c: between opening and locking time passes; no rule is broken
s/^#include <fcntl.h>$/&\
#include <poll.h>/
/^spool_take(/,/^}/s/got = os_flock(/(void)poll(NULL, 0, (int)(fs_now() % 5));\
	&/
