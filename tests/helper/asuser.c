/*
 * asuser UID COMMAND... - runs it as that user if we are root, else as
 * whoever we are.
 */
#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	long id;

	if (argc < 3) {
		fputs("usage: asuser UID COMMAND...\n", stderr);
		return 125;
	}
	id = strtol(argv[1], NULL, 10);
	if (geteuid() == 0 &&
	    (setgid((gid_t)id) == -1 || setuid((uid_t)id) == -1)) {
		fprintf(stderr, "asuser: %s\n", strerror(errno));
		return 125;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "asuser: %s: %s\n", argv[2], strerror(errno));
	return 127;
}
