# spool.c: enqueue does not sync pending/: the new name may be lost
# caught by: power-ext4
/^spool_enqueue(/,/^}/s/spool_sync_dir(s, SPOOL_PENDING) == -1/0/
