# fs.c: what close says of the writes is not heard
# caught by: error-close
/^flush(/,/^}/s/return copy == -1 ? -1 : fs_close(copy);/if (copy != -1)\
		(void)fs_close(copy);\
	return 0;/
