# fs.c: a lock that somebody keeps is waited for without end
# caught by: bounded
/^fs_lock(/,/^}/s/fs_mono() < deadline/deadline > 0/
