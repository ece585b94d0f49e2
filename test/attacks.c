// Tries the attacks of src/proof/attacks for real, each in a process of its own, as harmlessly as it can be tried: files
// are opened and not written, calls get arguments that change nothing. Prints `id outcome` a line: `done`, an errno's
// number, or `signal N`. Arguments: ids to try; none: all.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self;

static long opened(const char *path, int flags)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0644);

	if (fd >= 0 && flags & O_CREAT)
		unlink(path);
	return fd;
}

static long rd(const char *path) { return opened(path, O_RDONLY); }
static long wr(const char *path) { return opened(path, O_WRONLY); }
static long cr(const char *path) { return opened(path, O_WRONLY | O_CREAT); }
static long rm(const char *path) { return unlink(path); }

static long ex(const char *path)
{
	char *argv[] = { (char *)path, "--version", NULL }, *envp[] = { NULL };
	int null = open("/dev/null", O_RDWR);

	dup2(null, 1);
	dup2(null, 2);
	return execve(path, argv, envp);
}

static long un(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	return fd < 0 ? fd : connect(fd, (struct sockaddr *)&to, sizeof(to));
}

/* A copy of ourselves, run from there: it ends at once. */
static long drop(const char *path)
{
	int in = open(self, O_RDONLY | O_CLOEXEC), out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char buffer[65536];
	long count, ret;

	if (in < 0 || out < 0)
		return -1;
	while ((count = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, count) != count)
			return -1;
	close(out);
	ret = ex(path);
	count = errno;
	unlink(path);
	errno = count;
	return ret;
}

/* A process of ours that waits to be attacked. */
static pid_t victim(void)
{
	pid_t pid = fork();

	if (!pid) {
		/* Not the pipe by which we are waited for. */
		for (int fd = 3; fd < 16; fd++)
			close(fd);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(3);
		pause();
		_exit(0);
	}
	usleep(50000);
	return pid;
}

