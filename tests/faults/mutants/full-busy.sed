# worker.c: an end that cannot be recorded is tried again at once
# caught by: diskfull
/^record(/,/^}/s/fs_mono() + WORKER_RETRY/fs_mono()/
