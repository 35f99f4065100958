# spool.c: what is purged is removed by its name
# caught by: races FIRST=purge
/^spool_discard(/,/^}/s/^{$/{\
	if (fd != -1)\
		return unlinkat(s->dir[dir], name, 0) == 0 ? SPOOL_OK : SPOOL_GONE;/
