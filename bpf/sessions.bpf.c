// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sessions: processes that somebody outside puts into a container that runs already, as `kubectl exec`
 * does, and their children. They come by a move into the cgroup or, by clone3, are born in it; the
 * container's own processes descend from its entrypoint and never do either.
 *
 * Size: 16,384 processes of sessions at once.
 */
#include "scope.h"

static __always_inline void begin_session(u32 subject, u32 tgid)
{
	struct subject *s = subject_of(subject);

	if (!s || !s->apart || !s->started)
		return;
	if (bpf_map_update_elem(&outsiders, &tgid, &subject, BPF_ANY))
		COUNT_LOST();
	if (s->sessions)
		return;
	s->sessions = 1;
	moved_on();
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(follow_move, struct cgroup *to, const char *path, struct task_struct *task)
{
	u32 tgid = task->tgid, *subject;
	u64 cgroup = to->kn->id;

	/* Of v1 trees every move is told as well. */
	if (to->root->hierarchy_id != 0)
		return 0;
	subject = bpf_map_lookup_elem(&watched, &cgroup);
	if (!subject)
		bpf_map_delete_elem(&outsiders, &tgid);
	else if (*subject != current_subject())
		begin_session(*subject, tgid);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(follow_birth, struct task_struct *parent, struct task_struct *child)
{
	u64 cgroup = child->cgroups->dfl_cgrp->kn->id;
	u32 tgid = child->tgid, *subject;

	if (child->tgid == parent->tgid)
		return 0;
	subject = bpf_map_lookup_elem(&watched, &cgroup);
	if (!subject)
		return 0;
	if (*subject != current_subject()) {
		begin_session(*subject, tgid);
	} else if (is_outsider(*subject, parent->tgid) &&
		   bpf_map_update_elem(&outsiders, &tgid, subject, BPF_ANY)) {
		COUNT_LOST();
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(forget_outsider, struct task_struct *task)
{
	u32 tgid = task->tgid;

	if (task->pid == task->tgid)
		bpf_map_delete_elem(&outsiders, &tgid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
