/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was done with names: folders made, files moved, removed and changed, scripts executed, Unix sockets
 * spoken to; and opens that failed. Sent with the folder that the name is relative to; user space follows the links.
 */
#ifndef KGUARDIAN_FILE_NAMES_H
#define KGUARDIAN_FILE_NAMES_H

#include "file_event.h"

#define NAME_GIVEN_BYTES 4096 /* the kernel takes none that is longer */
#define FIRST_AT (2 * PATH_BYTES) /* behind the longest path */
#define SECOND_AT (FIRST_AT + NAME_GIVEN_BYTES)
#define AT_FDCWD -100
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_REMOVEDIR 0x200
#define AT_SYMLINK_FOLLOW 0x400
#define SUN_PATH_BYTES 108
#define SUN_PATH_AT 2

/* Of their own: attempts that fail are many and never become a permission. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct file_key);
	__type(value, struct sighting);
} failures SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} failure_events SEC(".maps");

struct hashing {
	u64 hash;
	u32 at;
};

static long hash_word(u32 index, struct hashing *h)
{
	struct message *m = scratch();
	u32 at = (h->at + index * 8) & (PAYLOAD_BYTES - 8);

	if (!m)
		return 1;
	h->hash = mixed(h->hash, *(u64 *)(m->payload + at));
	return 0;
}

/*
 * Copies a name that the caller gave, `bytes` of it at most, and mixes it into the place; returns its length with
 * the zero byte, or 0.
 */
static __always_inline u32 take_name(struct file_event *e, u64 name, u32 at, u32 bytes)
{
	char *payload = ((struct message *)e)->payload;
	struct hashing h = { .hash = e->key.place, .at = at };
	long n;

	if (e->key.operation == FILE_SCRIPT)
		n = bpf_probe_read_kernel_str(payload + at, NAME_GIVEN_BYTES, (void *)name);
	else
		n = bpf_probe_read_user_str(payload + at, bytes, (void *)name);
	if (n <= 0 || n > NAME_GIVEN_BYTES)
		return 0;
	/* What an earlier name left behind must not count. */
	if (n < NAME_GIVEN_BYTES - 8)
		__builtin_memset(payload + at + n, 0, 8);
	bpf_loop((u32)(n + 7) / 8, hash_word, &h, 0);
	e->key.place = h.hash;
	return n;
}

/* Where names with that handle begin; NULL for a handle that is none. */
static __always_inline const struct path *folder_of(struct task_struct *task, s32 fd)
{
	struct file *file;

	if (fd == AT_FDCWD)
		return __builtin_preserve_access_index(&task->fs->pwd);
	file = file_of(fd);
	return file ? __builtin_preserve_access_index(&file->f_path) : NULL;
}

/* An operation on one or two names, relative to `fd`. */
struct names {
	u8 operation;
	s32 fd;
	u64 first, second;
	bool follows; /* a symlink, where it is the first name */
	s32 error;
	u32 path_bytes; /* of a Unix socket's path, which need not end with a zero byte; with one */
};

static __always_inline int record_names(const struct names *n)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 subject = current_subject();
	struct file_event *e = subject ? event(subject, n->operation) : NULL;
	const struct path *folder;
	char *payload;
	struct file_key key;
	u32 at = 0, first_bytes, second_bytes = 0;

	if (!e)
		return 0;
	payload = ((struct message *)e)->payload;
	e->key.follows = n->follows;
	e->key.error = n->error;
	folder = folder_of(task, n->fd);
	e->key.place = folder ? place_of(task, folder) : (u64)BPF_CORE_READ(task, fs, root.dentry);
	first_bytes = take_name(e, n->first, FIRST_AT, n->path_bytes ? n->path_bytes & 127 : NAME_GIVEN_BYTES);
	if (n->second)
		second_bytes = take_name(e, n->second, SECOND_AT, NAME_GIVEN_BYTES);
	if (!first_bytes || (n->second && !second_bytes) || (!folder && payload[FIRST_AT] != '/')) {
		if (!n->error)
			COUNT_LOST();
		return 0;
	}
	key = e->key;
	if (n->error ? repeated(&failures, &key, e->time) : repeated(&files, &key, e->time))
		return 0;
	if (folder)
		at = walk_path(task, folder, 0, &e->path_flags);
	e->path_bytes = at;
	e->first_bytes = first_bytes;
	e->second_bytes = second_bytes;
	/* Down to the path's end: forward copies, so they may overlap. */
	bpf_probe_read_kernel(payload + at, first_bytes, payload + FIRST_AT);
	at += first_bytes;
	if (second_bytes)
		bpf_probe_read_kernel(payload + at, second_bytes, payload + SECOND_AT);
	at += second_bytes;
	if (n->error)
		return bpf_ringbuf_output(&failure_events, e, HEADER_BYTES + (at & (PAYLOAD_BYTES - 1)), 0);
	return send(e, at);
}

static __always_inline bool native(u32 nr)
{
	if (abi_of(bpf_get_current_task_btf(), &nr) == ABI_NATIVE)
		return true;
	/* Other numbers, other registers: not read. */
	if (current_subject())
		COUNT_FOREIGN();
	return false;
}

