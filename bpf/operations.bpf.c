// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a security module is asked about besides files and capabilities: sockets made, signals, tracing, limits,
 * mounts (mounts.h). Calls are read when they have succeeded, so that none that was refused becomes a fact.
 *
 * Signals are taken where the kernel generates them: it names each receiver, of a group too, whatever namespace
 * its number is of. That the kernel itself sends is told by the system call that the sender is in. The tracepoint
 * does not come for signal 0, which security modules are asked about all the same: that is read from the call.
 */
#include "mounts.h"
#include "numbers.h"

#define PF_INET 2
#define PF_PACKET 17
#define SOCK_PACKET 10
#define SOCK_TYPE_MASK 15
#define SI_USER 0
#define SI_TKILL -6
#define SIGNAL_NOT_QUEUED 3 /* TRACE_SIGNAL_OVERFLOW_FAIL: the call fails */

static __always_inline void record_socket(u32 subject, u32 family, u32 type, u32 protocol)
{
	struct operation_key key = key_of(subject, OPERATION_SOCKET, family);

	key.kind = type & SOCK_TYPE_MASK;
	key.protocol = protocol;
	/* As the kernel takes it, before anyone is asked. */
	if (family == PF_INET && key.kind == SOCK_PACKET)
		key.detail = PF_PACKET;
	note(&key);
}

static __always_inline void record_limit(u32 subject, u32 resource, u64 given)
{
	struct operation_key key = key_of(subject, OPERATION_LIMIT, resource);
	u64 limits[2];

	if (!given)
		return;
	if (bpf_probe_read_user(limits, sizeof(limits), (void *)given)) {
		COUNT_LOST();
		return;
	}
	key.soft = limits[0];
	key.hard = limits[1];
	note(&key);
}

static __noinline int record_call(struct pt_regs *regs, u32 nr, long ret)
{
	u64 a = argument(regs, 0), b = argument(regs, 1), c = argument(regs, 2);
	u32 subject = current_subject();

	if (abi_of(bpf_get_current_task_btf(), &nr) != ABI_NATIVE) {
		if (subject)
			COUNT_FOREIGN();
		return 0;
	}
	switch (nr) {
	case NR_KILL:
	case NR_TKILL:
	case NR_RT_SIGQUEUEINFO:
		/* Who is asked about need not be watched: their container may be. */
		if (!b && (s32)a > 0)
			record_probe(subject, task_numbered(a));
		else if (!b && subject)
			note_unseen(subject, UNSEEN_PROBE);
		return 0;
	case NR_TGKILL:
	case NR_RT_TGSIGQUEUEINFO:
		if (!c)
			record_probe(subject, task_numbered(b));
		return 0;
	case NR_PIDFD_SEND_SIGNAL:
		if (!b)
			record_probe(subject, task_held(a));
		return 0;
	case NR_PTRACE: record_ptrace(a, b); return 0;
	case NR_PROCESS_VM_READV:
	case NR_PROCESS_VM_WRITEV:
		if (ret) /* bytes; without any nobody was asked */
			record_tracing(task_numbered(a), PTRACE_ATTACHES);
		return 0;
	case NR_PIDFD_GETFD: record_tracing(task_held(a), PTRACE_ATTACHES); return 0;
	case NR_PROCESS_MADVISE: record_tracing(task_held(a), PTRACE_READS); return 0;
	case NR_KCMP:
		record_tracing(task_numbered(a), PTRACE_READS);
		record_tracing(task_numbered(b), PTRACE_READS);
		return 0;
	case NR_GET_ROBUST_LIST:
		if (a)
			record_tracing(task_numbered(a), PTRACE_READS);
		return 0;
	}
	if (!subject)
		return 0;
	switch (nr) {
	case NR_SOCKET:
	case NR_SOCKETPAIR: record_socket(subject, a, b, c); break;
	case NR_SETRLIMIT: record_limit(subject, a, b); break;
	case NR_PRLIMIT64: record_limit(subject, b, c); break;
	case NR_MOUNT: record_mount(subject, regs); break;
	case NR_MOVE_MOUNT: record_moved(subject, regs); break;
	case NR_OPEN_TREE: note_tree(subject, ret, c); break;
	case NR_FSPICK:
	case NR_MOUNT_SETATTR: note_unseen(subject, UNSEEN_MOUNTS); break;
	case NR_IO_URING_SETUP: note_unseen(subject, UNSEEN_RING); break;
	}
	return 0;
}

/* Of every call of the machine: no more than its number is looked at. */
SEC("tp_btf/sys_exit")
int BPF_PROG(record_operation, struct pt_regs *regs, long ret)
{
	u32 nr = syscall_number(regs);

	if (ret < 0)
		return 0;
	switch (nr & ~X32_BIT) {
	case NR_SOCKET:
	case NR_SOCKETPAIR:
	case NR_KILL:
	case NR_TKILL:
	case NR_TGKILL:
	case NR_RT_SIGQUEUEINFO:
	case NR_RT_TGSIGQUEUEINFO:
	case NR_PIDFD_SEND_SIGNAL:
	case NR_PTRACE:
	case NR_PROCESS_VM_READV:
	case NR_PROCESS_VM_WRITEV:
	case NR_PIDFD_GETFD:
	case NR_PROCESS_MADVISE:
	case NR_KCMP:
	case NR_GET_ROBUST_LIST:
	case NR_SETRLIMIT:
	case NR_PRLIMIT64:
	case NR_MOUNT:
	case NR_MOVE_MOUNT:
	case NR_OPEN_TREE:
	case NR_FSPICK:
	case NR_MOUNT_SETATTR:
	case NR_IO_URING_SETUP:
	FOREIGN_OPERATIONS
		return record_call(regs, nr, ret);
	}
	return 0;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(record_signal, int signal, struct kernel_siginfo *info, struct task_struct *target, int group, int result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 nr = syscall_number((struct pt_regs *)bpf_task_pt_regs(task));
	int code = 0;

	/* Ignored, or pending already: the sender was allowed to send it. */
	if (result == SIGNAL_NOT_QUEUED || !BPF_CORE_READ(task, mm) || abi_of(task, &nr) != ABI_NATIVE ||
	    bpf_core_read(&code, sizeof(code), &info->si_code))
		return 0;
	switch (nr) {
	case NR_KILL:
		if (code != SI_USER) /* an interrupt's */
			return 0;
		break;
	case NR_TKILL:
	case NR_TGKILL:
		if (code != SI_TKILL)
			return 0;
		break;
	case NR_RT_SIGQUEUEINFO:
	case NR_RT_TGSIGQUEUEINFO:
	case NR_PIDFD_SEND_SIGNAL: /* whatever code the sender chose */
		break;
	default:
		return 0;
	}
	return note_between((u64)task, (u64)target, OPERATION_SIGNAL, signal);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
