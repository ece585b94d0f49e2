/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The other process of a call, by its number or its handle: traced, seen into, or asked whether it is there. The
 * kernel's functions that find a task are not for tracepoints, so the namespace's tree is read here: a task that is
 * gone meanwhile is not found.
 */
#ifndef KGUARDIAN_TASKS_H
#define KGUARDIAN_TASKS_H

#include "operation.h"
#include "path.h"

#define TREE_LEVELS 6 /* 2^36 numbers */
#define TREE_SLOTS 64
#define TREE_NODE 2	  /* marks a pointer to a node */
#define PID_FS_MAGIC 0x50494446
#define PTRACE_TRACEME 0
#define PTRACE_ATTACH 16
#define PTRACE_SEIZE 0x4206

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct hlist_head {
	struct hlist_node *first;
};

struct xa_node {
	u8 shift;
	void *slots[64];
};

struct xarray {
	void *xa_head;
};

struct idr {
	struct xarray idr_rt;
};

struct pid_namespace {
	struct idr idr;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[1]; /* as many as there are kinds of groups; the first: of the thread itself */
	struct upid numbers[1];     /* one for each namespace that it is in */
};

#pragma clang attribute pop

static __always_inline struct task_struct *task_of_pid(struct pid *pid)
{
	void *link = pid ? BPF_CORE_READ(pid, tasks[0].first) : NULL;

	return link ? link - bpf_core_field_offset(struct task_struct, pid_links) : NULL;
}

/* Where the task is that the current one knows by that number; 0 when there is none any more. */
static __noinline u64 find_numbered(s32 number)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct pid *own = BPF_CORE_READ(current, thread_pid);
	struct pid_namespace *ns = NULL;
	struct xa_node *node;
	u32 at, own_at;
	s32 found = 0;
	u64 entry;

	own_at = bpf_core_field_offset(struct pid, numbers) + BPF_CORE_READ(own, level) * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&ns, sizeof(ns), (void *)own + own_at + bpf_core_field_offset(struct upid, ns));
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
	if (!entry || entry & 3)
		return 0;
	/* A tree that shrank meanwhile has another's number there. */
	bpf_probe_read_kernel(&found, sizeof(found),
			      (void *)entry + own_at + bpf_core_field_offset(struct upid, nr));
	return found == number ? (u64)task_of_pid((struct pid *)entry) : 0;
}

static __always_inline struct task_struct *task_numbered(s32 number)
{
	return (void *)find_numbered(number);
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

/* Asks before the process may be seen into; nobody is asked about one's own threads. */
static __always_inline void record_tracing(struct task_struct *other, u8 access)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!other && current_subject())
		COUNT_LOST();
	else if (other && BPF_CORE_READ(other, tgid) != task->tgid)
		note_between((u64)task, (u64)other, OPERATION_PTRACE, access);
}

static __always_inline void record_ptrace(u64 request, s32 number)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (request == PTRACE_TRACEME)
		note_between((u64)BPF_CORE_READ(task, real_parent), (u64)task, OPERATION_PTRACE, PTRACE_ATTACHES);
	else if (request == PTRACE_ATTACH || request == PTRACE_SEIZE)
		record_tracing(task_numbered(number), PTRACE_ATTACHES);
}

/* Signal 0 goes to nobody, and is asked about like the others. */
static __always_inline void record_probe(u32 subject, struct task_struct *other)
{
	if (other)
		note_between((u64)bpf_get_current_task_btf(), (u64)other, OPERATION_SIGNAL, 0);
	else if (subject)
		note_unseen(subject, UNSEEN_PROBE);
}

#endif
