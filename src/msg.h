/*
 * msg - what the program says about its work, and its exit statuses.
 *
 * Owns: the wording "queuectl: what: why" on standard error.
 * Must not know: jobs, spools, configuration.
 */
#ifndef MSG_H
#define MSG_H

/* Lets gcc and clang compare formats with their arguments. */
#if defined(__GNUC__) || defined(__clang__)
#define MSG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define MSG_PRINTF(fmt, args)
#endif

/* The exit statuses of every command; AGAIN is EX_TEMPFAIL of sysexits(3). */
enum msg_status {
	MSG_OK = 0,
	MSG_REFUSED = 1, /* wrong state, exists already, ended badly */
	MSG_USAGE = 2,
	MSG_NO_JOB = 3,
	MSG_AGAIN = 75 /* disk full, busy, timed out: try again later */
};

/*
 * Prints "queuectl: " and the message, in which all that could move a terminal
 * or end the line is escaped (text_show); errno is kept.
 */
void msg_warnx(const char *fmt, ...) MSG_PRINTF(1, 2);

/* As msg_warnx, followed by ": " and the text of errno; errno is kept. */
void msg_warn(const char *fmt, ...) MSG_PRINTF(1, 2);

#endif
