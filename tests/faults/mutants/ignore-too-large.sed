# worker.c: a job inherits that the signal of ulimit -f is ignored
# caught by: limits-files
/^set_signals(/,/^}/s/SIGXFSZ,$//
