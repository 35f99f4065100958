# supervisor.c: a SIGCHLD that was ignored at the start stays ignored
# caught by: limits-start
/^set_signals(/,/^}/{
s/keep_hup = was_ignored(SIGHUP), /&keep_chld = was_ignored(SIGCHLD), /
s/(void)sigaction(sig, &sa, NULL);/if (sig != SIGCHLD) &/
s/(void)sigaction(noted\[i\], &sa, NULL);/if (noted[i] != SIGCHLD || !keep_chld) &/
}
