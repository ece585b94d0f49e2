// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Files that were opened, mapped, executed or changed, seen when the system call has succeeded. What is
 * open is named by the kernel's own dentries; what is only named is sent with the folder that the name
 * is relative to, and user space follows the links. Repeats are sorted out before any path is walked.
 *
 * Sizes: 65,536 files are kept apart (evicting one only repeats it), 16 MiB of events may wait.
 */
#include "scope.h"
#include "path.h"
#include "numbers.h"

#define NAME_GIVEN_BYTES 4096
#define AT_FDCWD -100
#define AT_REMOVEDIR 0x200
#define AT_SYMLINK_NOFOLLOW 0x100
#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20
#define O_ACCMODE 3
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_PATH 010000000
#define FMODE_CREATED (1 << 20)
#define S_IFMT 0170000
#define S_IFDIR 0040000

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct file_key);
	__type(value, struct sighting);
} files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} file_events SEC(".maps");

/* Of their own: attempts that fail are many and never become a permission. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct file_key);
	__type(value, struct sighting);
} failures SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} failure_events SEC(".maps");

u32 renames;

/* The message of this CPU with everything in it but names; NULL when nobody watches. */
static __always_inline struct file_event *event(u8 operation)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file_event *e = (void *)scratch();
	u32 subject = current_subject();

	if (!e || !subject)
		return NULL;
	__builtin_memset(e, 0, sizeof(*e));
	e->time = bpf_ktime_get_ns();
	e->pid = task->tgid;
	e->key.program = program_of(task);
	e->key.subject = subject;
	e->key.phase = phase_of(subject, task);
	e->key.operation = operation;
	e->key.renames = renames;
	return e;
}

/* Sends what is new; a repeat is only counted. */
static __always_inline int send_new(struct file_event *e, u32 payload)
{
	u64 size = HEADER_BYTES + (payload & (PAYLOAD_BYTES - 1));
	struct file_key key = e->key;

	if (key.operation == FILE_OPEN_FAILED) {
		bpf_ringbuf_output(&failure_events, e, size, 0);
	} else if (bpf_ringbuf_output(&file_events, e, size, 0)) {
		COUNT_LOST();
		/* The next time is another chance. */
		bpf_map_delete_elem(&files, &key);
	}
	return 0;
}

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

static __always_inline int record_file(struct file *file, u32 access)
{
	struct file_event *e = event(FILE_BY_HANDLE);
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct task_struct *task = bpf_get_current_task_btf();
	struct file_key key;

	if (!e)
		return 0;
	e->key.access = access;
	e->key.mount = (u64)BPF_CORE_READ(file, f_path.mnt);
	e->key.parent = BPF_CORE_READ(dentry, d_parent, d_inode, i_ino);
	e->key.inode = BPF_CORE_READ(inode, i_ino);
	e->key.device = BPF_CORE_READ(inode, i_sb, s_dev);
	e->key.name = BPF_CORE_READ(dentry, d_name.hash);
	key = e->key;
	if (repeated(&files, &key, e->time))
		return 0;
	e->mode = BPF_CORE_READ(inode, i_mode);
	e->owner = BPF_CORE_READ(inode, i_uid.val) == BPF_CORE_READ(task, cred, fsuid.val);
	e->path_bytes = walk_path(task, __builtin_preserve_access_index(&file->f_path), 0, &e->path_flags);
	return send_new(e, e->path_bytes);
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

static __always_inline int record_handle(s32 fd, u32 access)
{
	struct file *file = file_of(fd);

	return file ? record_file(file, access) : 0;
}

static __always_inline int record_open(s32 fd)
{
	struct file *file = file_of(fd);
	u32 flags, mode, access = 0;

	if (!file)
		return 0;
	flags = BPF_CORE_READ(file, f_flags);
	/* A place in the tree, not its content. */
	if (flags & O_PATH)
		return 0;
	mode = flags & O_ACCMODE;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFDIR)
		return record_file(file, ACCESS_LIST);
	if (mode != 1)
		access |= ACCESS_READ;
	if (mode)
		access |= flags & O_APPEND ? ACCESS_APPEND : ACCESS_WRITE;
	if (BPF_CORE_READ(file, f_mode) & FMODE_CREATED)
		access |= ACCESS_CREATE;
	else if (flags & O_TRUNC)
		access |= ACCESS_TRUNCATE;
	return record_file(file, access);
}

