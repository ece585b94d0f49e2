// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Files that were opened, mapped, executed or changed by a handle, seen when the system call has
 * succeeded and named by the kernel's own dentries: what was really opened, whatever it was called.
 */
#include "file_event.h"
#include "file_names.h"

#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20
#define O_ACCMODE 3
#define O_WRONLY 1
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_PATH 010000000
#define FMODE_CREATED (1 << 20)
#define FMODE_BACKING (3 << 24) /* bit 25 when it came in 6.7, bit 24 since 6.14 */
#define FMODE_NOACCOUNT (1 << 29) /* backing files have it too, and no other file that a program holds */
#define S_IFMT 0170000
#define S_IFDIR 0040000
#define AT_BASE 7
#define AUXILIARY_PAIRS 32
#define ENOENT 2
#define LOCK_EX 2
#define F_GETLK 5
#define F_SETLKW 7
#define F_OFD_GETLK 36
#define F_OFD_SETLKW 38
#define F_SETLEASE 1024

/* What was opened: of a stacked file system's file the lower one is mapped, which has a mount of nobody's. */
static __always_inline const struct path *path_of(struct file *file)
{
	struct backing_file *backing = (void *)file;
	u32 mode = BPF_CORE_READ(file, f_mode);

	if (bpf_core_field_exists(backing->user_path) && mode & FMODE_NOACCOUNT && mode & FMODE_BACKING)
		return __builtin_preserve_access_index(&backing->user_path);
	return __builtin_preserve_access_index(&file->f_path);
}

static __always_inline int record_path(u32 subject, const struct path *path, struct inode *inode, u32 access)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct dentry *dentry = BPF_CORE_READ(path, dentry);
	struct file_event *e = event(subject, FILE_BY_HANDLE);
	struct file_key key;

	if (!e)
		return 0;
	e->key.access = access;
	e->key.inode = BPF_CORE_READ(inode, i_ino);
	e->key.generation = BPF_CORE_READ(inode, i_generation);
	e->key.device = BPF_CORE_READ(inode, i_sb, s_dev);
	e->key.place = place_of(task, path);
	key = e->key;
	if (repeated(&files, &key, e->time))
		return 0;
	e->mode = BPF_CORE_READ(inode, i_mode);
	e->owner = BPF_CORE_READ(inode, i_uid.val) == BPF_CORE_READ(task, cred, fsuid.val);
	e->path_bytes = walk_path(task, path, 0, &e->path_flags);
	/* As d_unlinked() of the kernel: deleted, or never named (O_TMPFILE). */
	if (!BPF_CORE_READ(dentry, d_hash.pprev) && BPF_CORE_READ(dentry, d_parent) != dentry)
		e->path_flags |= PATH_DETACHED;
	return send(e, e->path_bytes);
}

static __always_inline int record_file(u32 subject, struct file *file, u32 access)
{
	return record_path(subject, path_of(file), BPF_CORE_READ(file, f_inode), access);
}

/* A Unix socket that was bound to a path: the kernel has made a file there, which the socket knows. */
static __always_inline int record_bound(u32 subject, struct file *file)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct unix_sock *sk = (void *)BPF_CORE_READ(socket, sk);
	struct dentry *dentry;

	if (BPF_CORE_READ((struct sock *)sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	dentry = BPF_CORE_READ(sk, path.dentry);
	return dentry ? record_path(subject, __builtin_preserve_access_index(&sk->path),
				    BPF_CORE_READ(dentry, d_inode), ACCESS_CREATE) :
			0;
}

/* What an open asked for; `asked` has O_TRUNC, which the open file's own flags do not keep. 0: no access. */
static __always_inline u32 access_of(struct file *file, u64 asked)
{
	u32 flags = BPF_CORE_READ(file, f_flags), access = 0;

	/* A place in the tree, not its content. */
	if (flags & O_PATH)
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFDIR)
		return ACCESS_LIST;
	if ((flags & O_ACCMODE) != O_WRONLY)
		access |= ACCESS_READ;
	if (flags & O_ACCMODE)
		access |= flags & O_APPEND ? ACCESS_APPEND : ACCESS_WRITE;
	if (BPF_CORE_READ(file, f_mode) & FMODE_CREATED)
		access |= ACCESS_CREATE;
	else if (asked & O_TRUNC)
		access |= ACCESS_TRUNCATE;
	return access;
}

/* Security modules are asked about every one of these, the end of a lock and the question for one too. */
static __always_inline bool locks(u64 command)
{
	return (command >= F_GETLK && command <= F_SETLKW) || (command >= F_OFD_GETLK && command <= F_OFD_SETLKW) ||
	       command == F_SETLEASE;
}

