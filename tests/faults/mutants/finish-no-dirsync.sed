# claim.c: the directories are not synced after the move of an ended job
# caught by: power-ext4
/^conclude(/,/^}/s/spool_sync_dir(c->spool, c->ending) == -1 ||/0 ||/
/^conclude(/,/^}/s/spool_sync_dir(c->spool, from) == -1)/from == -1)/
