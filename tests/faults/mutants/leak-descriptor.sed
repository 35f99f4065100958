# worker.c: a worker leaves the outputs of its jobs open
# caught by: limits-many
/^close_output(/,/^}/s/(void)fs_close(fd);/;/
