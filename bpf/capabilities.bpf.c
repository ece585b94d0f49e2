// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Capability checks, granted and refused. Most are noise: every mapping of memory asks whether the
 * reserve may be used. Those of memory calls are left out here; for the rest one kernel stack for each
 * (capability, system call) lets user space tell a real use from a probe.
 *
 * Two ways to the same record, of which user space loads the first that the kernel takes: the tracepoint
 * (6.14), or the return of the function itself (5.5, where fexit programs are allowed).
 */
#include "scope.h"
#include "numbers.h"

#define CAP_SYS_ADMIN 21
#define CAP_OPT_NOAUDIT 2

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct capability_key);
	__type(value, struct capability_use);
} capabilities SEC(".maps");

/* Too large for the stack of a program. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct capability_use);
} fresh_uses SEC(".maps");

static __always_inline bool asks_for_memory(u32 nr)
{
	switch (nr) {
	case NR_MMAP:
	case __NR_brk:
	case __NR_mprotect:
	case __NR_mremap:
	case __NR_clone:
	case __NR_clone3:
	case __NR_execve:
	case __NR_execveat:
#if defined(__TARGET_ARCH_x86)
	case __NR_fork:
	case __NR_vfork:
#endif
		return true;
	}
	return false;
}

/* access(2) asks with the real user in place of the effective one: still its own. */
static __always_inline bool asks_for_real_user(u32 nr)
{
	switch (nr) {
	case NR_ACCESS:
	case __NR_faccessat:
	case __NR_faccessat2:
		return true;
	}
	return false;
}

/*
 * A stacked file system acts on its lower files with its mounter's rights, which the task has for the while
 * (override_creds): what those hold is nothing that the program used.
 */
static __always_inline bool is_borrowed(struct task_struct *task, int cap, u32 nr)
{
	const struct cred *own = BPF_CORE_READ(task, real_cred);
	u64 permitted = 0;

	if (own == BPF_CORE_READ(task, cred))
		return false;
	if (!asks_for_real_user(nr))
		return true;
	bpf_core_read(&permitted, sizeof(permitted), &own->cap_permitted);
	return !(permitted >> (cap & 63) & 1);
}

static __always_inline int record_check(void *ctx, int cap, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 subject = current_subject(), zero = 0, nr;
	struct capability_key key = { .subject = subject, .capability = cap, .granted = ret == 0 };
	struct capability_use *use, *known;
	struct pt_regs *regs;

	if (!subject)
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	nr = syscall_number(regs);
	if ((cap == CAP_SYS_ADMIN && asks_for_memory(nr)) || is_borrowed(task, cap, nr))
		return 0;
	key.abi = abi_of(task, &nr);
	key.nr = nr;
	key.program = program_of(task);
	key.phase = phase_of(subject, task);
	known = bpf_map_lookup_elem(&capabilities, &key);
	if (known) {
		sight(&known->seen, bpf_ktime_get_ns());
		return 0;
	}
	use = bpf_map_lookup_elem(&fresh_uses, &zero);
	if (!use)
		return 0;
	use->seen.first = use->seen.last = bpf_ktime_get_ns();
	use->seen.count = 1;
	__builtin_memset(use->stack, 0, sizeof(use->stack));
	bpf_get_stack(ctx, use->stack, sizeof(use->stack), 0);
	if (bpf_map_update_elem(&capabilities, &key, use, BPF_ANY))
		COUNT_LOST();
	return 0;
}

SEC("tp_btf/cap_capable")
int BPF_PROG(record_capability, const struct cred *cred, struct user_namespace *target,
	     const struct user_namespace *capable, int cap, int ret)
{
	return record_check(ctx, cap, ret);
}

SEC("fexit/cap_capable")
int BPF_PROG(record_capability_return, const struct cred *cred, struct user_namespace *target, int cap,
	     unsigned int opts, int ret)
{
	return opts & CAP_OPT_NOAUDIT ? 0 : record_check(ctx, cap, ret);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
