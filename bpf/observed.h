/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What crosses to user space. Fixed widths, explicit padding; TypeScript reads the layouts from
 * the objects' BTF (scripts/layouts.ts). Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef KGUARDIAN_OBSERVED_H
#define KGUARDIAN_OBSERVED_H

#define PATH_BYTES 4096
#define NAME_BYTES 256
#define PATH_DEPTH 256
#define ARGV_BYTES 1024
#define MAX_SUBJECTS 4096 /* at once; a power of two */

/* Observation's `phase`. */
enum phase {
	PHASE_SETUP = 0,
	PHASE_RUNTIME = 1,
	PHASE_PROGRAM = 2,
	PHASE_SESSION = 3,
};

/* The calling convention: native is the machine's own. */
enum abi {
	ABI_NATIVE = 0,
	ABI_COMPAT = 1, /* i386 on x86_64, arm on aarch64 */
	ABI_X32 = 2,
};

struct sighting {
	u64 first;
	u64 last;
	u64 count;
};

/*
 * A container, or a recorded command; the kernel moves its phase on. Its number's low bits are its place in
 * `subjects`, the others rise with each use of that place: whatever still holds an old number means nobody.
 */
struct subject {
	u32 started;  /* 1 after the entrypoint's exec */
	u32 host;     /* 1: a command on the host; everything before its exec is setup */
	u32 apart;    /* 1: who is put in after the start, from outside, is a session of its own */
	u32 sessions; /* 1 after the first of those */
};

enum container_event_type {
	CONTAINER_MADE = 1,
	CONTAINER_REMOVED = 2,
};

/* A cgroup below the pods' own was made or removed. Followed by `path_bytes` of its path, with the zero byte. */
struct container_event {
	u64 time;
	u64 cgroup;
	u32 type;
	u32 subject;
	u32 path_bytes;
	u32 pad;
};

/* What a cgroup that holds no process of a container is for. */
enum ground {
	GROUND_BASE = 1, /* where kubelet makes its tree */
	GROUND_PODS = 2, /* the tree's root, a class of service, or a pod */
};

/* What sensors share with each other and with user space. */
struct control {
	u32 epoch;     /* rises when a cached decision may be stale */
	u32 by_process; /* 1: `watched` is keyed by process (tgid), 0: by cgroup id */
};

/* Of one object, since it was loaded. */
struct counts {
	u64 lost;      /* facts dropped after they were seen */
	u64 uncertain; /* events whose meaning could not be told; each sensor says which */
	u64 foreign;   /* system calls of another ABI, whose arguments were not read */
};

struct syscall_key {
	u64 program;
	u32 subject;
	u32 nr;
	u8 phase;
	u8 abi;
	u16 pad;
	s32 outcome; /* denials: errno > 0, or -signal; otherwise 0 */
};

/* Events with a path: the structure has this room, whatever it fills; text follows. */
enum message_layout {
	HEADER_BYTES = 72,
};

enum path_flag {
	PATH_CUT = 1,      /* longer or deeper than we carry */
	PATH_DETACHED = 2, /* the walk ended somewhere else than at the task's root */
};

enum program_event_type {
	EVENT_EXEC = 1,
	EVENT_EXIT = 2,
	EVENT_RUNNING = 3, /* ran before we came */
	EVENT_CGROUP = 4,  /* a watched task made a cgroup: `program` is its id */
};

/*
 * Followed by `path_bytes` of names from leaf to root, each closed by a zero byte, `called_bytes` of
 * the name as called, `argv_bytes` of arguments.
 */
struct program_event {
	u64 time;
	u64 program;
	u64 caller; /* the program that called exec */
	u64 parent; /* the program of the parent process */
	u32 type;
	u32 subject;
	u32 pid;
	u32 uid;
	u32 gid;
	s32 exit_code; /* as wait(2) has it */
	u8 phase;
	u8 argv_cut;
	u16 path_flags;
	u16 path_bytes;
	u16 called_bytes;
	u16 argv_bytes;
	u16 pad[3];
};

