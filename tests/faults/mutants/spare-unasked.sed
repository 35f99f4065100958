# sink.c: an empty output is kept for the next job, whoever has it open
# caught by: spare
/^is_as_new(/,/^}/s/os_sole_open(fd) == 0/fd != -1/
