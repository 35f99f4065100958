# worker.c: no job is ended when its lease runs out
# caught by: fenced
/^keep_guard(/,/^}/s/(void)guard_start(.*);/;/
