/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses of sockets. IPv4 is held as the IPv4-mapped IPv6 address, which it is the same host as. */
#ifndef KGUARDIAN_SOCKETS_H
#define KGUARDIAN_SOCKETS_H

#include "scope.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ICMPV6 58
#define IPPROTO_SCTP 132

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_CLOSE 7
#define TCP_LISTEN 10

static __always_inline struct address v4(u32 address)
{
	struct address a = { .word = { 0, 0, bpf_htonl(0xffff), address } };

	return a;
}

static __always_inline struct address peer_of(struct sock *sk)
{
	struct address a = v4(BPF_CORE_READ(sk, __sk_common.skc_daddr));

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6)
		BPF_CORE_READ_INTO(&a, sk, __sk_common.skc_v6_daddr);
	return a;
}

static __always_inline struct address own_of(struct sock *sk)
{
	struct address a = v4(BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6)
		BPF_CORE_READ_INTO(&a, sk, __sk_common.skc_v6_rcv_saddr);
	return a;
}

/* Flows of all programs, in both directions. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, struct sighting);
} flows SEC(".maps");

/* Whose socket it is: its later states are reached in the softirq of somebody else. */
struct owner {
	u64 program;
	u32 subject;
	u8 phase;
	u8 serves; /* it was bound to a port on purpose */
	u8 protocol;
	u8 pad;
	struct dialled dialled; /* of the last call; port 0: none */
};

/* Accepted sockets inherit it from their listener. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct owner);
} owners SEC(".maps");

/* Who sent us datagrams unasked: what we send back there is an answer. */
struct caller {
	struct address peer;
	u32 subject;
	u16 peer_port; /* host byte order, as is the other */
	u16 own_port;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct caller);
	__type(value, u8);
} callers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct translation_key);
	__type(value, struct dialled);
} translations SEC(".maps");

static __always_inline bool same_address(const struct address *a, const struct address *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2] &&
	       a->word[3] == b->word[3];
}

/* Notes where a call really went; true when that is not where it was dialled to. */
static __always_inline bool translated(const struct owner *owner, u8 protocol, const struct address *to, u16 port)
{
	struct translation_key key = {
		.delivered = *to,
		.subject = owner->subject,
		.port = port,
		.protocol = protocol,
	};
	struct dialled dialled = owner->dialled;

	if (!dialled.port || owner->protocol != protocol ||
	    (dialled.port == port && same_address(&dialled.address, to)))
		return false;
	bpf_map_update_elem(&translations, &key, &dialled, BPF_ANY);
	return true;
}

static __always_inline void record_flow(void *map, const struct owner *owner, u8 direction, u8 outcome, u8 protocol,
					const struct address *peer, u16 port)
{
	struct flow_key key = {
		.program = owner->program,
		.subject = owner->subject,
		.phase = owner->phase,
		.port = port,
		.protocol = protocol,
		.direction = direction,
		.outcome = outcome,
		.peer = *peer,
	};

	if (!sighted(map, &key, bpf_ktime_get_ns()))
		COUNT_LOST();
}

#endif
