# spool.c: a file that cannot be looked at is taken for none of ours
# caught by: error-supervisor
/^open_regular(/,/^}/s/enum spool_result r = SPOOL_ERROR;/enum spool_result r = SPOOL_FOREIGN;/
