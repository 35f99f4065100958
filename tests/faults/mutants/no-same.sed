# spool.c: slow.sed, and whatever has a name is taken for what is held
s/^#include <fcntl.h>$/&\
#include <poll.h>/
/^spool_take(/,/^}/s/got = os_flock(/(void)poll(NULL, 0, (int)(fs_now() % 5));\
	&/
/^spool_same(/,/^}/s/^{$/{\
	if (fd != -1)\
		return 1;/
