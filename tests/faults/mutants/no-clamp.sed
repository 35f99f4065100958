# retry.c: a retry_at is obeyed however far away it is
# caught by: limits-clock
/^retry_clamp(/,/^}/s/return retry_at < latest ? retry_at : latest;/return retry_at;/