struct hashing {
	u64 hash;
	u32 at;
};

static long hash_byte(u32 index, struct hashing *h)
{
	struct message *m = scratch();
	u32 at = h->at + index;

	if (!m || at >= PAYLOAD_BYTES || !m->payload[at])
		return 1;
	h->hash = (h->hash ^ (u8)m->payload[at]) * 0x100000001b3ULL;
	return 0;
}

/* Appends a name that the caller gave; returns where it ends. */
static __always_inline u32 take_name(struct file_event *e, const char *name, u32 at, u16 *bytes)
{
	char *payload = ((struct message *)e)->payload;
	struct hashing h = { .hash = e->key.name * 31 + 7 };
	long n;

	at &= PAYLOAD_BYTES - 1;
	if (at > PAYLOAD_BYTES - NAME_GIVEN_BYTES)
		return at;
	if (e->key.operation == FILE_SCRIPT)
		n = bpf_probe_read_kernel_str(payload + at, NAME_GIVEN_BYTES, name);
	else
		n = bpf_probe_read_user_str(payload + at, NAME_GIVEN_BYTES, name);
	if (n <= 0)
		return at;
	if (n == NAME_GIVEN_BYTES)
		e->path_flags |= PATH_CUT;
	h.at = at;
	bpf_loop(NAME_GIVEN_BYTES, hash_byte, &h, 0);
	e->key.name = h.hash;
	*bytes = n;
	return at + (n & (2 * NAME_GIVEN_BYTES - 1));
}

/* An operation on one or two names, the first relative to `fd`. */
static __always_inline int record_names(u8 operation, s32 fd, u64 first, u64 second, bool follows, s32 error)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file_event *e = event(operation);
	struct file_key key;
	struct file *folder;
	u32 at;

	if (!e)
		return 0;
	e->follows = follows;
	e->key.error = error;
	if (fd == AT_FDCWD) {
		struct fs_struct *fs = task->fs;

		e->key.mount = (u64)BPF_CORE_READ(fs, pwd.dentry);
		at = walk_path(task, __builtin_preserve_access_index(&fs->pwd), 0, &e->path_flags);
	} else {
		folder = file_of(fd);
		if (!folder)
			return 0;
		e->key.mount = (u64)BPF_CORE_READ(folder, f_path.dentry);
		at = walk_path(task, __builtin_preserve_access_index(&folder->f_path), 0, &e->path_flags);
	}
	e->path_bytes = at;
	at = take_name(e, (const char *)first, at, &e->first_bytes);
	if (second)
		at = take_name(e, (const char *)second, at, &e->second_bytes);
	key = e->key;
	if (operation == FILE_OPEN_FAILED ? repeated(&failures, &key, e->time) : repeated(&files, &key, e->time))
		return 0;
	return send_new(e, at);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(record_file_call, struct pt_regs *regs, long ret)
{
	u32 nr = syscall_number(regs), abi_nr = nr;
	u64 a = argument(regs, 0), b = argument(regs, 1), c = argument(regs, 2), d = argument(regs, 3);
	s32 fd = a, at = AT_FDCWD;

	switch (nr) {
	case NR_OPENAT:
	case NR_OPENAT2:
		at = fd;
		a = b;
		/* fallthrough */
	case NR_OPEN:
	case NR_CREAT:
		if (abi_of(bpf_get_current_task_btf(), &abi_nr) != ABI_NATIVE)
			return 0;
		return ret >= 0 ? record_open(ret) : record_names(FILE_OPEN_FAILED, at, a, 0, true, -ret);
	}
	if (ret < 0 && ret > -4096)
		return 0;
	switch (nr) {
	case NR_OPEN_BY_HANDLE_AT:
		return record_open(ret);
	case NR_MMAP:
		return c & PROT_EXEC && !(d & MAP_ANONYMOUS) ? record_handle(argument(regs, 4), ACCESS_MAP_EXECUTABLE) : 0;
	case NR_FCHMOD:
		return record_handle(fd, ACCESS_CHMOD);
	case NR_FCHOWN:
		return record_handle(fd, ACCESS_CHOWN);
	case NR_FTRUNCATE:
		return record_handle(fd, ACCESS_TRUNCATE);
	case NR_IO_URING_SETUP:
		/* Files opened through a ring pass by here. */
		if (current_subject())
			COUNT_UNCERTAIN();
		return 0;
	default:
		return 0;
	}
}