struct mapping {
	u32 subject;
	u32 access;
};

static long record_mapping(struct task_struct *task, struct vm_area_struct *vma, struct mapping *m)
{
	struct file *file = BPF_CORE_READ(vma, vm_file);

	return file ? record_file(m->subject, file, m->access) : 0;
}

/* The file that is mapped at an address of the current task. */
static __always_inline int record_mapped(u32 subject, u64 address, u32 access)
{
	struct mapping m = { .subject = subject, .access = access };
	long error = bpf_find_vma(bpf_get_current_task_btf(), address, record_mapping, &m, 0);

	if (error && error != -ENOENT)
		COUNT_LOST();
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(record_file_call, struct pt_regs *regs, long ret)
{
	u32 nr = syscall_number(regs), same = nr, access = 0, subject;
	u64 asked = 0;
	struct file *file;
	s32 fd = ret;

	/* Addresses may look negative; errors are the last page's. */
	if (ret < 0 && ret > -4096)
		return record_name_call(regs, nr, ret);
	switch (nr) {
	case NR_OPENAT:
	case NR_OPEN_BY_HANDLE_AT:
		asked = argument(regs, 2);
		break;
	case NR_OPEN:
		asked = argument(regs, 1);
		break;
	case NR_CREAT:
		asked = O_TRUNC;
		break;
	case NR_OPENAT2:
	case NR_IO_URING_SETUP:
		break;
	case NR_MMAP:
		fd = argument(regs, 4);
		if (argument(regs, 3) & MAP_ANONYMOUS)
			return 0;
		/* fallthrough */
	case NR_MPROTECT:
	case NR_PKEY_MPROTECT:
		if (!(argument(regs, 2) & PROT_EXEC))
			return 0;
		access = ACCESS_MAP_EXECUTABLE;
		break;
	case NR_FCHMOD:
		fd = argument(regs, 0), access = ACCESS_CHMOD;
		break;
	case NR_FCHOWN:
		fd = argument(regs, 0), access = ACCESS_CHOWN;
		break;
	case NR_FTRUNCATE:
		fd = argument(regs, 0), access = ACCESS_TRUNCATE;
		break;
	case NR_FLOCK:
		fd = argument(regs, 0), access = ACCESS_LOCK;
		break;
	case NR_FCNTL:
		if (!locks(argument(regs, 1)))
			return 0;
		fd = argument(regs, 0), access = ACCESS_LOCK;
		break;
	case NR_BIND:
		fd = argument(regs, 0);
		break;
	case NR_SENDTO:
		return argument(regs, 4) ? record_name_call(regs, nr, 0) : 0;
	case NR_SENDMSG:
		return record_name_call(regs, nr, 0);
	default:
		return ret ? 0 : record_name_call(regs, nr, ret);
	}
	subject = current_subject();
	if (!subject || abi_of(bpf_get_current_task_btf(), &same) != ABI_NATIVE)
		return 0;
	if (nr == NR_IO_URING_SETUP) { /* files opened through a ring pass by here */
		COUNT_UNCERTAIN();
		return 0;
	}
	if (nr == NR_MPROTECT || nr == NR_PKEY_MPROTECT)
		return record_mapped(subject, argument(regs, 0), access);
	if (nr == NR_OPENAT2) /* struct open_how begins with the flags */
		bpf_probe_read_user(&asked, sizeof(asked), (void *)argument(regs, 2));
	file = file_of(fd);
	if (nr == NR_BIND)
		return file ? record_bound(subject, file) : 0;
	if (file && !access)
		access = access_of(file, asked);
	return file && access ? record_file(subject, file, access) : 0;
}

/* The dynamic linker is opened and mapped by the kernel, in no system call of its own: exec leaves its address. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(record_executed, struct task_struct *task, s32 old_pid, struct linux_binprm *bprm)
{
	struct mm_struct *mm = task->mm;
	u32 subject = current_subject();
	u64 pair[2] = {};

	if (!subject)
		return 0;
	record_file(subject, bprm->file, ACCESS_EXECUTE);
	for (int i = 0; i < AUXILIARY_PAIRS; i++) {
		if (bpf_probe_read_kernel(pair, sizeof(pair),
					  (void *)mm + bpf_core_field_offset(struct mm_struct, saved_auxv) +
						  i * sizeof(pair)) ||
		    !pair[0])
			return 0;
		if (pair[0] == AT_BASE)
			break;
	}
	return pair[0] == AT_BASE && pair[1] ? record_mapped(subject, pair[1], ACCESS_READ | ACCESS_MAP_EXECUTABLE) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
