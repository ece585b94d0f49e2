// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What sockets do not tell: whether a datagram was answered, who sent one unasked, and protocols
 * without connections. Shares `flows` and `owners` with network.bpf.c.
 */
#include "sockets.h"

#define ICMP_ECHOREPLY 0
#define ICMP_ECHO 8
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129

struct packet {
	struct address from, to;
	u8 protocol;
	u32 transport; /* offset of what follows the IP header */
};

/* False for what is neither IPv4 nor IPv6, and for fragments after the first. */
static __always_inline bool read_packet(struct __sk_buff *skb, struct packet *p)
{
	u8 first = 0;
	u16 fragment;
	u32 address;

	if (bpf_skb_load_bytes(skb, 0, &first, 1))
		return false;
	if (first >> 4 == 6) {
		p->transport = 40;
		return !bpf_skb_load_bytes(skb, 6, &p->protocol, 1) && !bpf_skb_load_bytes(skb, 8, &p->from, 16) &&
		       !bpf_skb_load_bytes(skb, 24, &p->to, 16);
	}
	if (first >> 4 != 4 || bpf_skb_load_bytes(skb, 6, &fragment, 2) || fragment & bpf_htons(0x1fff))
		return false;
	p->transport = (first & 15) * 4;
	if (bpf_skb_load_bytes(skb, 9, &p->protocol, 1) || bpf_skb_load_bytes(skb, 12, &address, 4))
		return false;
	p->from = v4(address);
	if (bpf_skb_load_bytes(skb, 16, &address, 4))
		return false;
	p->to = v4(address);
	return true;
}

static __always_inline bool owner_of(struct __sk_buff *skb, struct owner *owner)
{
	struct bpf_sock *sk = skb->sk ? bpf_sk_fullsock(skb->sk) : NULL;
	struct owner *stored = sk ? bpf_sk_storage_get(&owners, sk, 0, 0) : NULL;
	u64 cgroup = bpf_skb_cgroup_id(skb);
	u32 *subject;

	if (stored) {
		*owner = *stored;
		return true;
	}
	subject = bpf_map_lookup_elem(&watched, &cgroup);
	if (!subject)
		return false;
	owner->subject = *subject;
	owner->phase = PHASE_PROGRAM;
	return true;
}

/* Whether we had sent to that peer and port before: then this is its answer. */
static __always_inline bool answered(const struct owner *owner, u8 protocol, const struct address *peer, u16 port)
{
	struct flow_key key = {
		.program = owner->program,
		.subject = owner->subject,
		.phase = owner->phase,
		.port = port,
		.protocol = protocol,
		.direction = FLOW_EGRESS,
		.outcome = FLOW_ATTEMPTED,
		.peer = *peer,
	};

	return bpf_map_lookup_elem(&flows, &key);
}

SEC("cgroup_skb/ingress")
int record_ingress(struct __sk_buff *skb)
{
	struct packet p = {};
	struct owner owner = {};
	struct caller caller = {};
	u16 ports[2];
	u8 type, one = 1;

	if (!read_packet(skb, &p) || p.protocol == IPPROTO_TCP || !owner_of(skb, &owner))
		return 1;
	if (p.protocol == IPPROTO_ICMP || p.protocol == IPPROTO_ICMPV6) {
		bool v4 = p.protocol == IPPROTO_ICMP;

		/* Errors belong to what we sent; neighbour discovery is the network's own. */
		if (bpf_skb_load_bytes(skb, p.transport, &type, 1))
			return 1;
		if (type == (v4 ? ICMP_ECHO : ICMPV6_ECHO_REQUEST))
			record_flow(&flows, &owner, FLOW_INGRESS, FLOW_ESTABLISHED, p.protocol, &p.from, 0);
		else if (type == (v4 ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY))
			record_flow(&flows, &owner, FLOW_EGRESS, FLOW_ESTABLISHED, p.protocol, &p.from, 0);
		return 1;
	}
	if ((p.protocol != IPPROTO_UDP && p.protocol != IPPROTO_SCTP) || bpf_skb_load_bytes(skb, p.transport, ports, 4))
		return 1;
	if (answered(&owner, p.protocol, &p.from, bpf_ntohs(ports[0]))) {
		record_flow(&flows, &owner, FLOW_EGRESS, FLOW_ESTABLISHED, p.protocol, &p.from, bpf_ntohs(ports[0]));
		return 1;
	}
	caller.peer = p.from;
	caller.subject = owner.subject;
	caller.peer_port = bpf_ntohs(ports[0]);
	caller.own_port = bpf_ntohs(ports[1]);
	bpf_map_update_elem(&callers, &caller, &one, BPF_ANY);
	record_flow(&flows, &owner, FLOW_INGRESS, FLOW_ESTABLISHED, p.protocol, &p.from, caller.own_port);
	return 1;
}

SEC("cgroup_skb/egress")
int record_egress(struct __sk_buff *skb)
{
	struct packet p = {};
	struct owner owner = {};
	u16 ports[2] = {};
	u8 type;

	if (!read_packet(skb, &p))
		return 1;
	/* TCP was seen when it was called; so was UDP, unless it goes somewhere else. */
	if (p.protocol == IPPROTO_UDP) {
		if (bpf_skb_load_bytes(skb, p.transport, ports, 4) || !owner_of(skb, &owner) ||
		    !translated(&owner, IPPROTO_UDP, &p.to, bpf_ntohs(ports[1])))
			return 1;
	} else if (p.protocol == IPPROTO_SCTP) {
		if (bpf_skb_load_bytes(skb, p.transport, ports, 4))
			return 1;
	} else if (p.protocol == IPPROTO_ICMP || p.protocol == IPPROTO_ICMPV6) {
		if (bpf_skb_load_bytes(skb, p.transport, &type, 1) ||
		    type != (p.protocol == IPPROTO_ICMP ? ICMP_ECHO : ICMPV6_ECHO_REQUEST))
			return 1;
	} else {
		return 1;
	}
	if (owner_of(skb, &owner))
		record_flow(&flows, &owner, FLOW_EGRESS, FLOW_ATTEMPTED, p.protocol, &p.to, bpf_ntohs(ports[1]));
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
