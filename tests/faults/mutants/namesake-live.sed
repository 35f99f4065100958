# claim.c: a job starts while one of its name is live
# caught by: races FIRST=claim SECOND=claim
/^make_room(/,/^}/s/is_there(c->spool, SPOOL_FAILED, c->name)/0/
/^make_room(/,/^}/s/is_there(c->spool, SPOOL_PROCESSING, c->name)/0/
