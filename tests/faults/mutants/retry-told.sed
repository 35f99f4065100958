# claim.c: a retry that is refused at the last moment leaves its line
# caught by: races FIRST=retry SECOND=ln
/^try_retry(/,/^}/s/(void)ftruncate(.*);/;/
