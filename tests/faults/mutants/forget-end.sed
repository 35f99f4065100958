# claim.c: what lies in processing/ is lost, whatever its last line says
# caught by: random
/^claim_recover(/,/^}/s/if (c->job.last == JOB_PROCESSING)/if (1)/
