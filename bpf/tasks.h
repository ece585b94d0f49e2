/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two processes, of which one does something to the other. The kernel's functions that find a task by its
 * number are not for tracepoints, so the namespace's tree is read here: a task that is gone is not found.
 */
#ifndef KGUARDIAN_TASKS_H
#define KGUARDIAN_TASKS_H

#include "scope.h"
#include "path.h"

#define KEPT_OPERATIONS 16384
#define TREE_LEVELS 6 /* 2^36 numbers */
#define TREE_SLOTS 64
#define TREE_NODE 2	  /* marks a pointer to a node */
#define PID_FS_MAGIC 0x50494446

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

static __always_inline struct task_struct *task_of_pid(struct pid *pid)
{
	void *link = pid ? BPF_CORE_READ(pid, tasks[0].first) : NULL;

	return link ? link - bpf_core_field_offset(struct task_struct, pid_links) : NULL;
}

/* The task that the current one knows by that number; NULL when there is none any more. */
static __always_inline struct task_struct *task_numbered(s32 number)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct pid *own = BPF_CORE_READ(current, thread_pid);
	struct pid_namespace *ns = NULL;
	struct xa_node *node;
	u64 entry;
	u32 at;

	at = bpf_core_field_offset(struct pid, numbers) + BPF_CORE_READ(own, level) * bpf_core_type_size(struct upid) +
	     bpf_core_field_offset(struct upid, ns);
	bpf_probe_read_kernel(&ns, sizeof(ns), (void *)own + at);
	entry = (u64)BPF_CORE_READ(ns, idr.idr_rt.xa_head);
	for (int i = 0; i < TREE_LEVELS; i++) {
		if ((entry & 3) != TREE_NODE)
			break;
		node = (void *)(entry - TREE_NODE);
		at = ((u32)number >> BPF_CORE_READ(node, shift)) & (TREE_SLOTS - 1);
		entry = 0;
		bpf_probe_read_kernel(&entry, sizeof(entry),
				      (void *)node + bpf_core_field_offset(struct xa_node, slots) + at * sizeof(void *));
	}
	return entry & 3 ? NULL : task_of_pid((struct pid *)entry);
}

/* The process that a handle of the current task stands for. */
static __always_inline struct task_struct *task_held(s32 fd)
{
	struct file *file = file_of(fd);
	struct inode *inode;

	if (!file)
		return NULL;
	inode = BPF_CORE_READ(file, f_inode);
	/* Since 6.9 they have a file system of their own. */
	if (BPF_CORE_READ(inode, i_sb, s_magic) == PID_FS_MAGIC)
		return task_of_pid(BPF_CORE_READ(inode, i_private));
	return task_of_pid(BPF_CORE_READ(file, private_data));
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
