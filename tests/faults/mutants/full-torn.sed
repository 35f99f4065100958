# spool.c: what a short write has written stays
# caught by: diskfull
/^spool_append(/,/^}/s/if (fstat(fd, &st) == 0)/if (fstat(fd, \&st) == -1)/
