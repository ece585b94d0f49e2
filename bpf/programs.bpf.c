// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Programs that start and end, in order. Also what follows from them: the entrypoint's exec ends
 * the set-up of a subject, children are watched like their parents, and so are cgroups made below
 * a watched one or by a watched task.
 */
#include "scope.h"
#include "path.h"

#define CALLED_BYTES 4096

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 19);
} program_events SEC(".maps");

/* The program that each watched process runs: still known when exec or exit has dropped it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, u32);
	__type(value, u64);
} running SEC(".maps");

static __always_inline struct program_event *event(u32 type, u32 subject, struct task_struct *task)
{
	struct program_event *e = (void *)scratch();

	if (!e)
		return NULL;
	__builtin_memset(e, 0, sizeof(*e));
	e->time = bpf_ktime_get_ns();
	e->type = type;
	e->subject = subject;
	e->pid = BPF_CORE_READ(task, tgid);
	e->uid = BPF_CORE_READ(task, cred, uid.val);
	e->gid = BPF_CORE_READ(task, cred, gid.val);
	e->phase = phase_of(subject, task);
	return e;
}

/*
 * Appends the executable's path and, where `called` is given, that name and the arguments; returns
 * the payload's size. Arguments lie in the memory of the current task, so only of that one.
 */
static __always_inline u32 describe(struct program_event *e, struct task_struct *task, struct file *exe,
				    const char *called)
{
	u64 arg = BPF_CORE_READ(task, mm, arg_start), arg_end = BPF_CORE_READ(task, mm, arg_end);
	char *payload = ((struct message *)e)->payload;
	u32 at = walk_path(task, __builtin_preserve_access_index(&exe->f_path), 0, &e->path_flags);
	u32 length = arg_end - arg;
	long n;

	e->path_bytes = at;
	if (!called)
		return at;
	n = bpf_probe_read_kernel_str(payload + at, CALLED_BYTES, called);
	if (n > 0) {
		e->called_bytes = n;
		at += n & (2 * CALLED_BYTES - 1);
	}
	if (arg_end - arg > ARGV_BYTES) {
		length = ARGV_BYTES;
		e->argv_cut = 1;
	}
	if (at > PAYLOAD_BYTES - ARGV_BYTES)
		return PAYLOAD_BYTES - 1;
	length &= 2 * ARGV_BYTES - 1;
	if (length > ARGV_BYTES)
		length = ARGV_BYTES;
	if (!bpf_probe_read_user(payload + at, length, (void *)arg)) {
		e->argv_bytes = length;
		at += length;
	}
	return at;
}

static __always_inline void send(struct program_event *e, u32 payload)
{
	if (bpf_ringbuf_output(&program_events, e, HEADER_BYTES + (payload & (PAYLOAD_BYTES - 1)), 0))
		COUNT_LOST();
}

/* A container's entrypoint is the first program whose root is not its parent's. */
static __always_inline bool in_own_root(struct task_struct *task)
{
	struct fs_struct *own = BPF_CORE_READ(task, fs), *parents = BPF_CORE_READ(task, real_parent, fs);

	return BPF_CORE_READ(own, root.mnt) != BPF_CORE_READ(parents, root.mnt) ||
	       BPF_CORE_READ(own, root.dentry) != BPF_CORE_READ(parents, root.dentry);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(record_exec, struct task_struct *task, s32 old_pid, struct linux_binprm *bprm)
{
	u32 subject = current_subject(), tgid = task->tgid;
	struct program_event *e;
	struct subject *s;
	u64 *caller, now;

	if (!subject)
		return 0;
	e = event(EVENT_EXEC, subject, task);
	if (!e)
		return 0;
	s = subject_of(subject);
	if (s && !s->started && (s->host || in_own_root(task))) {
		s->started = 1;
		moved_on();
		e->phase = PHASE_PROGRAM;
	}
	caller = bpf_map_lookup_elem(&running, &tgid);
	e->caller = caller ? *caller : 0;
	e->parent = program_of(task->real_parent);
	now = e->program = program_of_inode(BPF_CORE_READ(bprm, file, f_inode));
	bpf_map_update_elem(&running, &tgid, &now, BPF_ANY);
	send(e, describe(e, task, bprm->file, bprm->filename));
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(follow_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 subject = current_subject(), tgid = child->tgid;
	struct control *c = controls();
	u64 scope = tgid, program;

	if (!subject || !c || child->tgid == parent->tgid)
		return 0;
	program = program_of(parent);
	bpf_map_update_elem(&running, &tgid, &program, BPF_ANY);
	if (c->by_process && bpf_map_update_elem(&watched, &scope, &subject, BPF_ANY))
		COUNT_LOST();
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(record_exit, struct task_struct *task)
{
	u32 subject = current_subject(), tgid = task->tgid;
	struct control *c = controls();
	u64 scope = tgid, *program;
	struct program_event *e;

	if (!subject || !c || task->pid != task->tgid)
		return 0;
	e = event(EVENT_EXIT, subject, task);
	if (!e)
		return 0;
	program = bpf_map_lookup_elem(&running, &tgid);
	e->program = program ? *program : 0;
	e->exit_code = task->exit_code;
	bpf_map_delete_elem(&running, &tgid);
	if (c->by_process)
		bpf_map_delete_elem(&watched, &scope);
	send(e, 0);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(follow_cgroup, struct cgroup *cgroup, const char *path)
{
	u64 id = cgroup->kn->id, parent;
	u32 subject, *above;
	struct control *c = controls();
	struct program_event *e;

	/* Only the v2 tree has hierarchy 0; ids of v1 trees mean something else. */
	if (!c || c->by_process || cgroup->root->hierarchy_id != 0)
		return 0;
	parent = BPF_CORE_READ((struct cgroup *)cgroup->self.parent, kn, id);
	above = bpf_map_lookup_elem(&watched, &parent);
	subject = above ? *above : current_subject();
	if (!subject)
		return 0;
	if (bpf_map_update_elem(&watched, &id, &subject, BPF_ANY))
		COUNT_LOST();
	moved_on();
	e = event(EVENT_CGROUP, subject, bpf_get_current_task_btf());
	if (!e)
		return 0;
	e->program = id;
	send(e, 0);
	return 0;
}

/* Programs that ran before we came: read once at the start. */
SEC("iter/task")
int list_running(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct control *c = controls();
	u32 *subject, tgid;
	struct program_event *e;
	struct file *exe;
	u64 scope, program;

	if (!task || !c || task->pid != task->tgid)
		return 0;
	scope = scope_of(c, task);
	subject = bpf_map_lookup_elem(&watched, &scope);
	exe = BPF_CORE_READ(task, mm, exe_file);
	if (!subject || !exe)
		return 0;
	e = event(EVENT_RUNNING, *subject, task);
	if (!e)
		return 0;
	tgid = task->tgid;
	program = e->program = program_of(task);
	e->parent = program_of(task->real_parent);
	bpf_map_update_elem(&running, &tgid, &program, BPF_ANY);
	send(e, describe(e, task, exe, NULL));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
