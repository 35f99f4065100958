# claim.c: what is in processing/ is recovered whether it is locked or not
# caught by: killed
/^claim_recover(/,/^}/s/r = own(c);/r = spool_seize(s, c->from, name, \&c->fd) == SPOOL_OK ? CLAIM_OK : CLAIM_GONE;/
