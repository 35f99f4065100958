# worker.c: an end that cannot be recorded is let go
# caught by: diskfull
/^record(/,/^}/s/result != CLAIM_TROUBLE && result != CLAIM_BUSY/result != CLAIM_BUSY/
