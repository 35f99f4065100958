# sink.c: a worker leaves the outputs of its jobs open
# caught by: limits-many
/^sinks_close(/,/^}/s/(void)fs_close(k->fd\[i\]);/;/
