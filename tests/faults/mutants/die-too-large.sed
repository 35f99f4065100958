# worker.c: who writes beyond ulimit -f gets the signal, and dies of it
# caught by: limits-files
/^set_signals(/,/^}/{
	s/SIGXFSZ,//
	s/(void)sigaction(SIGCHLD, &sa, NULL);/& (void)signal(SIGXFSZ, SIG_DFL);/
}
