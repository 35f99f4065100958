# registry.c: the entry of a process that lives is never replaced
# caught by: names
/^remove_dead(/,/^}/s/spool_take(/spool_seize(/
