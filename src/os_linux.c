/* Linux: renameat2(2), inotify(7), leases, /proc. */
#define _GNU_SOURCE
#include "os.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"

#define OS_RENAME_NOREPLACE 1	  /* renameat2(2); old libcs lack the name */
#define OS_RANDOM_NONBLOCK  1	  /* getrandom(2), the same */
#define OS_FDS_MAX	    65536 /* looked at where /proc is missing */
#define OS_CHASE	    16	  /* process IDs around the newest one */
#define OS_CHASE_ROUNDS	    16
#define OS_MOUNTS_MAX	    (1024 * 1024) /* bytes of a table of mounts */

int
os_rename_noreplace(int fromdir, const char *from, int todir, const char *to)
{
#ifdef SYS_renameat2
	if (syscall(SYS_renameat2, fromdir, from, todir, to,
		OS_RENAME_NOREPLACE) == 0)
		return 0;
	/* EINVAL: a file system without it; the names are always valid. */
	if (errno == EINVAL || errno == ENOTSUP || errno == EOPNOTSUPP)
		errno = ENOSYS;
	return -1;
#else
	(void)fromdir;
	(void)from;
	(void)todir;
	(void)to;
	errno = ENOSYS;
	return -1;
#endif
}

int
os_watch_open(void)
{
	return inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

int
os_watch_add(int watch_fd, int fd, int leaving)
{
	char path[32];

	/* By descriptor: the directory may be renamed meanwhile. */
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return inotify_add_watch(watch_fd, path,
	    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR |
		(leaving ? IN_DELETE | IN_MOVED_FROM : IN_ATTRIB));
}

int
os_watch_read(int watch_fd,
    void (*seen)(void *arg, const struct os_event *event), void *arg)
{
	union { /* aligned as read(2) of an inotify descriptor needs it */
		struct inotify_event event;
		char bytes[16384];
	} in;
	const struct inotify_event *e;
	struct os_event event;
	ssize_t n;
	size_t at;

	for (;;) {
		n = read(watch_fd, in.bytes, sizeof in.bytes);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN ? 0 : -1;
		for (at = 0; at < (size_t)n; at += sizeof *e + e->len) {
			e = (const void *)(in.bytes + at);
			event.watch = e->mask & IN_Q_OVERFLOW ? -1 : e->wd;
			event.name = e->len > 0 ? e->name : "";
			event.written =
			    (e->mask & (IN_CLOSE_WRITE | IN_ATTRIB)) != 0;
			seen(arg, &event);
		}
	}
}

/*
 * Takes the type out of a line of mountinfo, if its device is that one; see
 * proc_pid_mountinfo(5).  0 or -1.
 */
static int
parse_mount(const char *line, dev_t device, char *type, size_t size)
{
	unsigned int high, low;
	const char *p;

	if (sscanf(line, "%*d %*d %u:%u", &high, &low) != 2 ||
	    makedev(high, low) != device)
		return -1;
	/* Blanks within a field are escaped. */
	p = strstr(line, " - ");
	if (p == NULL)
		return -1;
	p += 3;
	snprintf(type, size, "%.*s", (int)strcspn(p, " \n"), p);
	return 0;
}

int
os_mount_type(int fd, char *type, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	struct stat st;
	int ret = -1;

	if (f == NULL)
		return -1;
	if (fstat(fd, &st) == 0) {
		while (ret == -1 && getline(&line, &room, f) != -1)
			ret = parse_mount(line, st.st_dev, type, size);
		if (ret == -1)
			errno = ENOENT;
	}
	free(line);
	(void)fclose(f);
	return ret;
}

void
os_close_from(int lowest, int keep)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int fd;

	if (dir == NULL) {
		for (fd = lowest; fd < OS_FDS_MAX; fd++)
			if (fd != keep)
				(void)close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		fd = atoi(entry->d_name);
		if (fd >= lowest && fd != keep && fd != dirfd(dir))
			(void)close(fd);
	}
	closedir(dir);
}

/* The state of a process, proc_pid_stat(5); 'X' if there is none. */
static char
process_state(pid_t pid)
{
	char path[64], text[512], *p;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, text, sizeof text - 1);
		(void)close(fd);
	}
	if (n <= 0)
		return 'X';
	text[n] = '\0';
	/* Behind the name, which may hold anything. */
	p = strrchr(text, ')');
	return p != NULL && strlen(p) > 2 ? p[2] : 'X';
}

