/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Mounts that were made, sent when they are new: by mount(2) with its strings as given and the folder that they
 * are relative to; by a handle (fsmount, move_mount) as the kernel has them. Trees that were cloned or moved
 * by handles do not tell where they came from: that is noted as not seen.
 */
#ifndef KGUARDIAN_MOUNTS_H
#define KGUARDIAN_MOUNTS_H

#include "tasks.h"

#define MOUNT_NAME_BYTES 4096 /* the kernel takes none that is longer */
#define MOUNT_TYPE_BYTES 256
#define MOUNT_ROOM (2 * PATH_BYTES) /* for names, then for the folder: see walk_path */
#define OPEN_TREE_CLONE 1
#define MOVE_MOUNT_F_EMPTY_PATH 4

/* What was sent, by a hash of all that was said. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct sighting);
} mounts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} mount_events SEC(".maps");

/* Clones that were made by open_tree: a mount's address, which is never followed. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, u8);
} clones SEC(".maps");

static long mix_word(u32 index, u64 *hash)
{
	struct message *m = scratch();

	if (!m)
		return 1;
	*hash = mixed(*hash, *(u64 *)(m->payload + ((index * 8) & (PAYLOAD_BYTES - 8))));
	return 0;
}

static __always_inline struct mount_event *mount_event(u32 subject, u64 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mount_event *e = (void *)scratch();

	if (!e)
		return NULL;
	__builtin_memset(e, 0, sizeof(*e));
	e->time = bpf_ktime_get_ns();
	e->program = program_of(task);
	e->flags = flags;
	e->subject = subject;
	e->pid = task->tgid;
	e->phase = phase_of(subject, task);
	return e;
}

/* `bytes` of payload are filled. */
static __always_inline void send_mount(struct mount_event *e, u32 bytes)
{
	char *payload = ((struct message *)e)->payload;
	u32 end = bytes;
	u64 hash = e->program ^ e->flags ^ (u64)e->subject << 32 ^ e->phase;
	struct sighting *old, fresh = { .first = e->time, .last = e->time, .count = 1 };

	/* Up to a whole word. */
	asm volatile("" : "+r"(end));
	end &= PAYLOAD_BYTES - 1;
	if (end <= PAYLOAD_BYTES - 8)
		*(u64 *)(payload + end) = 0;
	bpf_loop((bytes + 7) / 8, mix_word, &hash, 0);
	old = bpf_map_lookup_elem(&mounts, &hash);
	if (old) {
		sight(old, e->time);
		return;
	}
	bpf_map_update_elem(&mounts, &hash, &fresh, BPF_ANY);
	if (bpf_ringbuf_output(&mount_events, e, HEADER_BYTES + (bytes & (PAYLOAD_BYTES - 1)), 0)) {
		COUNT_LOST();
		bpf_map_delete_elem(&mounts, &hash);
	}
}

/* Appends a string; its length with the zero byte, 0 for none. False where it did not fit. */
static __always_inline bool take_text(char *payload, u32 *at, u16 *taken, u32 room, u64 text, bool kernels)
{
	u32 from = *at;
	long n = 0;

	if (!text)
		return true;
	/* The verifier of 6.1 does not see that the sum of lengths is bounded. */
	asm volatile("" : "+r"(from));
	from &= MOUNT_ROOM - 1;
	if (kernels)
		n = bpf_probe_read_kernel_str(payload + from, room, (void *)text);
	else
		n = bpf_probe_read_user_str(payload + from, room, (void *)text);
	if (n <= 0 || n >= room)
		return false;
	*taken = n;
	*at = from + n;
	return *at <= MOUNT_ROOM - NAME_BYTES;
}

static __always_inline void record_mount(u32 subject, struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mount_event *e = mount_event(subject, argument(regs, 3));
	char *payload;
	u32 at = 0;

	if (!e)
		return;
	payload = ((struct message *)e)->payload;
	if (!take_text(payload, &at, &e->source_bytes, MOUNT_NAME_BYTES, argument(regs, 0), false) ||
	    !take_text(payload, &at, &e->target_bytes, MOUNT_NAME_BYTES, argument(regs, 1), false) ||
	    !take_text(payload, &at, &e->type_bytes, MOUNT_TYPE_BYTES, argument(regs, 2), false)) {
		COUNT_LOST();
		return;
	}
	e->path_bytes = walk_path(task, __builtin_preserve_access_index(&task->fs->pwd), at, &e->path_flags) - at;
	send_mount(e, at + e->path_bytes);
}

static __always_inline void note_tree(u32 subject, s32 fd, u64 flags)
{
	struct file *file = flags & OPEN_TREE_CLONE ? file_of(fd) : NULL;
	u64 mount = file ? (u64)BPF_CORE_READ(file, f_path.mnt) : 0;
	u8 one = 1;

	if (mount)
		bpf_map_update_elem(&clones, &mount, &one, BPF_ANY);
}

/* What a handle holds was put into the tree: the handle's own path leads there now. */
static __always_inline void record_moved(u32 subject, struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = argument(regs, 4) & MOVE_MOUNT_F_EMPTY_PATH ? file_of(argument(regs, 0)) : NULL;
	u64 name = argument(regs, 1), mount = file ? (u64)BPF_CORE_READ(file, f_path.mnt) : 0;
	struct mount_event *e;
	struct mount *m;
	char *payload, first = 0;
	u32 at = 0;

	if (name)
		bpf_probe_read_user(&first, sizeof(first), (void *)name);
	if (!mount || first || bpf_map_lookup_elem(&clones, &mount)) {
		note_unseen(subject, UNSEEN_MOUNTS);
		return;
	}
	e = mount_event(subject, BPF_CORE_READ((struct vfsmount *)mount, mnt_flags));
	if (!e)
		return;
	e->by_handle = 1;
	payload = ((struct message *)e)->payload;
	m = (void *)mount - bpf_core_field_offset(struct mount, mnt);
	if (!take_text(payload, &at, &e->source_bytes, MOUNT_NAME_BYTES, (u64)BPF_CORE_READ(m, mnt_devname), true) ||
	    !take_text(payload, &at, &e->type_bytes, MOUNT_TYPE_BYTES, (u64)BPF_CORE_READ(m, mnt.mnt_sb, s_type, name),
		       true)) {
		COUNT_LOST();
		return;
	}
	e->path_bytes = walk_path(task, __builtin_preserve_access_index(&file->f_path), at, &e->path_flags) - at;
	send_mount(e, at + e->path_bytes);
}

#endif
