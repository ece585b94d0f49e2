/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was done, as a set. Two processes may take part, of which one does something to the other.
 *
 * Size: 16,384 operations told apart.
 */
#ifndef KGUARDIAN_OPERATION_H
#define KGUARDIAN_OPERATION_H

#include "scope.h"

#define KEPT_OPERATIONS 16384

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KEPT_OPERATIONS);
	__type(key, struct operation_key);
	__type(value, struct sighting);
} operations SEC(".maps");

static __always_inline void note(const struct operation_key *key)
{
	if (!sighted(&operations, key, bpf_ktime_get_ns()))
		COUNT_LOST();
}

/* A key of the current task, without what was done. */
static __always_inline struct operation_key key_of(u32 subject, u8 operation, u32 detail)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return (struct operation_key){
		.program = program_of(task),
		.subject = subject,
		.phase = phase_of(subject, task),
		.operation = operation,
		.detail = detail,
	};
}

static __always_inline void note_unseen(u32 subject, u32 what)
{
	struct operation_key key = key_of(subject, OPERATION_UNSEEN, what);

	note(&key);
}

static __always_inline u32 subject_of_task(struct task_struct *task)
{
	struct control *c = controls();
	u32 *subject;
	u64 scope;

	if (!c)
		return 0;
	scope = c->by_process ? BPF_CORE_READ(task, tgid) : BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	subject = bpf_map_lookup_elem(&watched, &scope);
	return subject ? *subject : 0;
}

/*
 * Within a container it is the doer's, once. Between two, and between a container and the rest, it is each
 * one's own; a session comes from outside, so the workload suffers from outside what a session does.
 */
static __noinline int note_between(u64 doer_at, u64 other_at, u8 operation, u32 detail)
{
	struct task_struct *doer = (void *)doer_at, *other = (void *)other_at;
	u32 from = subject_of_task(doer), to = subject_of_task(other);
	struct operation_key key = { .operation = operation, .detail = detail };
	u8 from_phase = 0, to_phase = 0;

	if (from) {
		from_phase = phase_of(from, doer);
		key.program = program_of(doer);
		key.subject = from;
		key.phase = from_phase;
		key.party = from != to ? PARTY_OUTSIDE : PARTY_CONTAINER;
		if (BPF_CORE_READ(doer, tgid) == BPF_CORE_READ(other, tgid))
			key.party = PARTY_SELF;
		if (key.party == PARTY_CONTAINER)
			key.other = program_of(other);
		note(&key);
	}
	if (!to)
		return 0;
	to_phase = phase_of(to, other);
	if (from == to && (from_phase != PHASE_SESSION || to_phase == PHASE_SESSION))
		return 0;
	key.program = program_of(other);
	key.other = 0;
	key.subject = to;
	key.phase = to_phase;
	key.party = PARTY_OUTSIDE;
	key.received = 1;
	note(&key);
	return 0;
}

#endif
