# claim.c: a torn last line is not cut off before a line is appended
# caught by: recovery
/^load(/,/^}/s/ftruncate(c->fd, (off_t)c->job.whole) == -1/0/
