# spool.c: what a rename took by mistake is kept
# caught by: races FIRST=cancel SECOND=mv
/^spool_rename(/,/^}/s/if (same == 0)$/if (same == 2)/
