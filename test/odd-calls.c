/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that ordinary programs do not make: odd-calls compat | socket | handler | x32 | unknown | killed | refused | ring */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void filter(unsigned nr, unsigned action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void handled(int signal) {}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char parameters[256] = { 0 };
	long answer;

	if (!strcmp(what, "compat")) {
		/* getpid of i386, from a 64-bit program */
		__asm__ volatile("int $0x80" : "=a"(answer) : "a"(20) : "memory");
	} else if (!strcmp(what, "socket")) {
		/* socket of i386: AF_UNIX, SOCK_STREAM */
		__asm__ volatile("int $0x80" : "=a"(answer) : "a"(359), "b"(1), "c"(1), "d"(0) : "memory");
		return answer < 0;
	} else if (!strcmp(what, "handler")) {
		/* rt_sigreturn, which the kernel forgets the number of */
		signal(SIGUSR1, handled);
		raise(SIGUSR1);
	} else if (!strcmp(what, "x32")) {
		syscall(0x40000000 | SYS_getpid);
	} else if (!strcmp(what, "unknown")) {
		syscall(1000);
	} else if (!strcmp(what, "ring")) {
		syscall(425, 1, parameters);
	} else if (!strcmp(what, "refused")) {
		filter(SYS_getppid, SECCOMP_RET_ERRNO | 77);
		getpid();
		for (int i = 0; i < 3; i++)
			getppid();
		close(-1); /* fails by itself, and is no refusal */
	} else if (!strcmp(what, "killed")) {
		if (!fork()) {
			filter(SYS_getppid, SECCOMP_RET_KILL_PROCESS);
			getppid();
		}
		wait(NULL);
	} else {
		return 2;
	}
	return 0;
}