SEC("tp_btf/sys_exit")
int BPF_PROG(record_name_call, struct pt_regs *regs, long ret)
{
	u32 nr = syscall_number(regs), operation = 0;
	u64 a = argument(regs, 0), b = argument(regs, 1), c = argument(regs, 2), d = argument(regs, 3);
	u64 flags = 0, first = a, second = 0;
	s32 at = AT_FDCWD;
	bool follows = false;

	if (ret)
		return 0;
	switch (nr) {
	case NR_MKDIRAT:
		at = a, first = b;
		/* fallthrough */
	case NR_MKDIR:
		operation = FILE_MKDIR;
		break;
	case NR_RMDIR:
		operation = FILE_RMDIR;
		break;
	case NR_UNLINKAT:
		at = a, first = b;
		operation = c & AT_REMOVEDIR ? FILE_RMDIR : FILE_UNLINK;
		break;
	case NR_UNLINK:
		operation = FILE_UNLINK;
		break;
	case NR_RENAMEAT:
	case NR_RENAMEAT2:
		/* Mostly within one folder; a name in another one comes as an event of its own. */
		at = a, first = b, second = d;
		if ((s32)c != at) {
			record_names(FILE_RENAME_TO, c, d, 0, false, 0);
			second = 0;
		}
		operation = FILE_RENAME;
		break;
	case NR_RENAME:
		second = b;
		operation = FILE_RENAME;
		break;
	case NR_LINKAT:
		at = a, first = b, second = d;
		if ((s32)c != at) {
			record_names(FILE_LINK_TO, c, d, 0, false, 0);
			second = 0;
		}
		operation = FILE_LINK;
		break;
	case NR_LINK:
		second = b;
		operation = FILE_LINK;
		break;
	case NR_SYMLINKAT: /* the target is text, not a file */
		at = b, first = c;
		operation = FILE_SYMLINK;
		break;
	case NR_SYMLINK:
		first = b;
		operation = FILE_SYMLINK;
		break;
	case NR_MKNODAT:
		at = a, first = b;
		/* fallthrough */
	case NR_MKNOD:
		operation = FILE_MKNOD;
		break;
	case NR_FCHMODAT2:
		flags = d;
		/* fallthrough */
	case NR_FCHMODAT:
		at = a, first = b;
		/* fallthrough */
	case NR_CHMOD:
		operation = FILE_CHMOD;
		follows = !(flags & AT_SYMLINK_NOFOLLOW);
		break;
	case NR_FCHOWNAT:
		at = a, first = b;
		flags = argument(regs, 4);
		/* fallthrough */
	case NR_CHOWN:
		follows = !(flags & AT_SYMLINK_NOFOLLOW);
		/* fallthrough */
	case NR_LCHOWN:
		operation = FILE_CHOWN;
		break;
	case NR_TRUNCATE:
		operation = FILE_TRUNCATE;
		follows = true;
		break;
	case NR_MOUNT: /* source and target */
		first = b;
		operation = FILE_MOUNT;
		follows = true;
		break;
	case NR_UMOUNT2:
		operation = FILE_UNMOUNT;
		follows = true;
		break;
	default:
		return 0;
	}
	if (operation == FILE_RENAME && current_subject())
		__sync_fetch_and_add(&renames, 1);
	return record_names(operation, at, first, second, follows, 0);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(record_executed, struct task_struct *task, s32 old_pid, struct linux_binprm *bprm)
{
	const char *filename = BPF_CORE_READ(bprm, filename);

	record_file(bprm->file, ACCESS_EXECUTE);
	if (BPF_CORE_READ(bprm, interp) != filename)
		record_names(FILE_SCRIPT, AT_FDCWD, (u64)filename, 0, true, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
