# spool.c: anybody's file is trusted
# caught by: owner
/^spool_trusts(/,/^}/s/st->st_uid == 0;/st != NULL;/
