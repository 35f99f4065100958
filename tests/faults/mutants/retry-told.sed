# claim.c: a command that is refused at the last moment leaves its line
# caught by: races FIRST=retry SECOND=ln
/^untell(/,/^}/s/(void)ftruncate(.*);/;/
