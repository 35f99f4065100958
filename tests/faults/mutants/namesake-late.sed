# claim.c: a namesake that slipped by is not looked for again
# caught by: races FIRST=claim
/^has_namesake(/,/^}/s/^{$/{\
	return 0;/
