# spool.c: slow.sed, and not asked after a lock, though after a rename
s/^#include <fcntl.h>$/&\
#include <poll.h>/
/^spool_take(/,/^}/s/got = os_flock(/(void)poll(NULL, 0, (int)(fs_now() % 5));\
	&/
/^spool_take(/,/^}/s/= spool_same(.*);/= 1;/
