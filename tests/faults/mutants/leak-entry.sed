# index.c: a supervisor never frees what it has forgotten
# caught by: limits-many
/^index_remove(/,/^}/s/free(e);/;/
