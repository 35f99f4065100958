# registry.c: locks that do not work between hosts are seen
# caught by: hosts
/^watch_one(/,/^}/s/w->free < 2/w->free >= 0/
