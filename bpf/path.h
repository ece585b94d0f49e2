/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The path of a dentry as a task sees it: a walk from the leaf to the task's root, over mounts.
 * bpf_d_path would do this, and is refused in tracepoints. Needs bpf_loop (5.17).
 *
 * Events with a path are put together in one message per CPU: a header, then the payload.
 */
#ifndef KGUARDIAN_PATH_H
#define KGUARDIAN_PATH_H

#include "kernel.h"
#include "observed.h"

#define PAYLOAD_BYTES 16384

_Static_assert(sizeof(struct program_event) <= HEADER_BYTES, "the header holds it");
_Static_assert(sizeof(struct file_event) <= HEADER_BYTES, "the header holds it");
_Static_assert(sizeof(struct mount_event) <= HEADER_BYTES, "the header holds it");

struct message {
	char header[HEADER_BYTES];
	char payload[PAYLOAD_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct message);
} messages SEC(".maps");

static __always_inline struct message *scratch(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&messages, &zero);
}

struct walk {
	struct dentry *dentry, *root;
	struct vfsmount *mount, *root_mount;
	u32 at; /* where the next name goes in the payload */
	u32 flags;
};

static long walk_up(u32 index, struct walk *w)
{
	/* Locals: CO-RE cannot relocate a read that starts at a structure of our own. */
	struct dentry *dentry = w->dentry, *parent;
	struct vfsmount *mount = w->mount;
	struct message *out = scratch();
	struct mount *m, *up;
	struct qstr name;
	u32 at, length;

	if (!out)
		return 1;
	if (dentry == w->root && mount == w->root_mount) {
		w->flags = 0;
		return 1;
	}
	if (dentry == BPF_CORE_READ(mount, mnt_root)) {
		m = (void *)mount - bpf_core_field_offset(struct mount, mnt);
		up = BPF_CORE_READ(m, mnt_parent);
		if (up == m) {
			w->flags = PATH_DETACHED;
			return 1;
		}
		w->dentry = BPF_CORE_READ(m, mnt_mountpoint);
		w->mount = (void *)up + bpf_core_field_offset(struct mount, mnt);
		return 0;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	name.len = BPF_CORE_READ(dentry, d_name.len);
	name.name = BPF_CORE_READ(dentry, d_name.name);
	at = w->at & (2 * PATH_BYTES - 1);
	length = name.len & (NAME_BYTES - 1);
	if (name.len >= NAME_BYTES || w->at >= 2 * PATH_BYTES - NAME_BYTES)
		return 1;
	bpf_probe_read_kernel(out->payload + at, length, name.name);
	at += length;
	out->payload[at & (PAYLOAD_BYTES - 1)] = 0;
	w->at = at + 1;
	if (parent == dentry) {
		w->flags = PATH_DETACHED;
		return 1;
	}
	w->dentry = parent;
	return 0;
}

/*
 * Appends the names from leaf to root at `at` of the payload, each closed by a zero byte; the root
 * gives no name, so "/" is zero bytes. Returns where the names end, at most 2 * PATH_BYTES.
 */
static __always_inline u32 walk_path(struct task_struct *task, const struct path *path, u32 at, u16 *flags)
{
	struct walk w = {
		.dentry = BPF_CORE_READ(path, dentry),
		.mount = BPF_CORE_READ(path, mnt),
		.root = BPF_CORE_READ(task, fs, root.dentry),
		.root_mount = BPF_CORE_READ(task, fs, root.mnt),
		.at = at,
		.flags = PATH_CUT,
	};

	bpf_loop(PATH_DEPTH, walk_up, &w, 0);
	*flags |= w.flags;
	return w.at & (2 * PATH_BYTES - 1);
}

static __always_inline u64 mixed(u64 hash, u64 more)
{
	hash = (hash ^ more) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

static __always_inline struct file *file_of(s32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **fds = BPF_CORE_READ(table, fd), *file = NULL;

	if (fd < 0 || (u32)fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), fds + fd);
	return file;
}

#endif
