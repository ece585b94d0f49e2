/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Of what crosses to user space (observed.h), the part of the operations sensor. */
#ifndef KGUARDIAN_OBSERVED_OPERATIONS_H
#define KGUARDIAN_OBSERVED_OPERATIONS_H

enum operation {
	OPERATION_SOCKET = 1,
	OPERATION_SIGNAL = 2,
	OPERATION_PTRACE = 3,
	OPERATION_LIMIT = 4,
	OPERATION_UNSEEN = 5, /* something was done that is not read: `detail` says what */
};

/* Who else took part. */
enum party {
	PARTY_SELF = 0,
	PARTY_CONTAINER = 1,
	PARTY_OUTSIDE = 2,
};

enum ptrace_access {
	PTRACE_READS = 1,
	PTRACE_ATTACHES = 2,
};

enum unseen {
	UNSEEN_RING = 1,   /* io_uring was set up */
	UNSEEN_MOUNTS = 2, /* trees were cloned, moved or changed by handles */
	UNSEEN_PROBE = 3,  /* signal 0, whose receivers could not be told */
};

struct operation_key {
	u64 program;
	u64 other;  /* program of the other process, where `party` is the container */
	u64 soft;   /* of a limit, as is the next */
	u64 hard;
	u32 subject;
	u32 detail; /* address family, signal, ptrace_access, resource, unseen */
	u32 protocol; /* of a socket, as is the next */
	u16 kind;
	u8 operation;
	u8 phase;
	u8 party;
	u8 received; /* 1: it was done to `program`, from outside */
	u16 pad;
	u32 pad2;
};

/*
 * A mount that was made. Followed by its source, target and file system type as given, each with its zero byte
 * where there is one, and `path_bytes` of names from leaf to root of the folder that names are relative to.
 */
struct mount_event {
	u64 time;
	u64 program;
	u64 flags; /* MS_ */
	u32 subject;
	u32 pid;
	u16 source_bytes;
	u16 target_bytes;
	u16 type_bytes;
	u16 path_bytes;
	u16 path_flags;
	u8 phase;
	u8 by_handle; /* 1: no target, the path is it */
	u32 pad;
};

#endif
