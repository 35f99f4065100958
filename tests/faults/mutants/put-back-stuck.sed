# claim.c: a job that goes back knows no other place
# caught by: races FIRST=put-back
/^conclude(/,/^}/s/r != CLAIM_BUSY ||$/r != CLAIM_BUSY || 1 ||/
