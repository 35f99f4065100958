# claim.c: a request to cancel an earlier run is left
# caught by: unit claim
/^move_to_processing(/,/^}/s/^\([[:blank:]]*\)registry_answer(.*/\1;/