static long by_call(const char *id)
{
	char page[64], bits[256] = { 0 };
	struct iovec here = { page, sizeof(page) }, there = { (void *)self, 1 };
	struct timespec never = { .tv_sec = 0, .tv_nsec = -1 };
	struct file_handle *handle = (void *)bits;
	pid_t other;
	int fd;

#define IS(name) (!strcmp(id, name))
	if (IS("fileless")) {
		fd = syscall(SYS_memfd_create, "kg", 0);
		if (fd < 0)
			return fd;
		/* It is empty: what can run it says so. */
		snprintf(page, sizeof(page), "/proc/self/fd/%d", fd);
		if (syscall(SYS_execve, page, NULL, NULL) && errno == ENOEXEC)
			return 0;
		return syscall(SYS_execveat, fd, "", NULL, NULL, AT_EMPTY_PATH) && errno != ENOEXEC ? -1 : 0;
	}
	if (IS("ptrace"))
		return ptrace(PTRACE_ATTACH, victim(), NULL, NULL);
	if (IS("read-memory"))
		return syscall(SYS_process_vm_readv, victim(), &here, 1L, &there, 1L, 0L);
	if (IS("take-descriptor")) {
		fd = syscall(SYS_pidfd_open, other = victim(), 0);
		return fd < 0 ? fd : syscall(SYS_pidfd_getfd, fd, 1, 0);
	}
	if (IS("compare-processes"))
		return syscall(SYS_kcmp, getpid(), getpid(), 0, 0L, 0L);
	if (IS("mount"))
		return syscall(SYS_mount, "tmpfs", "/mnt", "tmpfs", 0L, NULL);
	if (IS("new-mount"))
		return syscall(SYS_fsopen, "tmpfs", 0);
	if (IS("unmount"))
		return syscall(SYS_umount2, "/kg-nowhere", 0);
	if (IS("pivot-root"))
		return syscall(SYS_pivot_root, "/kg-nowhere", "/kg-nowhere");
	if (IS("chroot"))
		return syscall(SYS_chroot, "/");
	if (IS("user-namespace"))
		return syscall(SYS_unshare, CLONE_NEWUSER);
	if (IS("join-namespace"))
		return syscall(SYS_setns, open("/proc/self/ns/uts", O_RDONLY), CLONE_NEWUTS);
	if (IS("bpf"))
		return syscall(SYS_bpf, 4096, bits, 8);
	if (IS("perf-event"))
		return syscall(SYS_perf_event_open, bits, 0, -1, -1, 0L);
	/* For faults of user space alone: what needs no capability. */
	if (IS("userfaultfd"))
		return syscall(SYS_userfaultfd, 1);
	if (IS("io-uring"))
		return syscall(SYS_io_uring_setup, 0, bits);
	if (IS("keyring-add"))
		return syscall(SYS_add_key, "user", "kg", "x", 1L, -1);
	if (IS("keyring-control"))
		return syscall(SYS_keyctl, 0, -3, 0);
	if (IS("load-module"))
		return syscall(SYS_finit_module, -1, "", 0);
	if (IS("load-module-memory"))
		return syscall(SYS_init_module, bits, 1L, "");
	if (IS("unload-module"))
		return syscall(SYS_delete_module, "kg_no_such_module", O_NONBLOCK);
	if (IS("kexec"))
		return syscall(SYS_kexec_load, 0L, 0L, NULL, ~0L);
	if (IS("reboot"))
		return syscall(SYS_reboot, 1, 2, 3, NULL);
	if (IS("open-by-handle"))
		return handle->handle_bytes = 8, syscall(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY);
	/* Two ways to some of them: one that is open is enough. */
#ifdef SYS_mknod
	if (IS("make-device") && !syscall(SYS_mknod, "/tmp/kg-device", S_IFCHR | 0600, makedev(1, 3)))
		return 0;
	if (IS("change-owner") && !syscall(SYS_chown, "/tmp", 0, 12345))
		return 0;
#endif
	if (IS("make-device"))
		return syscall(SYS_mknodat, AT_FDCWD, "/tmp/kg-device", S_IFCHR | 0600, makedev(1, 3));
	if (IS("set-time"))
		return syscall(SYS_clock_settime, CLOCK_REALTIME, &never);
	if (IS("accounting"))
		return syscall(SYS_acct, "/kg-nowhere");
	if (IS("swap"))
		return syscall(SYS_swapon, "/kg-nowhere", 0);
	if (IS("quota"))
		return syscall(SYS_quotactl, 0, NULL, 0, NULL);
#ifdef SYS_ioperm
	if (IS("io-ports"))
		return syscall(SYS_ioperm, 0x400L, 1L, 1);
	if (IS("local-descriptor-table"))
		return syscall(SYS_modify_ldt, 0, bits, 8L);
#endif
	if (IS("kernel-log"))
		return syscall(SYS_syslog, 3, page, sizeof(page));
	if (IS("personality"))
		return syscall(SYS_personality, 0xffffffffL);
	/* With handles instead of descriptors: what needs no capability. */
	if (IS("watch-files"))
		return syscall(SYS_fanotify_init, 0x200, 0);
	if (IS("move-pages"))
		return syscall(SYS_move_pages, 0, 0L, NULL, NULL, NULL, 0);
	if (IS("become-root"))
		return syscall(SYS_setuid, 12345);
	if (IS("change-owner"))
		return syscall(SYS_fchownat, AT_FDCWD, "/tmp", 0, 12345, 0);
	if (IS("raw-socket"))
		return syscall(SYS_socket, AF_INET, SOCK_RAW, 1);
	if (IS("packet-socket"))
		return syscall(SYS_socket, AF_PACKET, SOCK_RAW, 768);
	if (IS("crypto-socket"))
		return syscall(SYS_socket, AF_ALG, SOCK_SEQPACKET, 0);
	if (IS("vsock"))
		return syscall(SYS_socket, AF_VSOCK, SOCK_STREAM, 0);
	if (IS("netlink"))
		return syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 12);
	fprintf(stderr, "no way to try %s\n", id);
	exit(2);
}

