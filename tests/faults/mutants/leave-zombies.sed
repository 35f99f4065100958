# proc.c: a job that has ended is not waited for
# caught by: limits-many
/^proc_reap(/,/^}/s/waitpid(pid, NULL, 0) == -1 && errno == EINTR/0 \&\& pid/
