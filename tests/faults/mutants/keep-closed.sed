# fs.c: 0, 1 and 2 stay closed if they were closed at the start
# caught by: limits-start
/^fs_std_fds(/,/^}/s/fcntl(fd, F_GETFD) == -1/0/
