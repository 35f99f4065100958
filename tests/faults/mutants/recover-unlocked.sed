# claim.c: recovery takes no lock
# caught by: races FIRST=claim SECOND=recover
/^own(/,/^}/s/switch (spool_take(/switch ((c->from == SPOOL_PROCESSING ? spool_seize : spool_take)(/
