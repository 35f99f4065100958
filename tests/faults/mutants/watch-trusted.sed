# os_linux.c: a watch is not trusted on FUSE
# caught by: bindfs
/^os_watch_sees_all(/,/^}/s/return .*/return fd != -1;/