/*
 * Goes through the processes of a session that live: those outside its
 * leader's process group get the signal.  Returns how many there are, and one
 * of them.
 */
static int
walk_session(pid_t session, int sig, struct os_process *one)
{
	const struct dirent *entry;
	int found = 0;
	pid_t pid;
	char state;
	DIR *dir = opendir("/proc");

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		pid = (pid_t)atoi(entry->d_name);
		if (getsid(pid) != session)
			continue;
		if (getpgid(pid) != session)
			(void)kill(pid, sig);
		state = process_state(pid);
		if (state == 'Z' || state == 'X')
			continue;
		found++;
		if (one != NULL) {
			one->pid = pid;
			one->state = state;
		}
	}
	closedir(dir);
	return found;
}

/* The last process ID that was given, proc_loadavg(5); 0: unknown. */
static pid_t
last_pid(void)
{
	char text[128];
	const char *p;
	ssize_t n = -1;
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);

	if (fd != -1) {
		n = read(fd, text, sizeof text - 1);
		(void)close(fd);
	}
	if (n <= 0)
		return 0;
	text[n] = '\0';
	p = strrchr(text, ' ');
	return p != NULL ? (pid_t)atoi(p) : 0;
}

/*
 * Processes that fork, end and fork again are ahead of whoever reads a
 * directory: looks again and again where the newest ones must be.
 */
static void
chase(pid_t session, int sig)
{
	pid_t pid, last;
	int round;

	for (round = 0; round < OS_CHASE_ROUNDS; round++) {
		last = last_pid();
		for (pid = last - OS_CHASE; pid < last + OS_CHASE; pid++)
			if (pid > 0 && getsid(pid) == session)
				(void)kill(pid, sig);
	}
}

int
os_kill_session(pid_t session, int sig, struct os_process *one)
{
	/* A child that does not lead it yet is alone. */
	if (kill(-session, sig) == -1 && errno == ESRCH)
		(void)kill(session, sig);
	if (sig == SIGKILL)
		chase(session, sig);
	return walk_session(session, sig, one);
}

void
os_mounts_open(struct os_mounts *m)
{
	m->fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	m->known = m->local = 0;
}

/*
 * True for a kind of file system whose files are on disks of this machine, in
 * its memory, or made up by its kernel.  overlay is as good as what it lies
 * over.  systemd mounts one of the kind autofs, for binfmt_misc, everywhere.
 */
static int
is_local_kind(const char *kind, size_t len, const char *line)
{
	static const char *const kinds[] = { "bcachefs", "binfmt_misc", "bpf",
		"btrfs", "cgroup", "cgroup2", "configfs", "cpuset", "debugfs",
		"devpts", "devtmpfs", "efivarfs", "erofs", "exfat", "ext2",
		"ext3", "ext4", "f2fs", "fusectl", "hugetlbfs", "iso9660",
		"jffs2", "mqueue", "nsfs", "ntfs3", "overlay", "proc", "pstore",
		"ramfs", "rootfs", "rpc_pipefs", "securityfs", "selinuxfs",
		"squashfs", "sysfs", "tmpfs", "tracefs", "ubifs", "udf", "vfat",
		"xfs", "zfs" };
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strlen(kinds[i]) == len && memcmp(kinds[i], kind, len) == 0)
			return 1;
	return len == 6 && memcmp(kind, "autofs", 6) == 0 &&
	    strstr(line, " / /proc/sys/fs/binfmt_misc ") != NULL;
}

/* Reads proc_pid_mountinfo(5): the kind stands behind a lone hyphen. */
static int
read_mounts(int fd)
{
	struct buf text = BUF_EMPTY;
	char *line, *kind, *rest = NULL;
	int local = fs_read_all(fd, &text, OS_MOUNTS_MAX) == 0 &&
	    text.len > 0 && text.len <= OS_MOUNTS_MAX &&
	    buf_text(&text)[text.len - 1] == '\n';

	for (line = local ? strtok_r(text.data, "\n", &rest) : NULL;
	     line != NULL && local; line = strtok_r(NULL, "\n", &rest)) {
		kind = strstr(line, " - ");
		local = kind != NULL &&
		    is_local_kind(kind + 3, strcspn(kind + 3, " "), line);
	}
	buf_free(&text);
	return local;
}

