# claim.c: after a lease that was not kept nobody asks whose the job is
# caught by: fenced
/^still_ours(/,/^}/s/c->doubtful ? take_again(c) : CLAIM_OK/CLAIM_OK/
