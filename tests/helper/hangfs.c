/*
 * hangfs DIR [deaf] - mounts a file system on DIR whose server does not
 * answer: whoever looks up a name in it waits.  The server has taken the
 * question, so not even SIGKILL ends that wait (state D of ps(1)); one that is
 * deaf has not, and then SIGKILL does.
 *
 * It ends with its parent, or by a signal; then all who wait get an error.
 * Needs Linux and root.
 */
#define _GNU_SOURCE
#include <stdio.h>

#ifdef __linux__

#include <sys/mount.h>
#include <sys/prctl.h>

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define OP_GETATTR 3 /* as <linux/fuse.h> has them */
#define OP_INIT	   26
#define ROOT	   1
#define ROOM	   (256 * 1024)

struct question {
	uint32_t len, op;
	uint64_t unique, node;
	uint32_t uid, gid, pid, padding;
};

struct answer {
	uint32_t len;
	int32_t error;
	uint64_t unique;
	union {
		uint32_t init[16]; /* version, then what is 0 or small */
		struct {
			uint64_t valid;
			uint32_t valid_nsec, dummy;
			uint64_t inode, size, blocks, times[3];
			uint32_t nsec[3], mode, links, ids[6];
		} attr;
	} u;
};

static char room[ROOM];

/* Answers what has to be answered for a directory to be mounted. */
static int
answer(int fd, const struct question *q)
{
	struct answer a;
	size_t len = 16;

	memset(&a, 0, sizeof a);
	a.unique = q->unique;
	if (q->op == OP_INIT) {
		a.u.init[0] = 7;
		a.u.init[1] = 31;
		a.u.init[2] = 4096; /* of read ahead */
		a.u.init[5] = 4096; /* of a write */
		len += sizeof a.u.init;
	} else {
		a.u.attr.valid = 3600;
		a.u.attr.inode = ROOT;
		a.u.attr.mode = 040755;
		a.u.attr.links = 2;
		len += 16 + 88;
	}
	a.len = (uint32_t)len;
	return write(fd, &a, len) == (ssize_t)len ? 0 : -1;
}

int
main(int argc, char *argv[])
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[64];
	struct question q;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(options, sizeof options,
	    "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (argc < 2 || fd == -1 ||
	    mount("hangfs", argv[1], "fuse", 0, options) == -1) {
		perror("hangfs");
		return 1;
	}
	while (read(fd, room, sizeof room) >= (ssize_t)sizeof q) {
		memcpy(&q, room, sizeof q);
		if (q.op == OP_INIT ||
		    (q.op == OP_GETATTR && q.node == ROOT && argc == 2))
			if (answer(fd, &q) == -1)
				break;
		if (argc > 2)
			(void)pause();
	}
	perror("hangfs");
	return 1;
}

#else

int
main(void)
{
	fputs("hangfs: only Linux has this\n", stderr);
	return 1;
}

#endif
