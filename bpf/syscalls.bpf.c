// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The set of system calls that each program of each subject made, and those that a seccomp filter
 * refused. Runs on every system call of the machine, so what was seen already leaves after a few
 * loads: a small cache per CPU, by (scope, executable), forgotten when the epoch moves on.
 */
#include "scope.h"

#define CACHED_SYSCALLS 512
#define SLOTS 256
#define JUDGED 65536
#define SIGSYS 31
#define SYS_SECCOMP 1

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct syscall_key);
	__type(value, struct sighting);
} syscalls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct syscall_key);
	__type(value, struct sighting);
} denials SEC(".maps");

struct slot {
	u64 scope;
	u64 exe; /* address of the executable's inode: tells programs apart, is never followed */
	u32 epoch;
	u32 subject;
	u32 filtered;
	u32 sessions; /* the subject has some: whose call it is must be asked each time */
	u64 seen[CACHED_SYSCALLS / 64];
};

struct cache {
	struct slot slots[SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cache);
} caches SEC(".maps");

/*
 * Per task under a filter: pid << 1, and bit 0 while a call that passed the filter is under way.
 * A sys_exit without that bit means that the filter answered. Spread so that neighbours' pids do
 * not share a cache line.
 */
u32 entered[JUDGED];

static __always_inline u32 *entry_of(u32 pid)
{
	u32 at = (pid << 4) | ((pid >> 12) & 15);

	/* The mask must come last: the verifier of 6.1 forgets bounds at an or. */
	asm volatile("" : "+r"(at));
	return &entered[at & (JUDGED - 1)];
}

static __always_inline void record(void *map, struct task_struct *task, u32 subject, u32 nr, u8 abi, s32 outcome)
{
	struct syscall_key key = {
		.program = program_of(task),
		.subject = subject,
		.nr = nr,
		.phase = phase_of(subject, task),
		.abi = abi,
		.outcome = outcome,
	};

	if (!sighted(map, &key, bpf_ktime_get_ns()))
		COUNT_LOST();
}

SEC("tp_btf/sys_enter")
int BPF_PROG(record_syscall, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct control *c = controls();
	u32 zero = 0, nr = id, filtered, *subject;
	struct cache *cache;
	struct subject *s;
	struct slot *slot;
	u64 scope, exe, bit, word;
	u8 abi;

	cache = bpf_map_lookup_elem(&caches, &zero);
	if (!c || !cache)
		return 0;
	filtered = task->seccomp.mode;
	if (filtered)
		*entry_of(task->pid) = task->pid << 1 | 1;

	scope = scope_of(c, task);
	exe = (u64)task->mm->exe_file->f_inode;
	abi = abi_of(task, &nr);
	slot = &cache->slots[(scope * 31 + (exe >> 6) + filtered) & (SLOTS - 1)];
	if (slot->scope != scope || slot->exe != exe || slot->epoch != c->epoch || slot->filtered != filtered) {
		subject = bpf_map_lookup_elem(&watched, &scope);
		__builtin_memset(slot, 0, sizeof(*slot));
		slot->scope = scope;
		slot->exe = exe;
		slot->epoch = c->epoch;
		slot->filtered = filtered;
		slot->subject = subject ? *subject : 0;
		s = subject ? subject_of(*subject) : NULL;
		slot->sessions = s ? s->sessions : 0;
	}
	if (!slot->subject)
		return 0;
	/* What a session did is never taken for what the workload did, nor hides it. */
	if (slot->sessions && is_outsider(slot->subject, task->tgid)) {
		record(&syscalls, task, slot->subject, nr, abi, 0);
		return 0;
	}
	if (nr < CACHED_SYSCALLS && abi == ABI_NATIVE) {
		bit = 1ULL << (nr & 63);
		word = nr / 64;
		/* The verifier of 6.1 forgets bounds of what was on the stack. */
		asm volatile("" : "+r"(word));
		word &= CACHED_SYSCALLS / 64 - 1;
		if (slot->seen[word] & bit)
			return 0;
		slot->seen[word] |= bit;
	}
	record(&syscalls, task, slot->subject, nr, abi, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(record_denial, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 *entry, was, subject, nr;
	u8 abi;

	if (!task->seccomp.mode)
		return 0;
	entry = entry_of(task->pid);
	was = *entry;
	*entry = task->pid << 1;
	if (was == (task->pid << 1 | 1) || ret >= 0 || ret < -4095)
		return 0;
	subject = current_subject();
	if (!subject)
		return 0;
	if (was != task->pid << 1) { /* overwritten, or never seen to enter */
		COUNT_UNCERTAIN();
		return 0;
	}
	nr = syscall_number(regs);
	abi = abi_of(task, &nr);
	record(&denials, task, subject, nr, abi, -ret);
	return 0;
}

/* SCMP_ACT_TRAP and KILL_PROCESS: no sys_exit, a SIGSYS that says which call it was. */
SEC("tp_btf/signal_deliver")
int BPF_PROG(record_kill, int sig, struct kernel_siginfo *info)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 subject, nr;
	u8 abi;

	if (sig != SIGSYS || info->si_code != SYS_SECCOMP)
		return 0;
	subject = current_subject();
	if (!subject)
		return 0;
	nr = info->_sifields._sigsys._syscall;
	abi = abi_of(task, &nr);
	record(&denials, task, subject, nr, abi, -SIGSYS);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
