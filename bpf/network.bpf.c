// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Flows: who was called, who called, what listens. Direction comes from the socket's own state: a
 * connect, a SYN to a listener, a LISTEN; never from port numbers. Each flow is one entry of a hash.
 *
 * Sizes: 65,536 flows, 4,096 listening sockets. A TCP flow of a client is known by (peer, port), not by
 * its own ephemeral port, so repeats are one entry.
 */
#include "sockets.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct flow_key);
	__type(value, struct sighting);
} listeners SEC(".maps");

static __always_inline bool current_owner(struct owner *owner)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 subject = current_subject();

	if (!subject)
		return false;
	owner->program = program_of(task);
	owner->subject = subject;
	owner->phase = phase_of(subject, task);
	return true;
}

/* A connect, or a datagram without one. The verdict is always to go on. */
static __always_inline int called(struct bpf_sock_addr *ctx, struct address *peer)
{
	struct owner owner = {}, *stored;
	struct bpf_sock *sk = ctx->sk;
	struct caller caller = { .peer = *peer };

	if (!current_owner(&owner))
		return 1;
	if (sk && ctx->protocol == IPPROTO_UDP) {
		caller.subject = owner.subject;
		caller.peer_port = bpf_ntohs(ctx->user_port);
		caller.own_port = sk->src_port;
		/* Equal ports: a protocol among peers, in which each side also begins. */
		if (caller.peer_port != caller.own_port && bpf_map_lookup_elem(&callers, &caller))
			return 1;
	}
	stored = sk ? bpf_sk_storage_get(&owners, sk, &owner, BPF_SK_STORAGE_GET_F_CREATE) : NULL;
	if (stored) {
		stored->protocol = ctx->protocol;
		stored->dialled.address = *peer;
		stored->dialled.port = bpf_ntohs(ctx->user_port);
	} else {
		COUNT_UNCERTAIN();
	}
	record_flow(&flows, &owner, FLOW_EGRESS, FLOW_ATTEMPTED, ctx->protocol, peer, bpf_ntohs(ctx->user_port));
	return 1;
}

static __always_inline int called4(struct bpf_sock_addr *ctx)
{
	struct address peer = v4(ctx->user_ip4);

	return called(ctx, &peer);
}

static __always_inline int called6(struct bpf_sock_addr *ctx)
{
	struct address peer = { .word = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3] } };

	return called(ctx, &peer);
}

SEC("cgroup/connect4")
int record_connect4(struct bpf_sock_addr *ctx)
{
	return called4(ctx);
}

SEC("cgroup/connect6")
int record_connect6(struct bpf_sock_addr *ctx)
{
	return called6(ctx);
}

SEC("cgroup/sendmsg4")
int record_sendmsg4(struct bpf_sock_addr *ctx)
{
	return called4(ctx);
}

SEC("cgroup/sendmsg6")
int record_sendmsg6(struct bpf_sock_addr *ctx)
{
	return called6(ctx);
}

/* A datagram socket that asks for a port of its own serves there. An automatic bind does not come by. */
static __always_inline int bound(struct bpf_sock *ctx, struct address *own)
{
	struct owner owner = {};

	if (ctx->protocol == IPPROTO_TCP || !ctx->src_port || !current_owner(&owner))
		return 1;
	owner.serves = 1;
	bpf_sk_storage_get(&owners, ctx, &owner, BPF_SK_STORAGE_GET_F_CREATE);
	record_flow(&listeners, &owner, FLOW_INGRESS, FLOW_ATTEMPTED, ctx->protocol, own, ctx->src_port);
	return 1;
}

SEC("cgroup/post_bind4")
int record_bind4(struct bpf_sock *ctx)
{
	struct address own = v4(ctx->src_ip4);

	return bound(ctx, &own);
}

SEC("cgroup/post_bind6")
int record_bind6(struct bpf_sock *ctx)
{
	struct address own = { .word = { ctx->src_ip6[0], ctx->src_ip6[1], ctx->src_ip6[2], ctx->src_ip6[3] } };

	return bound(ctx, &own);
}

/* The socket's owner as we noted it, or, for one that is older than we are, by the socket's cgroup. */
static __always_inline bool owner_of(struct sock *sk, struct owner *owner)
{
	struct owner *stored = bpf_sk_storage_get(&owners, sk, 0, 0);
	u64 cgroup;
	u32 *subject;

	if (stored) {
		*owner = *stored;
		return true;
	}
	cgroup = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	subject = bpf_map_lookup_elem(&watched, &cgroup);
	if (!subject)
		return false;
	owner->subject = *subject;
	owner->phase = PHASE_PROGRAM;
	return true;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(record_state, struct sock *sk, int old, int new)
{
	struct owner owner = {};
	struct address address;
	u16 own_port = sk->__sk_common.skc_num;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (new == TCP_LISTEN && current_owner(&owner)) {
		owner.serves = 1;
		bpf_sk_storage_get(&owners, sk, &owner, BPF_SK_STORAGE_GET_F_CREATE);
		address = own_of(sk);
		record_flow(&listeners, &owner, FLOW_INGRESS, FLOW_ATTEMPTED, IPPROTO_TCP, &address, own_port);
	}
	if (old == TCP_SYN_SENT && (new == TCP_ESTABLISHED || new == TCP_CLOSE) && owner_of(sk, &owner)) {
		address = peer_of(sk);
		translated(&owner, IPPROTO_TCP, &address, bpf_ntohs(sk->__sk_common.skc_dport));
		record_flow(&flows, &owner, FLOW_EGRESS, new == TCP_ESTABLISHED ? FLOW_ESTABLISHED : FLOW_FAILED,
			    IPPROTO_TCP, &address, bpf_ntohs(sk->__sk_common.skc_dport));
	}
	if (old == TCP_SYN_RECV && new == TCP_ESTABLISHED && owner_of(sk, &owner)) {
		address = peer_of(sk);
		record_flow(&flows, &owner, FLOW_INGRESS, FLOW_ESTABLISHED, IPPROTO_TCP, &address, own_port);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
