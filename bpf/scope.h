/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose behaviour is recorded. A task is watched by the cgroup it is in, or by its process where a
 * process tree is followed. The maps are shared by name between all sensors.
 */
#ifndef KGUARDIAN_SCOPE_H
#define KGUARDIAN_SCOPE_H

#include "kernel.h"
#include "observed.h"

/* Key: cgroup id or tgid (see control.by_process). Value: a subject's number, never 0. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, u32);
} watched SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SUBJECTS);
	__type(key, u32);
	__type(value, struct subject);
} subjects SEC(".maps");

/* Processes of sessions, by tgid; the value is their subject. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u32);
} outsiders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct control);
} control SEC(".maps");

/* A section, and so a small map, of its own: user space reads it often. */
struct counts counts SEC(".data.counts");

#define COUNT_LOST() __sync_fetch_and_add(&counts.lost, 1)
#define COUNT_UNCERTAIN() __sync_fetch_and_add(&counts.uncertain, 1)
#define COUNT_FOREIGN() __sync_fetch_and_add(&counts.foreign, 1)

static __always_inline struct control *controls(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

/* Ends cached decisions of all sensors. */
static __always_inline void moved_on(void)
{
	struct control *c = controls();

	if (c)
		__sync_fetch_and_add(&c->epoch, 1);
}

static __always_inline u64 scope_of(const struct control *c, struct task_struct *task)
{
	return c->by_process ? (u64)task->tgid : task->cgroups->dfl_cgrp->kn->id;
}

/* The subject of the current task; 0 when nobody watches it. */
static __always_inline u32 current_subject(void)
{
	struct control *c = controls();
	u64 scope;
	u32 *subject;

	if (!c)
		return 0;
	scope = scope_of(c, bpf_get_current_task_btf());
	subject = bpf_map_lookup_elem(&watched, &scope);
	return subject ? *subject : 0;
}

static __always_inline struct subject *subject_of(u32 number)
{
	u32 place = number & (MAX_SUBJECTS - 1);

	return bpf_map_lookup_elem(&subjects, &place);
}

/* Whether somebody put it, or its ancestor, into the running container from outside. */
static __always_inline bool is_outsider(u32 subject, u32 tgid)
{
	u32 *of = bpf_map_lookup_elem(&outsiders, &tgid);

	return of && *of == subject;
}

/*
 * Before the entrypoint's exec only tasks under a seccomp filter need a permission. Which threads
 * those are is the kernel's own state, so a runtime's unfiltered threads stay out.
 */
static __always_inline u8 phase_of(u32 subject, struct task_struct *task)
{
	struct subject *s = subject_of(subject);

	if (!s)
		return PHASE_PROGRAM;
	if (!s->started)
		return !s->host && BPF_CORE_READ(task, seccomp.mode) ? PHASE_RUNTIME : PHASE_SETUP;
	return s->sessions && is_outsider(subject, BPF_CORE_READ(task, tgid)) ? PHASE_SESSION : PHASE_PROGRAM;
}

static __always_inline u64 program_of_inode(struct inode *inode)
{
	return inode ? BPF_CORE_READ(inode, i_ino) ^ ((u64)BPF_CORE_READ(inode, i_sb, s_dev) << 40) : 0;
}

/* Names the executable that a task runs; 0 for kernel threads. Its path comes by `program_event`. */
static __always_inline u64 program_of(struct task_struct *task)
{
	return program_of_inode(BPF_CORE_READ(task, mm, exe_file, f_inode));
}

static __always_inline void sight(struct sighting *s, u64 now)
{
	s->last = now;
	__sync_fetch_and_add(&s->count, 1);
}

/* Adds a sighting of `key` to `map`. False when the map is full: the caller counts the loss. */
static __always_inline bool sighted(void *map, const void *key, u64 now)
{
	struct sighting *old = bpf_map_lookup_elem(map, key);
	struct sighting fresh = { .first = now, .last = now, .count = 1 };

	if (old) {
		sight(old, now);
		return true;
	}
	if (!bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST))
		return true;
	/* Another CPU may have been first. */
	old = bpf_map_lookup_elem(map, key);
	if (!old)
		return false;
	sight(old, now);
	return true;
}

/* The calling convention of the current system call, and its number without markers. */
static __always_inline u8 abi_of(struct task_struct *task, u32 *nr)
{
#if defined(__TARGET_ARCH_x86)
	if (task->thread_info.status & 0x2) /* TS_COMPAT */
		return ABI_COMPAT;
	/* -1 is no call: what rt_sigreturn leaves behind, or what was refused. */
	if (*nr != ~0U && *nr & 0x40000000) { /* __X32_SYSCALL_BIT */
		*nr &= ~0x40000000;
		return ABI_X32;
	}
#elif defined(__TARGET_ARCH_arm64)
	if (task->thread_info.flags & (1UL << 22)) /* TIF_32BIT */
		return ABI_COMPAT;
#endif
	return ABI_NATIVE;
}

/* Argument `n` of the current system call, from its exit too. */
static __always_inline u64 argument(struct pt_regs *regs, int n)
{
#if defined(__TARGET_ARCH_x86)
	switch (n) {
	case 0:
		return regs->di;
	case 1:
		return regs->si;
	case 2:
		return regs->dx;
	case 3:
		return regs->r10;
	case 4:
		return regs->r8;
	default:
		return regs->r9;
	}
#elif defined(__TARGET_ARCH_arm64)
	return n ? regs->user_regs.regs[n] : regs->orig_x0;
#endif
}

static __always_inline u32 syscall_number(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax;
#elif defined(__TARGET_ARCH_arm64)
	return regs->syscallno;
#endif
}

#endif
