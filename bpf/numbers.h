/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System call numbers of the machine's own ABI; NR_NONE for calls that it does not have. */
#ifndef KGUARDIAN_NUMBERS_H
#define KGUARDIAN_NUMBERS_H

/* A number of its own for each absent call: a switch takes each value once. */
#define NR_NONE(n) (0x7fff0000 + (n))

#if defined(__TARGET_ARCH_x86)
#include <asm/unistd_64.h>
#define NR_OPEN __NR_open
#define NR_ACCESS __NR_access
#define NR_CREAT __NR_creat
#define NR_MKDIR __NR_mkdir
#define NR_RMDIR __NR_rmdir
#define NR_UNLINK __NR_unlink
#define NR_RENAME __NR_rename
#define NR_LINK __NR_link
#define NR_SYMLINK __NR_symlink
#define NR_MKNOD __NR_mknod
#define NR_CHMOD __NR_chmod
#define NR_CHOWN __NR_chown
#define NR_LCHOWN __NR_lchown
#define X32_BIT 0x40000000
/* i386: mount, ptrace, kill, setrlimit, socketcall, rt_sigqueueinfo, tkill, tgkill, prlimit64, socket, socketpair. */
#define FOREIGN_OPERATIONS                                                                                       \
	case 21:                                                                                                 \
	case 26:                                                                                                 \
	case 37:                                                                                                 \
	case 75:                                                                                                 \
	case 102:                                                                                                \
	case 178:                                                                                                \
	case 238:                                                                                                \
	case 270:                                                                                                \
	case 340:                                                                                                \
	case 359:                                                                                                \
	case 360:
#elif defined(__TARGET_ARCH_arm64)
#define __ARCH_WANT_RENAMEAT
#define __ARCH_WANT_SYS_CLONE3
#define __ARCH_WANT_SET_GET_RLIMIT
#undef __BITS_PER_LONG
#define __BITS_PER_LONG 64
#include <asm-generic/unistd.h>
#define NR_OPEN NR_NONE(0)
#define NR_CREAT NR_NONE(1)
#define NR_MKDIR NR_NONE(2)
#define NR_RMDIR NR_NONE(3)
#define NR_UNLINK NR_NONE(4)
#define NR_RENAME NR_NONE(5)
#define NR_LINK NR_NONE(6)
#define NR_SYMLINK NR_NONE(7)
#define NR_MKNOD NR_NONE(8)
#define NR_CHMOD NR_NONE(9)
#define NR_CHOWN NR_NONE(10)
#define NR_LCHOWN NR_NONE(11)
#define NR_ACCESS NR_NONE(12)
#define X32_BIT 0
/* 32-bit arm: mount, ptrace, kill, setrlimit, rt_sigqueueinfo, tkill, tgkill, socket, socketpair, prlimit64. */
#define FOREIGN_OPERATIONS                                                                                       \
	case 21:                                                                                                 \
	case 26:                                                                                                 \
	case 37:                                                                                                 \
	case 75:                                                                                                 \
	case 178:                                                                                                \
	case 238:                                                                                                \
	case 268:                                                                                                \
	case 281:                                                                                                \
	case 288:                                                                                                \
	case 369:
#endif

#define NR_OPENAT __NR_openat
#define NR_OPENAT2 __NR_openat2
#define NR_OPEN_BY_HANDLE_AT __NR_open_by_handle_at
#define NR_MMAP __NR_mmap
#define NR_MPROTECT __NR_mprotect
#define NR_PKEY_MPROTECT __NR_pkey_mprotect
#define NR_FCHMOD __NR_fchmod
#define NR_FCHOWN __NR_fchown
#define NR_FTRUNCATE __NR_ftruncate
#define NR_IO_URING_SETUP __NR_io_uring_setup
#define NR_MKDIRAT __NR_mkdirat
#define NR_UNLINKAT __NR_unlinkat
#define NR_RENAMEAT __NR_renameat
#define NR_RENAMEAT2 __NR_renameat2
#define NR_LINKAT __NR_linkat
#define NR_SYMLINKAT __NR_symlinkat
#define NR_MKNODAT __NR_mknodat
#define NR_FCHMODAT __NR_fchmodat
#define NR_FCHMODAT2 452 /* Linux 6.6 */
#define NR_FCHOWNAT __NR_fchownat
#define NR_TRUNCATE __NR_truncate
#define NR_MOUNT __NR_mount
#define NR_UMOUNT2 __NR_umount2
#define NR_FLOCK __NR_flock
#define NR_FCNTL __NR_fcntl
#define NR_BIND __NR_bind
#define NR_CONNECT __NR_connect
#define NR_SENDTO __NR_sendto
#define NR_SENDMSG __NR_sendmsg
#define NR_SOCKET __NR_socket
#define NR_SOCKETPAIR __NR_socketpair
#define NR_KILL __NR_kill
#define NR_TKILL __NR_tkill
#define NR_TGKILL __NR_tgkill
#define NR_RT_SIGQUEUEINFO __NR_rt_sigqueueinfo
#define NR_RT_TGSIGQUEUEINFO __NR_rt_tgsigqueueinfo
#define NR_PIDFD_SEND_SIGNAL __NR_pidfd_send_signal
#define NR_PTRACE __NR_ptrace
#define NR_PROCESS_VM_READV __NR_process_vm_readv
#define NR_PROCESS_VM_WRITEV __NR_process_vm_writev
#define NR_KCMP __NR_kcmp
#define NR_GET_ROBUST_LIST __NR_get_robust_list
#define NR_PIDFD_GETFD 438	 /* Linux 5.6 */
#define NR_PROCESS_MADVISE 440 /* Linux 5.10 */
#define NR_SETRLIMIT __NR_setrlimit
#define NR_PRLIMIT64 __NR_prlimit64
#define NR_OPEN_TREE 428  /* Linux 5.2, as are the next three */
#define NR_MOVE_MOUNT 429
#define NR_FSMOUNT 432
#define NR_FSPICK 433
#define NR_MOUNT_SETATTR 442 /* Linux 5.12 */

#endif
