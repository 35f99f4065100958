# claim.c: how a run ended is not synced before the job is moved
# caught by: power-ext4
/^record(/,/^}/s/spool_sync_file(c->spool, c->fd) == -1/0/
