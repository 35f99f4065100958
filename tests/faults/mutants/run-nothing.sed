# worker.c: a job whose process could not be made has run, and well
# caught by: limits-processes
/^run_job(/,/^}/s/if (failed == -1)/if (0)/
