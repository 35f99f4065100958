# spool.c: enqueue does not sync the job file: it may be found empty
# caught by: power-ext4
/^spool_prepare(/,/^}/s/alone ? FS_SYNC : FS_LATER/FS_FLUSH/
