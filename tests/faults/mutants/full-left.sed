# fs.c: a new file that could not be written whole is not removed
# caught by: diskfull
/^fs_create(/,/^}/s/(void)unlinkat(dir, name, 0);/;/