static const struct {
	const char *id;
	long (*try)(const char *);
	const char *with;
} all[] = {
	{ "read-shadow", rd, "/etc/shadow" }, { "read-gshadow", rd, "/etc/gshadow" },
	{ "read-account-token", rd, "/run/secrets/kubernetes.io/serviceaccount/token" },
	{ "read-others-token", rd, "/var/lib/kubelet/pods/0/volumes/kubernetes.io~projected/token/token" },
	{ "read-kubelet-key", rd, "/var/lib/kubelet/pki/kubelet-client-current.pem" },
	{ "read-admin-kubeconfig", rd, "/etc/kubernetes/admin.conf" }, { "read-ssh-key", rd, "/root/.ssh/id_rsa" },
	{ "read-cloud-credentials", rd, "/root/.aws/credentials" }, { "read-shell-history", rd, "/root/.bash_history" },
	{ "read-environment", rd, "/proc/1/environ" }, { "read-kcore", rd, "/proc/kcore" },
	{ "read-kallsyms", rd, "/proc/kallsyms" }, { "read-memory-device", rd, "/dev/mem" }, { "read-disk", rd, "/dev/sda" },
	{ "docker-socket", un, "/run/docker.sock" }, { "containerd-socket", un, "/run/containerd/containerd.sock" },
	{ "write-bin", cr, "/bin/kg-attack" }, { "write-usr-bin", cr, "/usr/bin/kg-attack" },
	{ "write-library", cr, "/usr/lib/kg-attack.so" }, { "write-preload", cr, "/etc/ld.so.preload" },
	{ "write-cron", cr, "/etc/cron.d/kg-attack" }, { "write-crontab", cr, "/var/spool/cron/crontabs/root" },
	{ "write-passwd", wr, "/etc/passwd" }, { "write-shadow", wr, "/etc/shadow" },
	{ "write-sudoers", cr, "/etc/sudoers.d/kg-attack" }, { "write-authorized-keys", cr, "/root/.ssh/authorized_keys" },
	{ "write-profile", cr, "/etc/profile.d/kg-attack.sh" }, { "write-unit", cr, "/etc/systemd/system/kg-attack.service" },
	{ "write-init", cr, "/etc/init.d/kg-attack" }, { "write-pam", cr, "/etc/pam.d/kg-attack" },
	{ "write-hosts", wr, "/etc/hosts" }, { "write-resolver", wr, "/etc/resolv.conf" },
	{ "remove-logs", rm, "/var/log/dpkg.log" }, { "run-sh", ex, "/bin/sh" }, { "run-bash", ex, "/bin/bash" },
	{ "run-python", ex, "/usr/bin/python3" }, { "run-perl", ex, "/usr/bin/perl" }, { "run-curl", ex, "/usr/bin/curl" },
	{ "run-wget", ex, "/usr/bin/wget" }, { "run-netcat", ex, "/bin/nc" }, { "run-ssh", ex, "/usr/bin/ssh" },
	{ "run-apt", ex, "/usr/bin/apt-get" }, { "run-su", ex, "/bin/su" }, { "run-mount", ex, "/bin/mount" },
	{ "run-nsenter", ex, "/usr/bin/nsenter" }, { "run-ps", ex, "/bin/ps" }, { "drop-tmp", drop, "/tmp/kg-attack" },
	{ "drop-shm", drop, "/dev/shm/kg-attack" }, { "overwrite-runtime", wr, "/proc/self/exe" },
	{ "core-pattern", wr, "/proc/sys/kernel/core_pattern" }, { "modprobe-path", wr, "/proc/sys/kernel/modprobe" },
	{ "forward-packets", wr, "/proc/sys/net/ipv4/ip_forward" },
	{ "register-format", wr, "/proc/sys/fs/binfmt_misc/register" }, { "magic-key", wr, "/proc/sysrq-trigger" },
	{ "release-agent", wr, "/sys/fs/cgroup/release_agent" }, { "uevent-helper", wr, "/sys/kernel/uevent_helper" },
#define CALL(id) { id, by_call, id }
	CALL("fileless"), CALL("ptrace"), CALL("read-memory"), CALL("take-descriptor"), CALL("compare-processes"),
	CALL("mount"), CALL("new-mount"), CALL("unmount"), CALL("pivot-root"), CALL("chroot"), CALL("user-namespace"),
	CALL("join-namespace"), CALL("bpf"), CALL("perf-event"), CALL("userfaultfd"), CALL("io-uring"),
	CALL("keyring-add"), CALL("keyring-control"), CALL("load-module"), CALL("load-module-memory"),
	CALL("unload-module"), CALL("kexec"), CALL("reboot"), CALL("open-by-handle"), CALL("make-device"),
	CALL("set-time"), CALL("accounting"), CALL("swap"), CALL("quota"), CALL("io-ports"),
	CALL("local-descriptor-table"), CALL("kernel-log"), CALL("personality"), CALL("watch-files"),
	CALL("move-pages"), CALL("become-root"), CALL("change-owner"), CALL("raw-socket"), CALL("packet-socket"),
	CALL("crypto-socket"), CALL("vsock"), CALL("netlink"),
};

static void attempt(const char *id, long (*try)(const char *), const char *with)
{
	int ends[2], status, told = 0, ran = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		exit(3);
	child = fork();
	if (!child) {
		alarm(10);
		/* Who runs another program tells nothing more: the pipe closes. */
		if (try(with) < 0) {
			told = errno;
			if (write(ends[1], &told, sizeof(told)) != sizeof(told))
				_exit(3);
		}
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &told, sizeof(told)) != sizeof(told))
		told = 0;
	close(ends[0]);
	/* What runs as another program by now has shown enough. */
	for (int tries = 0; !waitpid(child, &status, WNOHANG); tries++) {
		usleep(10000);
		if (tries == 30)
			status = 0, kill(child, SIGKILL), ran = 1;
	}
	if (ran)
		status = 0;
	if (told)
		printf("%s %d\n", id, told);
	else if (WIFSIGNALED(status))
		printf("%s signal %d\n", id, WTERMSIG(status));
	else
		printf("%s done\n", id);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1 && !strcmp(argv[1], "--version"))
		return 0;
	for (unsigned at = 0; at < sizeof(all) / sizeof(*all); at++) {
		int wanted = argc == 1;

		for (int i = 1; i < argc; i++)
			wanted |= !strcmp(argv[i], all[at].id);
		if (wanted)
			attempt(all[at].id, all[at].try, all[at].with);
	}
	return 0;
}
