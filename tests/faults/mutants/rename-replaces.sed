# spool.c: a rename replaces what has the name
# caught by: races FIRST=claim SECOND=claim
/^rename_noreplace(/,/^}/s/os_rename_noreplace(/renameat(/
