/*
 * opt - command lines, read by tables.
 *
 * Owns: how commands, options and arguments are told apart, and the texts of
 * usage and help, which are made from the same tables.
 * Must not know: what any command does; it prints nothing.
 */
#ifndef OPT_H
#define OPT_H

#include <stddef.h>

#include "buf.h"

#define OPT_WHY_MAX 512 /* bytes of a message, its NUL included */

/* One option; a list of them ends with a NULL name. */
struct opt {
	const char *name; /* without the dashes; '_' typed for '-' will do */
	char letter;	  /* 0: none */
	const char *arg;  /* what the help calls its value; NULL: a flag */
	const char *help; /* NULL: only another name of the option above it */
};

/* An option as it was given. */
struct opt_given {
	const struct opt *opt;
	const char *value; /* "" for a flag */
};

struct opt_args;

/* One command. */
struct cmd {
	const char *name;	    /* of one or two words: "worker start" */
	const char *const *aliases; /* ended by NULL; or NULL */
	const char *args;	    /* its arguments, as usage shows them */
	const char *summary;	    /* one line, no full stop */
	const struct opt *opts;	    /* NULL: none */
	int min, max;		    /* arguments; max -1: any number */
	int (*run)(const struct opt_args *args); /* returns the exit status */
};

/* A word that no command has, and what those who type it want. */
struct opt_synonym {
	const char *typed; /* of one or two words */
	const char *meant; /* of a family, if more than one will do */
};

/* Everything that a program understands. */
struct opt_table {
	const char *program;
	const struct cmd *const *cmds;	    /* ended by NULL */
	const struct opt *globals;	    /* options of every command */
	const struct opt_synonym *synonyms; /* ended by NULL; or NULL */
};

/* A command line that was read. */
struct opt_args {
	const struct opt_table *table;
	const struct cmd *cmd; /* NULL: none was named */
	/* The first word, if it alone was given and begins several names. */
	const char *family;
	char **argv; /* its arguments, ended by NULL */
	int argc;
	int dashes;		 /* arguments before the first "--"; -1: none */
	struct opt_given *given; /* options, in their order */
	size_t ngiven;
};

/*
 * Reads a command line; argv[0] is not looked at.  How many arguments the
 * command takes is not checked: see opt_check.  Returns 0, or -1 and fills
 * `why`: "what: why".  Whatever it returns, *args must be given to opt_free.
 */
int opt_parse(struct opt_args *args, const struct opt_table *table, int argc,
    char **argv, char why[OPT_WHY_MAX]);

/* 0 if the number of arguments suits the command, else -1 and `why`. */
int opt_check(const struct opt_args *args, char why[OPT_WHY_MAX]);

void opt_free(struct opt_args *args);

/* The value of an option, the last one of several; NULL if not given. */
const char *opt_value(const struct opt_args *args, const char *name);

/*
 * The next value of an option that may be repeated; *at is 0 at first.
 * NULL at the end.
 */
const char *opt_next(const struct opt_args *args, const char *name, size_t *at);

/* True if `name` is the command's name, an alias of it, or its first word. */
int opt_is_named(const struct cmd *cmd, const char *name);

/* The command that was probably meant, or NULL. */
const char *opt_nearest(const struct opt_table *table, const char *name);

/* Appends "usage: ..." in one line. */
void opt_usage(const struct opt_table *table, const struct cmd *cmd,
    struct buf *out);

/* Appends the help of one command, */
void opt_help(const struct opt_table *table, const struct cmd *cmd,
    struct buf *out);

/* and of the program: its commands and the options of all of them. */
void opt_help_all(const struct opt_table *table, struct buf *out);

#endif