/* A Unix socket that has a path is spoken to at this address; false for any other. */
static __always_inline bool unix_path(struct names *n, u64 address, u32 length)
{
	struct {
		u16 family;
		u8 first;
		u8 pad;
	} head = {};

	if (!address || length <= SUN_PATH_AT ||
	    bpf_probe_read_user(&head, SUN_PATH_AT + 1, (void *)address) || head.family != AF_UNIX || !head.first)
		return false;
	length -= SUN_PATH_AT;
	*n = (struct names){ FILE_CONNECT, AT_FDCWD, address + SUN_PATH_AT, 0, true };
	n->path_bytes = (length > SUN_PATH_BYTES ? SUN_PATH_BYTES : length) + 1;
	return true;
}

/* Where a datagram goes, if it says so. */
static __always_inline bool message_path(struct names *n, u64 message)
{
	struct {
		u64 name;
		u32 length;
		u32 pad;
	} head = {};

	return !bpf_probe_read_user(&head, sizeof(head), (void *)message) && unix_path(n, head.name, head.length);
}

#define HERE(op, name, ...) ((struct names){ FILE_##op, AT_FDCWD, name, ##__VA_ARGS__ })
#define AT(op, fd, name, ...) ((struct names){ FILE_##op, fd, name, ##__VA_ARGS__ })

/* A call that returned 0, or failed. */
static __noinline int record_name_call(struct pt_regs *regs, u32 nr, long ret)
{
	u64 a = argument(regs, 0), b = argument(regs, 1), c = argument(regs, 2), d = argument(regs, 3);
	u64 e = argument(regs, 4);
	struct names n = {};

	if (!native(nr))
		return 0;
	switch (nr) {
	case NR_OPEN:
	case NR_CREAT: n = HERE(OPEN_FAILED, a, 0, true, -ret); break;
	case NR_OPENAT:
	case NR_OPENAT2: n = AT(OPEN_FAILED, a, b, 0, true, -ret); break;
	case NR_MKDIR: n = HERE(MKDIR, a); break;
	case NR_MKDIRAT: n = AT(MKDIR, a, b); break;
	case NR_RMDIR: n = HERE(RMDIR, a); break;
	case NR_UNLINK: n = HERE(UNLINK, a); break;
	case NR_UNLINKAT: n = AT(UNLINK, a, b); n.operation = c & AT_REMOVEDIR ? FILE_RMDIR : FILE_UNLINK; break;
	case NR_RENAME: n = HERE(RENAME, a, b); break;
	case NR_RENAMEAT:
	case NR_RENAMEAT2: n = AT(RENAME, a, b, d); break;
	case NR_LINK: n = HERE(LINK, a, b); break;
	case NR_LINKAT: n = AT(LINK, a, b, d, e & AT_SYMLINK_FOLLOW); break;
	case NR_SYMLINK: n = HERE(SYMLINK, b); break; /* the target is text, not a file */
	case NR_SYMLINKAT: n = AT(SYMLINK, b, c); break;
	case NR_MKNOD: n = HERE(MKNOD, a); break;
	case NR_MKNODAT: n = AT(MKNOD, a, b); break;
	case NR_CHMOD: n = HERE(CHMOD, a, 0, true); break;
	case NR_FCHMODAT: n = AT(CHMOD, a, b, 0, true); break;
	case NR_FCHMODAT2: n = AT(CHMOD, a, b, 0, !(d & AT_SYMLINK_NOFOLLOW)); break;
	case NR_CHOWN: n = HERE(CHOWN, a, 0, true); break;
	case NR_LCHOWN: n = HERE(CHOWN, a); break;
	case NR_FCHOWNAT: n = AT(CHOWN, a, b, 0, !(e & AT_SYMLINK_NOFOLLOW)); break;
	case NR_TRUNCATE: n = HERE(TRUNCATE, a, 0, true); break;
	case NR_MOUNT: n = HERE(MOUNT, b, 0, true); break; /* source and target */
	case NR_UMOUNT2: n = HERE(UNMOUNT, a, 0, true); break;
	case NR_CONNECT:
		if (ret || !unix_path(&n, b, c))
			return 0;
		break;
	case NR_SENDTO:
		if (!unix_path(&n, e, argument(regs, 5)))
			return 0;
		break;
	case NR_SENDMSG:
		if (!message_path(&n, b))
			return 0;
		break;
	default: return 0;
	}
	/* Of what fails only opens are kept. */
	if ((ret != 0) != (n.operation == FILE_OPEN_FAILED))
		return 0;
	/* Mostly within one folder; a second name in another one comes as an event of its own. */
	if ((nr == NR_RENAMEAT || nr == NR_RENAMEAT2 || nr == NR_LINKAT) && (s32)c != n.fd) {
		struct names other = AT(RENAME_TO, c, d);

		if (nr == NR_LINKAT)
			other.operation = FILE_LINK_TO;
		record_names(&other);
		n.second = 0;
	}
	return record_names(&n);
}

/* The kernel runs its interpreter instead. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(record_script, struct task_struct *task, s32 old_pid, struct linux_binprm *bprm)
{
	struct names n = HERE(SCRIPT, (u64)bprm->filename, 0, true);

	return bprm->interp == bprm->filename ? 0 : record_names(&n);
}

#endif
