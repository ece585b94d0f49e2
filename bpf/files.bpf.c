// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Files that were opened, mapped, executed or changed by a handle, seen when the system call has
 * succeeded and named by the kernel's own dentries: what was really opened, whatever it was called.
 */
#include "file_handles.h"
#include "file_names.h"

#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20
#define AT_BASE 7
#define AUXILIARY_PAIRS 32
#define ENOENT 2
#define LOCK_EX 2

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
		if (argument(regs, 1) & LOCK_EX)
			access |= ACCESS_WRITE;
		break;
	case NR_FCNTL:
		fd = argument(regs, 0), access = lock_of(argument(regs, 1), argument(regs, 2));
		if (!access)
			return 0;
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
