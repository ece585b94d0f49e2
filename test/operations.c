/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a security module is asked about besides files and capabilities, and beside each the same thing refused:
 * operations sockets | signals | tracing | limits | locks | unix | mounts | trees | wait | send SIGNAL PID. Ends with
 * 0 when all went as it says here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEED(what) need(!!(what), #what)

static void need(int holds, const char *what)
{
	if (!holds)
		fprintf(stderr, "%s: %m\n", what), exit(1);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	NEED(pid >= 0);
	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void end(pid_t pid)
{
	NEED(!kill(pid, SIGKILL));
	NEED(waitpid(pid, NULL, __WALL) == pid);
}

static void sockets(void)
{
	int pair[2];

	for (int i = 0; i < 3; i++)
		NEED(close(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == 0);
	NEED(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) >= 0);
	NEED(socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) >= 0);
	NEED(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0);
	NEED(socket(AF_UNIX, SOCK_SEQPACKET, 0) >= 0);
	NEED(socket(AF_NETLINK, SOCK_RAW, 15) >= 0);
	NEED(socket(AF_PACKET, SOCK_DGRAM, 0x0300) >= 0);
	NEED(!socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	NEED(socket(AF_INET, SOCK_SEQPACKET, 0) < 0);
	NEED(socket(AF_INET6, SOCK_STREAM, IPPROTO_UDP) < 0);
	NEED(socket(99, SOCK_STREAM, 0) < 0);
}

static void signals(void)
{
	pid_t child = sleeper(), group;
	int fd;

	signal(SIGUSR1, SIG_IGN);
	NEED(!raise(SIGUSR1)); /* ignored, and asked about all the same */
	NEED(!kill(getpid(), 0));
	NEED(!kill(child, SIGCONT));
	NEED(!kill(child, SIGCONT));
	NEED(!kill(child, 0));
	NEED(!kill(getppid(), SIGCONT));
	NEED(!kill(1, 0));
	NEED(!syscall(SYS_tgkill, child, child, SIGWINCH));
	NEED(!sigqueue(child, SIGURG, (union sigval){ 0 }));
	fd = syscall(SYS_pidfd_open, child, 0);
	NEED(fd >= 0);
	NEED(!syscall(SYS_pidfd_send_signal, fd, SIGCHLD, NULL, 0));
	group = fork();
	NEED(group >= 0);
	if (!group) { /* a group of two: each is a receiver */
		NEED(!setpgid(0, 0));
		signal(SIGUSR2, SIG_IGN);
		if (!fork()) {
			pause();
			_exit(0);
		}
		NEED(!kill(0, SIGUSR2));
		NEED(!kill(0, SIGKILL));
	}
	NEED(waitpid(group, NULL, 0) == group);
	NEED(kill(0x3fffff, SIGHUP) < 0);
	NEED(kill(child, 65) < 0);
	/* The kernel's own: a timer, a pipe that nobody reads. */
	signal(SIGALRM, SIG_IGN);
	ualarm(1000, 0);
	usleep(5000);
	end(child);
}

static void tracing(void)
{
	pid_t child = sleeper(), traced;
	char word[8] = "word";
	struct iovec own = { word, sizeof(word) }, other = { word, sizeof(word) };
	int fd;

	NEED(!ptrace(PTRACE_ATTACH, child, 0, 0));
	NEED(waitpid(child, NULL, __WALL) == child);
	errno = 0;
	ptrace(PTRACE_PEEKDATA, child, word, 0);
	NEED(!errno);
	NEED(ptrace(PTRACE_ATTACH, child, 0, 0) < 0);
	NEED(!ptrace(PTRACE_DETACH, child, 0, 0));
	NEED(!ptrace(PTRACE_SEIZE, child, 0, 0));
	NEED(process_vm_readv(child, &own, 1, &other, 1, 0) == sizeof(word));
	NEED(process_vm_writev(child, &own, 1, &other, 1, 0) == sizeof(word));
	NEED(process_vm_readv(getpid(), &own, 1, &other, 1, 0) == sizeof(word));
	NEED(syscall(SYS_kcmp, getpid(), child, KCMP_FILES, 0, 0) >= 0);
	fd = syscall(SYS_pidfd_open, child, 0);
	NEED(fd >= 0);
	NEED(syscall(SYS_pidfd_getfd, fd, 0, 0) >= 0);
	traced = fork();
	NEED(traced >= 0);
	if (!traced)
		_exit(ptrace(PTRACE_TRACEME, 0, 0, 0) != 0);
	NEED(waitpid(traced, NULL, __WALL) == traced);
	end(child);
}

static void limits(void)
{
	struct rlimit files = { 100, 200 }, none = { RLIM_INFINITY, RLIM_INFINITY }, odd = { 300, 250 };
	pid_t child = sleeper();

	for (int i = 0; i < 3; i++)
		NEED(!prlimit(0, RLIMIT_NOFILE, &files, &odd));
	NEED(!syscall(SYS_setrlimit, RLIMIT_CORE, &(struct rlimit){ 0, 4096 }));
	NEED(!prlimit(child, RLIMIT_FSIZE, &none, NULL));
	NEED(!getrlimit(RLIMIT_STACK, &none));
	odd = (struct rlimit){ 300, 250 };
	NEED(prlimit(0, RLIMIT_NOFILE, &odd, NULL) < 0);
	end(child);
}

static void locks(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	NEED((fd = open("flock", O_RDONLY | O_CREAT, 0600)) >= 0);
	NEED(!flock(fd, LOCK_SH));
	NEED(!flock(fd, LOCK_UN));
	NEED((fd = open("exclusive", O_RDONLY | O_CREAT, 0600)) >= 0);
	NEED(!flock(fd, LOCK_EX));
	NEED(flock(open("exclusive", O_RDONLY), LOCK_EX | LOCK_NB) < 0);
	NEED((fd = open("posix", O_RDWR | O_CREAT, 0600)) >= 0);
	NEED(!fcntl(fd, F_SETLK, &whole));
	NEED((fd = open("waits", O_RDWR | O_CREAT, 0600)) >= 0);
	NEED(!fcntl(fd, F_SETLKW, &whole));
	NEED((fd = open("handle", O_RDWR | O_CREAT, 0600)) >= 0);
	NEED(!fcntl(fd, F_OFD_SETLK, &whole));
	NEED((fd = open("lease", O_RDONLY | O_CREAT, 0600)) >= 0);
	NEED(!fcntl(fd, F_SETLEASE, F_RDLCK));
	NEED((fd = open("none", O_RDWR | O_CREAT, 0600)) >= 0);
	NEED(fcntl(fd, F_GETFL) >= 0);
	NEED(fcntl(fd, F_SETLK, &(struct flock){ .l_type = 9 }) < 0);
}

static struct sockaddr_un at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, path, sizeof(address.sun_path));
	return address;
}

