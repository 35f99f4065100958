# spool.c: enqueue does not sync the job file: it may be found empty
# caught by: power-ext4
/^spool_enqueue(/,/^}/s/^\([[:blank:]]*\)s->durable);$/\10);/
