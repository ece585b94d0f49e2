/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files by the kernel's own objects: which one it is, where it is, and what was asked for. */
#ifndef KGUARDIAN_FILE_HANDLES_H
#define KGUARDIAN_FILE_HANDLES_H

#include "file_event.h"

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
#define F_WRLCK 1
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
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

/*
 * What is asked of a security module for a lock, its end and the question for one: an exclusive lock is asked for
 * as a write too (AppArmor), whatever the file was opened for. 0 for other commands.
 */
static __always_inline u32 lock_of(u64 command, u64 with)
{
	u16 type = with;

	switch (command) {
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		if (bpf_probe_read_user(&type, sizeof(type), (void *)with)) /* struct flock begins with it */
			COUNT_LOST();
		/* fallthrough */
	case F_SETLEASE: return type == F_WRLCK ? ACCESS_LOCK | ACCESS_WRITE : ACCESS_LOCK;
	case F_GETLK:
	case F_OFD_GETLK: return ACCESS_LOCK;
	}
	return 0;
}

#endif
