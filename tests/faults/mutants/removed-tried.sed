# spool.c: who has a file open that was removed elsewhere tries for ever
# caught by: other-mount
/^spool_is_gone(/,/^}/s/ || error == ESTALE//
