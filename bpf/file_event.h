/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Facts about files, sent when they are new. Repeats are sorted out before any path is walked: an LRU
 * that evicts a fact only has it sent again.
 */
#ifndef KGUARDIAN_FILE_EVENT_H
#define KGUARDIAN_FILE_EVENT_H

#include "scope.h"
#include "path.h"
#include "numbers.h"

#define KEPT_FILES 131072
#define WAITING_BYTES (1 << 23)
#define AF_UNIX 1

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, KEPT_FILES);
	__type(key, struct file_key);
	__type(value, struct sighting);
} files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WAITING_BYTES);
} file_events SEC(".maps");

/* The message of this CPU, without names. */
static __always_inline struct file_event *event(u32 subject, u8 operation)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file_event *e = (void *)scratch();

	if (!e)
		return NULL;
	__builtin_memset(e, 0, sizeof(*e));
	e->time = bpf_ktime_get_ns();
	e->pid = task->tgid;
	e->key.program = program_of(task);
	e->key.subject = subject;
	e->key.phase = phase_of(subject, task);
	e->key.operation = operation;
	return e;
}

/* True for a repeat, which is counted; otherwise the key is new in `map`. */
static __always_inline bool repeated(void *map, const struct file_key *key, u64 now)
{
	struct sighting *old = bpf_map_lookup_elem(map, key);
	struct sighting fresh = { .first = now, .last = now, .count = 1 };

	if (old) {
		sight(old, now);
		return true;
	}
	bpf_map_update_elem(map, key, &fresh, BPF_ANY);
	return false;
}

static __always_inline int send(struct file_event *e, u32 payload)
{
	struct file_key key = e->key;

	if (bpf_ringbuf_output(&file_events, e, HEADER_BYTES + (payload & (PAYLOAD_BYTES - 1)), 0)) {
		COUNT_LOST();
		/* The next time is another chance. */
		bpf_map_delete_elem(&files, &key);
	}
	return 0;
}

struct climb {
	struct dentry *dentry, *top; /* of the mount */
	struct vfsmount *mount;
	u64 hash;
};

static long mix_up(u32 index, struct climb *c)
{
	struct dentry *dentry = c->dentry, *parent;
	struct mount *m, *up;

	if (dentry == c->top) {
		m = (void *)c->mount - bpf_core_field_offset(struct mount, mnt);
		up = BPF_CORE_READ(m, mnt_parent);
		if (up == m)
			return 1;
		c->dentry = BPF_CORE_READ(m, mnt_mountpoint);
		c->mount = (void *)up + bpf_core_field_offset(struct mount, mnt);
		c->top = BPF_CORE_READ(up, mnt.mnt_root);
		return 0;
	}
	c->hash = mixed(c->hash, BPF_CORE_READ(dentry, d_name.hash_len));
	parent = BPF_CORE_READ(dentry, d_parent);
	c->dentry = parent;
	return parent == dentry;
}

/*
 * Another place for every other path: by the names' hashes alone, which the kernel keeps. A folder that
 * is moved, or an inode number that is given to a file elsewhere, changes it.
 */
static __always_inline u64 place_of(struct task_struct *task, const struct path *path)
{
	struct climb c = {
		.dentry = BPF_CORE_READ(path, dentry),
		.top = BPF_CORE_READ(path, mnt, mnt_root),
		.mount = BPF_CORE_READ(path, mnt),
		.hash = (u64)BPF_CORE_READ(task, fs, root.dentry), /* as a number: pointers do not add */
	};

	c.hash = mixed(c.hash, (u64)c.mount);
	bpf_loop(PATH_DEPTH, mix_up, &c, 0);
	return c.hash;
}

#endif