static int bound(int type, const char *path)
{
	struct sockaddr_un address = at(path);
	int fd = socket(AF_UNIX, type, 0);

	NEED(!bind(fd, (struct sockaddr *)&address, sizeof(address)));
	return fd;
}

static void unix_sockets(void)
{
	struct sockaddr_un address = at("stream"), gone = at("gone"), hidden = at("");
	struct msghdr message = { .msg_iov = &(struct iovec){ "x", 1 }, .msg_iovlen = 1 };
	char full[109];
	int fd;

	NEED(!listen(bound(SOCK_STREAM, "stream"), 9));
	NEED((fd = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	NEED(connect(fd, (struct sockaddr *)&gone, sizeof(gone)) < 0);
	NEED(!connect(fd, (struct sockaddr *)&address, sizeof(address)));
	NEED(bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0);
	NEED(send(fd, "x", 1, 0) == 1);

	bound(SOCK_DGRAM, "to");
	bound(SOCK_DGRAM, "message");
	NEED(!symlink("message", "link"));
	NEED((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) >= 0);
	address = at("to");
	NEED(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1);
	address = at("link");
	message.msg_name = &address;
	message.msg_namelen = sizeof(address);
	NEED(sendmsg(fd, &message, 0) == 1);

	/* As long as an address may be: no zero byte ends it. */
	memset(full, 'f', 108);
	full[108] = 0;
	NEED(!listen(bound(SOCK_STREAM, full), 9));
	address = at(full);
	NEED(!connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)));

	/* Abstract, and none: no file. */
	memcpy(hidden.sun_path + 1, full, 8);
	NEED((fd = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	NEED(!bind(fd, (struct sockaddr *)&hidden, 12));
	NEED(!listen(fd, 9));
	NEED(!connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&hidden, 12));
	NEED(!bind(socket(AF_UNIX, SOCK_DGRAM, 0), (struct sockaddr *)&hidden, sizeof(sa_family_t)));
}

/* In its working folder, which must be writable. */
static void mounts(void)
{
	int fd, mounted;

	NEED(!mkdir("target", 0700) && !mkdir("bound", 0700) && !mkdir("by-handle", 0700));
	NEED(!symlink("target", "way"));
	for (int i = 0; i < 3; i++) {
		NEED(!mount("what \"ever\"", "way", "tmpfs", MS_MGC_VAL | MS_NOSUID | MS_NODEV, "size=1m"));
		NEED(!umount("target"));
	}
	NEED(!mount("target", "bound", NULL, MS_BIND | MS_REC, NULL));
	NEED(!mount(NULL, "bound", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	NEED(!mount("none", "bound", "ignored", MS_PRIVATE, NULL));
	NEED(!umount("bound"));
	NEED(mount("none", "gone", "tmpfs", 0, NULL) < 0);
	NEED(mount("none", "target", "nosuchfs", 0, NULL) < 0);
	NEED((fd = fsopen("tmpfs", 0)) >= 0);
	NEED(!fsconfig(fd, FSCONFIG_SET_STRING, "source", "handled", 0));
	NEED(!fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	NEED((mounted = fsmount(fd, 0, MOUNT_ATTR_NOEXEC)) >= 0);
	NEED(!move_mount(mounted, "", AT_FDCWD, "by-handle", MOVE_MOUNT_F_EMPTY_PATH));
	NEED(!close(mounted) && !umount("by-handle"));
}

static void trees(void)
{
	int fd;

	NEED(!mkdir("tree", 0700) && !mkdir("tree/copy", 0700));
	NEED((fd = open_tree(AT_FDCWD, "tree", OPEN_TREE_CLONE)) >= 0);
	NEED(!move_mount(fd, "", AT_FDCWD, "tree/copy", MOVE_MOUNT_F_EMPTY_PATH));
	NEED(!close(fd) && !umount("tree/copy"));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "sockets"))
		sockets();
	else if (!strcmp(what, "signals"))
		signals();
	else if (!strcmp(what, "tracing"))
		tracing();
	else if (!strcmp(what, "limits"))
		limits();
	else if (!strcmp(what, "locks"))
		locks();
	else if (!strcmp(what, "unix"))
		unix_sockets();
	else if (!strcmp(what, "mounts"))
		mounts();
	else if (!strcmp(what, "trees"))
		trees();
	else if (!strcmp(what, "wait"))
		return printf("ready\n") < 0 || fflush(stdout) || sleep(60);
	else if (argc == 4)
		NEED(!kill(atoi(argv[3]), atoi(argv[2])));
	else
		return 2;
	return 0;
}
