# proc.c: a job does not share the lock of its worker
# caught by: killed
/^become(/,/^}/s/fcntl(p->lock_fd, F_DUPFD, PROC_LOCK_FD) == -1/0/
