# claim.c: the lock that a process which cannot be killed is to keep is given up
# caught by: hanging-files
/^unlock(/,/^}/s/c->left\[0\] != '\\0'/0/