enum file_access {
	ACCESS_READ = 1,
	ACCESS_WRITE = 2,
	ACCESS_APPEND = 4,
	ACCESS_CREATE = 8,
	ACCESS_TRUNCATE = 16,
	ACCESS_LIST = 32,
	ACCESS_MAP_EXECUTABLE = 64,
	ACCESS_EXECUTE = 128,
	ACCESS_CHMOD = 256,
	ACCESS_CHOWN = 512,
	ACCESS_LOCK = 1024,
};

/* What was done with names instead of an open file. */
enum file_operation {
	FILE_BY_HANDLE = 0, /* no name: `access` of an open file */
	FILE_MKDIR = 1,
	FILE_RMDIR = 2,
	FILE_UNLINK = 3,
	FILE_RENAME = 4,
	FILE_LINK = 5,
	FILE_SYMLINK = 6,
	FILE_MKNOD = 7,
	FILE_CHMOD = 8,
	FILE_CHOWN = 9,
	FILE_TRUNCATE = 10,
	FILE_MOUNT = 11,
	FILE_UNMOUNT = 12,
	FILE_SCRIPT = 13, /* executed by its interpreter */
	FILE_OPEN_FAILED = 14,
	FILE_RENAME_TO = 15, /* into another folder: its second half */
	FILE_LINK_TO = 16,
	FILE_CONNECT = 17, /* to a Unix socket, or a datagram to it */
};

/* The same key, the same fact. What tells files apart is never followed. */
struct file_key {
	u64 program;
	u64 place; /* hash of the root, of all names up to it and of the names given */
	u64 inode;
	u32 generation;
	u32 device;
	u32 subject;
	u32 access;
	u16 error;
	u8 phase;
	u8 operation;
	u8 follows; /* the symlink that the first name may be is followed */
	u8 pad[3];
};

/*
 * Followed by `path_bytes` of names from leaf to root (the file, or the folder that names are relative
 * to), then `first_bytes` and `second_bytes` of names as given, with their zero bytes.
 */
struct file_event {
	struct file_key key;
	u64 time;
	u32 pid;
	u16 mode;
	u8 owner;
	u8 pad;
	u16 path_flags;
	u16 path_bytes;
	u16 first_bytes;
	u16 second_bytes;
};

enum flow_direction {
	FLOW_EGRESS = 0,
	FLOW_INGRESS = 1,
};

enum flow_outcome {
	FLOW_ATTEMPTED = 0,
	FLOW_ESTABLISHED = 1,
	FLOW_FAILED = 2,
};

/* IPv6, or IPv4-mapped; network byte order. */
struct address {
	u32 word[4];
};

/* A flow, or a listening socket with its own address as `peer`. */
struct flow_key {
	u64 program;
	u32 subject;
	u16 port; /* the server's, host byte order */
	u8 protocol;
	u8 direction;
	u8 outcome;
	u8 phase;
	u16 pad;
	u32 pad2;
	struct address peer;
};

/*
 * A load balancer at the socket changed where a call went: what left was for the key, the value is what was
 * dialled.
 */
struct translation_key {
	struct address delivered;
	u32 subject;
	u16 port; /* host byte order */
	u8 protocol;
	u8 pad;
};

struct dialled {
	struct address address;
	u16 port;
	u16 pad[3];
};

/* Followed by `bytes` of a DNS message. */
struct dns_event {
	u64 time;
	u32 subject;
	u32 bytes;
	struct address server;
};

#define STACK_DEPTH 8

struct capability_key {
	u64 program;
	u32 subject;
	s32 nr; /* -1 outside of a system call */
	u8 capability;
	u8 granted;
	u8 phase;
	u8 abi;
	u32 pad;
};

struct capability_use {
	struct sighting seen;
	u64 stack[STACK_DEPTH]; /* of the first use: who in the kernel asked */
};

#include "observed_operations.h"

#endif
