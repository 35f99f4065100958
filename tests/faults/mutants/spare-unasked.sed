# sink.c: an empty output is kept for the next job, whoever has it open
# caught by: spare
/^accept(/,/^}/s/os_sole_open(fd) == 0/fd != -1/
