// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Nothing, on the hooks of bpf/syscalls.bpf.c: what any program there costs at least. */
#include "kernel.h"

SEC("tp_btf/sys_enter")
int BPF_PROG(empty_enter, struct pt_regs *regs, long id)
{
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(empty_exit, struct pt_regs *regs, long ret)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
