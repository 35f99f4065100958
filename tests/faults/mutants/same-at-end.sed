# claim.c: a run that ends does not ask if its job is still there
# caught by: hands
/^still_ours(/,/^}/s/same = spool_same(.*);/same = 1;/
