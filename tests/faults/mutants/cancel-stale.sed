# claim.c: a request to cancel an earlier run is left
# caught by: unit claim
/^move_to_processing(/,/^}/s/if (asked)/if (asked > 1)/
