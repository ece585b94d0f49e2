/*
 * What a container of the attribution tests runs, built without libraries from outside. As `load NUMBER MS`: makes a
 * file and calls a port that carry its number, then waits. As `load NUMBER busy`: does so a hundred times a second,
 * until it is ended; as `load NUMBER MS datagram` it sends a datagram there as well. As `pause`: holds the pod.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in address_of(int number)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(10000 + number) };

	inet_pton(AF_INET, "203.0.113.1", &to.sin_addr);
	return to;
}

static void send_datagram(int number)
{
	struct sockaddr_in to = address_of(number);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	sendto(fd, "mark", 4, 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

static void leave_marks(int number)
{
	struct sockaddr_in to = address_of(number);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/mark-%d", number);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	int number, milliseconds;

	if (!strcmp(name ? name + 1 : argv[0], "pause")) {
		for (;;)
			pause();
	}
	number = argc > 1 ? atoi(argv[1]) : 0;
	milliseconds = argc > 2 ? atoi(argv[2]) : 0;
	leave_marks(number);
	puts("marked");
	fflush(stdout);
	while (argc > 2 && !strcmp(argv[2], "busy")) {
		leave_marks(number);
		usleep(10000);
	}
	if (argc > 3 && !strcmp(argv[3], "datagram")) {
		send_datagram(number);
		usleep(milliseconds * 1000);
		return 0;
	}
	/* A child of its own, which is the container's too. */
	if (argc > 3) {
		if (!fork()) {
			leave_marks(atoi(argv[3]));
			_exit(0);
		}
		wait(NULL);
	}
	usleep(milliseconds * 1000);
	return 0;
}
