// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Files that were opened, mapped, executed or changed by a handle, seen when the system call has
 * succeeded and named by the kernel's own dentries: what was really opened, whatever it was called.
 */
#define KEPT_FILES 131072
#define WAITING_BYTES (1 << 24)
#include "file_event.h"

#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20
#define O_ACCMODE 3
#define O_WRONLY 1
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_PATH 010000000
#define FMODE_CREATED (1 << 20)
#define S_IFMT 0170000
#define S_IFDIR 0040000
#define AT_BASE 7
#define AUXILIARY_PAIRS 32
#define ENOENT 2

static __always_inline int record_file(struct file *file, u32 access)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct file_event *e = event(FILE_BY_HANDLE);
	struct file_key key;

	if (!e)
		return 0;
	e->key.access = access;
	e->key.inode = BPF_CORE_READ(inode, i_ino);
	e->key.generation = BPF_CORE_READ(inode, i_generation);
	e->key.device = BPF_CORE_READ(inode, i_sb, s_dev);
	e->key.place = place_of(task, __builtin_preserve_access_index(&file->f_path));
	key = e->key;
	if (repeated(&files, &key, e->time))
		return 0;
	e->mode = BPF_CORE_READ(inode, i_mode);
	e->owner = BPF_CORE_READ(inode, i_uid.val) == BPF_CORE_READ(task, cred, fsuid.val);
	e->path_bytes = walk_path(task, __builtin_preserve_access_index(&file->f_path), 0, &e->path_flags);
	/* As d_unlinked() of the kernel: deleted, or never named (O_TMPFILE). */
	if (!BPF_CORE_READ(dentry, d_hash.pprev) && BPF_CORE_READ(dentry, d_parent) != dentry)
		e->path_flags |= PATH_DETACHED;
	return send(e, e->path_bytes);
}

static __always_inline int record_handle(s32 fd, u32 access)
{
	struct file *file = file_of(fd);

	return file ? record_file(file, access) : 0;
}

/* `asked` has O_TRUNC, which the open file's own flags do not keep. */
static __always_inline int record_open(s32 fd, u64 asked)
{
	struct file *file;
	u32 flags, access = 0;

	if (!current_subject())
		return 0;
	file = file_of(fd);
	flags = BPF_CORE_READ(file, f_flags);
	/* A place in the tree, not its content. */
	if (!file || flags & O_PATH)
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFDIR)
		return record_file(file, ACCESS_LIST);
	if ((flags & O_ACCMODE) != O_WRONLY)
		access |= ACCESS_READ;
	if (flags & O_ACCMODE)
		access |= flags & O_APPEND ? ACCESS_APPEND : ACCESS_WRITE;
	if (BPF_CORE_READ(file, f_mode) & FMODE_CREATED)
		access |= ACCESS_CREATE;
	else if (asked & O_TRUNC)
		access |= ACCESS_TRUNCATE;
	return record_file(file, access);
}

static long record_mapping(struct task_struct *task, struct vm_area_struct *vma, u32 *access)
{
	struct file *file = BPF_CORE_READ(vma, vm_file);

	return file ? record_file(file, *access) : 0;
}

/* The file that is mapped at an address of the current task. */
static __always_inline int record_mapped(u64 address, u32 access)
{
	long error;

	if (!current_subject())
		return 0;
	error = bpf_find_vma(bpf_get_current_task_btf(), address, record_mapping, &access, 0);
	if (error && error != -ENOENT)
		COUNT_LOST();
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(record_file_call, struct pt_regs *regs, long ret)
{
	u64 a = argument(regs, 0), b = argument(regs, 1), c = argument(regs, 2), d = argument(regs, 3);
	u32 nr = syscall_number(regs), same = nr;

	/* Addresses may look negative; errors are the last page's. */
	if ((ret < 0 && ret > -4096) || abi_of(bpf_get_current_task_btf(), &same) != ABI_NATIVE)
		return 0;
	switch (nr) {
	case NR_OPENAT:
		return record_open(ret, c);
	case NR_OPEN:
		return record_open(ret, b);
	case NR_CREAT:
		return record_open(ret, O_TRUNC);
	case NR_OPENAT2: /* struct open_how begins with the flags */
		bpf_probe_read_user(&b, sizeof(b), (void *)c);
		return record_open(ret, b);
	case NR_OPEN_BY_HANDLE_AT:
		return record_open(ret, c);
	case NR_MMAP:
		return c & PROT_EXEC && !(d & MAP_ANONYMOUS) ? record_handle(argument(regs, 4), ACCESS_MAP_EXECUTABLE) : 0;
	case NR_MPROTECT:
	case NR_PKEY_MPROTECT:
		return c & PROT_EXEC ? record_mapped(a, ACCESS_MAP_EXECUTABLE) : 0;
	case NR_FCHMOD:
		return record_handle(a, ACCESS_CHMOD);
	case NR_FCHOWN:
		return record_handle(a, ACCESS_CHOWN);
	case NR_FTRUNCATE:
		return record_handle(a, ACCESS_TRUNCATE);
	case NR_IO_URING_SETUP:
		/* Files opened through a ring pass by here. */
		if (current_subject())
			COUNT_UNCERTAIN();
		return 0;
	default:
		return 0;
	}
}

/* The dynamic linker is opened and mapped by the kernel, in no system call of its own: exec leaves its address. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(record_executed, struct task_struct *task, s32 old_pid, struct linux_binprm *bprm)
{
	struct mm_struct *mm = task->mm;
	u64 pair[2] = {};

	if (!current_subject())
		return 0;
	record_file(bprm->file, ACCESS_EXECUTE);
	for (int i = 0; i < AUXILIARY_PAIRS; i++) {
		if (bpf_probe_read_kernel(pair, sizeof(pair),
					  (void *)mm + bpf_core_field_offset(struct mm_struct, saved_auxv) +
						  i * sizeof(pair)) ||
		    !pair[0])
			return 0;
		if (pair[0] == AT_BASE)
			break;
	}
	return pair[0] == AT_BASE && pair[1] ? record_mapped(pair[1], ACCESS_READ | ACCESS_MAP_EXECUTABLE) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
