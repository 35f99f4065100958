# claim.c: a worker never frees the text of a job
# caught by: limits-many
/^claim_drop(/,/^}/s/buf_free(&c->text);/;/
