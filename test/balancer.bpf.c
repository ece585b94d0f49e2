// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * For tests: a load balancer at the socket, as some network plugins have it instead of a proxy. Whoever dials port
 * 10050 is connected to 10051.
 */
#include "kernel.h"

static __always_inline int balance(struct bpf_sock_addr *ctx)
{
	if (ctx->user_port == bpf_htons(10050))
		ctx->user_port = bpf_htons(10051);
	return 1;
}

SEC("cgroup/connect4")
int balance_connect(struct bpf_sock_addr *ctx)
{
	return balance(ctx);
}

SEC("cgroup/sendmsg4")
int balance_datagram(struct bpf_sock_addr *ctx)
{
	return balance(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
