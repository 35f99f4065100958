# index.c: a supervisor never uses again what it has forgotten
# caught by: limits-many
/^give_back(/,/^}/s/ix->unused = e->number;/;/
