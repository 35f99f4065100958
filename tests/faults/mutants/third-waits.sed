# claim.c: a third job of an ID waits for the other two
# caught by: unit claim
/^wait_elsewhere(/,/^}/s/if (c->half || c->elsewhere)/if (c->half)/
