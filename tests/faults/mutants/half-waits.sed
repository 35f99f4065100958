# claim.c: a half-written job in processing/ waits for its name
# caught by: unit claim
/^wait_elsewhere(/,/^}/s/if (c->half || c->elsewhere)/if (c->elsewhere)/
