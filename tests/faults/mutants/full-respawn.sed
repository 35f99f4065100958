# crew.c: a worker that has ended is replaced at once, however often it does
# caught by: diskfull-inodes
/^crew_fill(/,/^}/s/m->started + CREW_RESPAWN/m->started/
