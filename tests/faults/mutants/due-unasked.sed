# claim.c: when a job is due is not asked again under its lock
# caught by: unit claim
/^take_owned(/,/^}/s/if (\*due > now)/if (0)/
