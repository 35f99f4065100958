# claim.c: that a run begins is not synced before it does
# caught by: power-ext4
/^claim_begin(/,/^}/s/spool_sync_file(c->spool, c->fd) == 0/1/
