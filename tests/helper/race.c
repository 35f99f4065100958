/*
 * race COUNT FILE COMMAND [ARG...]
 *
 * COUNT times runs a command twice at once, and prints the number and the
 * two exit statuses.  A % in an argument becomes the number.  What the
 * commands print is appended to FILE.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int output;

static char *
with_number(const char *text, int number)
{
	const char *percent = strchr(text, '%');
	size_t size = strlen(text) + 16;
	char *made = malloc(size);

	if (made == NULL)
		exit(1);
	if (percent == NULL)
		snprintf(made, size, "%s", text);
	else
		snprintf(made, size, "%.*s%d%s", (int)(percent - text), text,
		    number, percent + 1);
	return made;
}

/* A child that waits at the gate, the end of a pipe, before it starts. */
static pid_t
start(int gate[2], char **argv)
{
	pid_t pid = fork();
	char c;

	if (pid != 0)
		return pid;
	close(gate[1]);
	(void)!read(gate[0], &c, 1); /* until the other end is closed */
	close(gate[0]);
	(void)dup2(output, STDOUT_FILENO);
	execv(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static int
end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
run_two(int number, char **argv)
{
	pid_t one, two;
	int gate[2], i;

	for (i = 0; argv[i] != NULL; i++)
		argv[i] = with_number(argv[i], number);
	if (pipe(gate) == -1) {
		perror("race: pipe");
		exit(1);
	}
	one = start(gate, argv);
	two = start(gate, argv);
	close(gate[0]);
	close(gate[1]);
	i = end(one);
	printf("%d %d %d\n", number, i, end(two));
	for (i = 0; argv[i] != NULL; i++)
		free(argv[i]);
}

int
main(int argc, char **argv)
{
	char **copy = calloc((size_t)argc, sizeof *copy);
	int count, n;

	if (argc < 4 || copy == NULL) {
		fprintf(stderr, "usage: race COUNT FILE COMMAND...\n");
		return 2;
	}
	output = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (output == -1) {
		perror(argv[2]);
		return 1;
	}
	count = atoi(argv[1]);
	for (n = 1; n <= count; n++) {
		memcpy(copy, argv + 3, ((size_t)argc - 3) * sizeof *copy);
		fflush(stdout);
		run_two(n, copy);
	}
	return 0;
}
