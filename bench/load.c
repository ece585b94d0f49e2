/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load syscalls N | opens N FILE | distinct N DIR | connects N
 * Does one thing N times and prints the nanoseconds that one took.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static void syscalls(long n, const char *unused)
{
	(void)unused;
	for (long i = 0; i < n; i++)
		syscall(SYS_getppid);
}

static void opens(long n, const char *file)
{
	for (long i = 0; i < n; i++) {
		int fd = open(file, O_RDONLY);

		must(fd >= 0, file);
		close(fd);
	}
}

static void distinct(long n, const char *folder)
{
	char name[4096];

	for (long i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%ld/%ld", folder, i / 1000, i);
		int fd = open(name, O_RDONLY);

		must(fd >= 0, name);
		close(fd);
	}
}

/* Connections to a listener of our own on loopback, reset at once so that no port is used up. */
static void connects(long n, const char *unused)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	socklen_t size = sizeof(at);
	int server = socket(AF_INET, SOCK_STREAM, 0);

	(void)unused;
	must(!bind(server, (void *)&at, sizeof(at)) && !listen(server, 128), "listen");
	must(!getsockname(server, (void *)&at, &size), "getsockname");
	for (long i = 0; i < n; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0), accepted;

		must(!connect(client, (void *)&at, sizeof(at)), "connect");
		accepted = accept(server, NULL, NULL);
		must(accepted >= 0, "accept");
		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(client);
		close(accepted);
	}
	close(server);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(long, const char *);
	} kinds[] = { { "syscalls", syscalls }, { "opens", opens }, { "distinct", distinct }, { "connects", connects } };
	long n = argc > 2 ? atol(argv[2]) : 0;

	for (unsigned k = 0; argc > 1 && n > 0 && k < sizeof(kinds) / sizeof(*kinds); k++) {
		if (strcmp(argv[1], kinds[k].name))
			continue;
		double began = now();

		kinds[k].run(n, argc > 3 ? argv[3] : "/etc/hostname");
		printf("%.1f\n", (now() - began) / n);
		return 0;
	}
	fprintf(stderr, "usage: load syscalls N | opens N FILE | distinct N DIR | connects N\n");
	return 2;
}
