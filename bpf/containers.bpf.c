// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Containers of pods begin here: a cgroup that is made below the pods' tree is watched at once, under a
 * number that user space lent for it, and is named later. What belongs to the tree itself and what to a
 * container is told by names that kubelet gives (kubepods, pod<uid>, *.slice); a container's never look so.
 *
 * Sizes: 16,384 cgroups of the tree; 480 containers (the agent halves it) between two looks of user space.
 */
#include "scope.h"

#define CONTAINER_PATH_BYTES 1024

/* Key: cgroup id. Value: enum ground. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, u32);
} grounds SEC(".maps");

/* Numbers that may be given to new containers. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, MAX_SUBJECTS);
	__type(value, u32);
} spare_subjects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 19);
} container_events SEC(".maps");

struct message {
	struct container_event event;
	char path[CONTAINER_PATH_BYTES];
};

struct name {
	char text[NAME_BYTES + 8];
	u32 length;
};

static __always_inline bool begins(const struct name *name, const char *with, int length)
{
	for (int i = 0; i < length; i++)
		if (name->text[i] != with[i])
			return false;
	return true;
}

#define BEGINS(name, with) begins(name, with, sizeof(with) - 1)

static __always_inline bool is_slice(const struct name *name)
{
	const char *end = name->text + ((name->length - 6) & (NAME_BYTES - 1));

	return name->length > 6 && end[0] == '.' && end[1] == 's' && end[2] == 'l' && end[3] == 'i' && end[4] == 'c' &&
	       end[5] == 'e';
}

/* Whether a cgroup of that name below `parent` is of the tree. */
static __always_inline bool is_ground(const struct name *name, u32 parent)
{
	if (BEGINS(name, "kubepods") || BEGINS(name, "kubelet"))
		return true;
	return parent == GROUND_PODS &&
	       (BEGINS(name, "pod") || BEGINS(name, "burstable") || BEGINS(name, "besteffort") || is_slice(name));
}

static __always_inline int send(u32 type, u64 cgroup, u32 subject, const char *path)
{
	struct message *m = bpf_ringbuf_reserve(&container_events, sizeof(*m), 0);
	long bytes;

	if (!m)
		return -1;
	m->event.time = bpf_ktime_get_ns();
	m->event.cgroup = cgroup;
	m->event.type = type;
	m->event.subject = subject;
	m->event.pad = 0;
	bytes = bpf_probe_read_kernel_str(m->path, sizeof(m->path), path);
	m->event.path_bytes = bytes > 0 ? bytes : 0;
	bpf_ringbuf_submit(m, 0);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(begin_container, struct cgroup *cgroup, const char *path)
{
	u64 id = cgroup->kn->id, above;
	u32 *parent, ground = GROUND_PODS, number;
	struct subject fresh = { .apart = 1 }, *place;
	struct name name = {};
	long bytes;

	if (cgroup->root->hierarchy_id != 0)
		return 0;
	above = BPF_CORE_READ((struct cgroup *)cgroup->self.parent, kn, id);
	parent = bpf_map_lookup_elem(&grounds, &above);
	if (!parent)
		return 0;
	bytes = bpf_probe_read_kernel_str(name.text, NAME_BYTES, BPF_CORE_READ(cgroup, kn, name));
	name.length = bytes > 0 ? bytes - 1 : 0;
	if (is_ground(&name, *parent)) {
		if (bpf_map_update_elem(&grounds, &id, &ground, BPF_ANY))
			COUNT_LOST();
		return 0;
	}
	if (*parent != GROUND_PODS)
		return 0;
	if (bpf_map_pop_elem(&spare_subjects, &number)) {
		COUNT_LOST();
		return 0;
	}
	place = subject_of(number);
	if (place)
		*place = fresh;
	if (bpf_map_update_elem(&watched, &id, &number, BPF_ANY) || send(CONTAINER_MADE, id, number, path)) {
		COUNT_LOST();
		bpf_map_delete_elem(&watched, &id);
		bpf_map_push_elem(&spare_subjects, &number, 0);
	}
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(end_container, struct cgroup *cgroup, const char *path)
{
	u64 id = cgroup->kn->id;
	u32 *subject, number;

	if (cgroup->root->hierarchy_id != 0)
		return 0;
	bpf_map_delete_elem(&grounds, &id);
	subject = bpf_map_lookup_elem(&watched, &id);
	if (!subject)
		return 0;
	number = *subject;
	bpf_map_delete_elem(&watched, &id);
	/* User space looks itself now and then: an end that is not told comes later. */
	if (send(CONTAINER_REMOVED, id, number, path))
		COUNT_UNCERTAIN();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
