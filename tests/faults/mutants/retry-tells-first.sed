# claim.c: a retry is written down before its move is made
# caught by: races FIRST=retry SECOND=ln
/^try_retry(/,/^}/{
s/^\([[:blank:]]*\)switch (spool_move(.*/\1e = job_event_make(JOB_PENDING, spool_now(c->spool));\
	e.reason = JOB_RETRIED;\
	(void)append(c, \&e);\
&/
s/append(c, &e) == -1/0/
}
