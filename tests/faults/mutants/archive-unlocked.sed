# spool.c: an ended record makes room although somebody holds it
# caught by: races FIRST=purge
/^spool_archive(/,/^}/s/spool_take(/spool_seize(/