int
os_mounts_local(struct os_mounts *m)
{
	struct pollfd p;

	if (m->fd == -1)
		return 0;
	p.fd = m->fd;
	p.events = POLLPRI;
	p.revents = 0;
	/* It has changed: proc_pid_mounts(5). */
	if (!m->known || poll(&p, 1, 0) != 0)
		m->local = read_mounts(m->fd);
	m->known = 1;
	return m->local;
}

int
os_random(void *bytes, size_t n)
{
#ifdef SYS_getrandom
	/* Up to 256 bytes are never cut short: getrandom(2). */
	if (n <= 256 &&
	    syscall(SYS_getrandom, bytes, n, OS_RANDOM_NONBLOCK) == (long)n)
		return 0;
#endif
	(void)bytes;
	(void)n;
	errno = ENOSYS;
	return -1;
}

/* True if the file system that fd is on is one of these, ended by 0. */
static int
is_one_of(int fd, const unsigned long *types)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == -1)
		return 0;
	while (*types != 0 && *types != ((unsigned long)fs.f_type & 0xFFFFFFFF))
		types++;
	return *types != 0;
}

/*
 * True if what fd is on is a file system of this machine alone, by its number
 * in statfs(2), which does itself what it is asked to: leases and syncfs(2)
 * are known to be right there.  None of these lies over another one
 * (overlayfs), or is a network's or FUSE's.
 */
static int
is_local(int fd)
{
	static const unsigned long local[] = { 0xEF53 /* ext4 */,
		0x58465342 /* XFS */, 0x9123683E /* btrfs */,
		0xF2F52010 /* F2FS */, 0x01021994 /* tmpfs */, 0 };

	return is_one_of(fd, local);
}

/*
 * These all belong to this machine alone as well, and that is all that
 * inotify(7) needs.  On what is not here, as FUSE, networks' and clusters' file
 * systems, it tells of what was done by this kernel, and says nothing of the
 * rest.
 */
int
os_watch_sees_all(int fd)
{
	static const unsigned long local[] = { 0x794C7630 /* overlayfs */,
		0x858458F6 /* ramfs */, 0x24051905 /* UBIFS */,
		0x72B6 /* JFFS2 */, 0x2FC12FC1 /* ZFS */,
		0xCA451A4E /* bcachefs */, 0x3153464A /* JFS */,
		0x3434 /* NILFS2 */, 0x52654973 /* ReiserFS */,
		0x4D44 /* FAT */, 0x2011BAB0 /* exFAT */, 0x7366746E /* NTFS */,
		0 };

	return is_local(fd) || is_one_of(fd, local);
}

/*
 * syncfs(2) tells of failed writes since Linux 5.8, and of what the file
 * system itself could not do since 5.17.
 */
static int
sync_all_tells(int fd)
{
	struct utsname system;
	long major, minor;
	char *p;

	if (!is_local(fd) || uname(&system) == -1)
		return 0;
	major = strtol(system.release, &p, 10);
	minor = *p == '.' ? strtol(p + 1, NULL, 10) : 0;
	return major > 5 || (major == 5 && minor >= 17);
}

int
os_sync_all(int fd)
{
	int ret;

	if (!sync_all_tells(fd)) {
		errno = ENOSYS;
		return -1;
	}
	do
		ret = syncfs(fd);
	while (ret == -1 && errno == EINTR);
	if (ret == -1 && errno == EPERM) /* a filter of system calls */
		errno = ENOSYS;
	return ret;
}

/* Elsewhere another host, or who comes by another way, would not be seen. */
int
os_leases(int fd)
{
	return is_local(fd);
}

/*
 * Such a lease is given to the only one who has the file open: fcntl(2).  It
 * is given back at once; who opens the file meanwhile has to wait for that.
 */
int
os_sole_open(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_WRLCK) == -1)
		return -1;
	return fcntl(fd, F_SETLEASE, F_UNLCK);
}

int
os_reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path,
	    O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int
os_cpus(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (int)n : 1;
}
