/**
 * Writes src/observation/syscalls.gen.ts from the kernel's user headers (Debian: linux-libc-dev) and,
 * for what is newer than they are, from the table below.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/**
 * Newer than the headers of Linux 6.1, with the release that brought each. From 424 on all
 * architectures share their numbers (scripts/syscall.tbl in the kernel's source).
 */
const newer: readonly [nr: number, name: string, since: string][] = [
  [451, 'cachestat', '6.5'],
  [452, 'fchmodat2', '6.6'],
  [453, 'map_shadow_stack', '6.6'],
  [454, 'futex_wake', '6.7'],
  [455, 'futex_wait', '6.7'],
  [456, 'futex_requeue', '6.7'],
  [457, 'statmount', '6.8'],
  [458, 'listmount', '6.8'],
  [459, 'lsm_get_self_attr', '6.8'],
  [460, 'lsm_set_self_attr', '6.8'],
  [461, 'lsm_list_modules', '6.8'],
  [462, 'mseal', '6.10'],
  [463, 'setxattrat', '6.13'],
  [464, 'getxattrat', '6.13'],
  [465, 'listxattrat', '6.13'],
  [466, 'removexattrat', '6.13'],
  [467, 'open_tree_attr', '6.15'],
  [468, 'file_getattr', '6.17'],
  [469, 'file_setattr', '6.17'],
];
const newerOnX86_64: readonly [nr: number, name: string, since: string][] = [
  [335, 'uretprobe', '6.11'],
  [336, 'uprobe', '6.18'],
];

const x86 = '/usr/include/x86_64-linux-gnu';
/** What arch/arm64/include/uapi/asm/unistd.h asks of the generic table. */
const arm64Wants = ['RENAMEAT', 'NEW_STAT', 'SET_GET_RLIMIT', 'SYS_CLONE3', 'MEMFD_SECRET'].map(
  (each) => `-D__ARCH_WANT_${each}`,
);

/** Name and number of every `__NR_` macro of a header. */
function numbers(header: string, flags: readonly string[]): Map<string, number> {
  const text = execFileSync('clang', ['-E', '-dM', `-I${x86}`, ...flags, '-include', header, '-x', 'c', '/dev/null'], {
    encoding: 'utf8',
  });
  const macros = new Map(
    [...text.matchAll(/^#define (\w+) (.+)$/gm)].map(([, name = '', value = '']) => [name, value.trim()]),
  );
  const value = (macro: string): number => {
    const text = (macros.get(macro) ?? macro).replace(/^\((.*)\)$/, '$1');
    const sum = text.split('+').map((part) => part.trim());
    return sum.reduce((total, part) => total + (/^(0x)?[\da-f]+$/i.test(part) ? Number(part) : value(part)), 0);
  };
  const found = new Map<string, number>();
  for (const macro of macros.keys()) {
    const name = /^__NR_(\w+)$/.exec(macro)?.[1];
    if (name !== undefined && !['syscalls', 'arch_specific_syscall', 'Linux'].includes(name))
      found.set(name, value(macro));
  }
  return found;
}

const tables = {
  x86_64: numbers('asm/unistd_64.h', []),
  x86: numbers('asm/unistd_32.h', []),
  x32: numbers('asm/unistd_x32.h', ['-D__X32_SYSCALL_BIT=0']),
  aarch64: numbers('asm-generic/unistd.h', arm64Wants),
};
for (const [arch, table] of Object.entries(tables)) {
  for (const [nr, name] of [...newer, ...(arch === 'x86_64' ? newerOnX86_64 : [])]) {
    // The shadow stack is for 64-bit programs alone.
    if (!(arch === 'x32' && name === 'map_shadow_stack')) table.set(name, nr);
  }
}

const out = ['/* Written by scripts/syscall-table.ts: `name number` of each architecture, by number. */', ''];
out.push('export const tables = {');
for (const [arch, table] of Object.entries(tables)) {
  const rows = [...table].toSorted((a, b) => a[1] - b[1]).map(([name, nr]) => `${name} ${nr}`);
  out.push(`  ${arch}: \`${rows.join('\n')}\`,`);
}
out.push(
  '} as const;',
  '',
  '/** The kernel release that brought a call, for those newer than 6.1. */',
  'export const since: Readonly<Record<string, string>> = {',
);
for (const [, name, release] of [...newer, ...newerOnX86_64].toSorted((a, b) => a[1].localeCompare(b[1])))
  out.push(`  ${name}: '${release}',`);
out.push('};', '');
writeFileSync('src/observation/syscalls.gen.ts', out.join('\n'));
