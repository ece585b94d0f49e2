/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Not a program: one variable of each type that crosses to user space, so that the types stand in
 * this object's BTF, from which scripts/layouts.ts writes src/agent/layouts.gen.ts.
 */
#include "kernel.h"
#include "observed.h"

struct sighting a_sighting;
struct subject a_subject;
struct control a_control;
struct counts a_counts;
struct container_event a_container_event;
enum container_event_type a_container_event_type;
enum ground a_ground;
struct translation_key a_translation_key;
struct dialled a_dialled;
struct syscall_key a_syscall_key;
struct program_event a_program_event;
enum phase a_phase;
enum abi an_abi;
enum message_layout a_message_layout;
enum path_flag a_path_flag;
enum program_event_type a_program_event_type;
struct file_key a_file_key;
struct file_event a_file_event;
enum file_access a_file_access;
enum file_operation a_file_operation;
struct flow_key a_flow_key;
struct dns_event a_dns_event;
enum flow_direction a_flow_direction;
enum flow_outcome a_flow_outcome;
struct capability_key a_capability_key;
struct capability_use a_capability_use;
enum operation an_operation;
enum party a_party;
enum ptrace_access a_ptrace_access;
enum unseen an_unseen;
struct operation_key an_operation_key;
struct mount_event a_mount_event;
