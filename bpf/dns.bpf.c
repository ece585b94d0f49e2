// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* DNS answers over UDP, whole up to 1,232 bytes (what resolvers advertise by EDNS); user space reads them. */
#include "scope.h"

#define DNS_BYTES 1232
#define DNS_ROOM 2048 /* a power of two */
#define DNS_PORT 53
#define IPPROTO_UDP 17

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} dns_events SEC(".maps");

struct answer {
	struct dns_event event;
	char message[DNS_ROOM];
};

SEC("cgroup_skb/ingress")
int record_answer(struct __sk_buff *skb)
{
	u64 cgroup = bpf_skb_cgroup_id(skb);
	u32 *subject = bpf_map_lookup_elem(&watched, &cgroup);
	u32 transport = 40;
	u64 bytes;
	u8 first = 0, protocol = 0;
	struct answer *a;
	u16 port = 0;

	if (!subject || bpf_skb_load_bytes(skb, 0, &first, 1))
		return 1;
	if (first >> 4 == 4)
		transport = (first & 15) * 4;
	if (bpf_skb_load_bytes(skb, first >> 4 == 4 ? 9 : 6, &protocol, 1) || protocol != IPPROTO_UDP ||
	    bpf_skb_load_bytes(skb, transport, &port, 2) || port != bpf_htons(DNS_PORT) || skb->len <= transport + 8)
		return 1;
	a = bpf_ringbuf_reserve(&dns_events, sizeof(*a), 0);
	if (!a) {
		COUNT_LOST();
		return 1;
	}
	__builtin_memset(&a->event, 0, sizeof(a->event));
	a->event.time = bpf_ktime_get_ns();
	a->event.subject = *subject;
	if (first >> 4 == 4) {
		a->event.server.word[2] = bpf_htonl(0xffff);
		bpf_skb_load_bytes(skb, 12, &a->event.server.word[3], 4);
	} else {
		bpf_skb_load_bytes(skb, 8, &a->event.server, 16);
	}
	bytes = skb->len - transport - 8;
	if (bytes > DNS_BYTES)
		bytes = DNS_BYTES;
	/* A size from 1 to DNS_ROOM, in a form that the verifier of 6.1 sees too. */
	asm volatile("" : "+r"(bytes));
	if (!bpf_skb_load_bytes(skb, transport + 8, a->message, ((bytes - 1) & (DNS_ROOM - 1)) + 1))
		a->event.bytes = bytes;
	bpf_ringbuf_submit(a, 0);
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
