# supervisor.c: who writes beyond ulimit -f gets the signal, and dies of it
# caught by: limits-files
/^set_signals(/,/^}/s/(void)sigaction(SIGXFSZ, &sa, NULL);.*/;/
