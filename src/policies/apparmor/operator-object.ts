/**
 * An AppArmorProfile of the Security Profiles Operator (v1) as the profile that the operator makes of it. Its template
 * takes abstractions/base of the node along, refuses some of /proc and /sys, and what read-only and write-only paths
 * are not for.
 */
import { parse } from 'yaml';
import { z } from 'zod';
import { UnreadableArtifact } from '../kind.ts';

/** What the operator's own check lets through: no quotes, brackets, commas, backslashes. */
const path = z.string().regex(/^[/@][a-zA-Z0-9_./*?+@{} -]*$/);
const paths = z.array(path).default([]);
const schema = z.object({
  apiVersion: z.string().regex(/^security-profiles-operator\.x-k8s\.io\//),
  kind: z.literal('AppArmorProfile'),
  metadata: z.object({ name: z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/) }),
  spec: z.object({
    abstract: z
      .object({
        capability: z.object({ allowedCapabilities: z.array(z.string().regex(/^[a-z_]+$/)).default([]) }).optional(),
        executable: z.object({ allowedExecutables: paths, allowedLibraries: paths }).optional(),
        filesystem: z.object({ readOnlyPaths: paths, writeOnlyPaths: paths, readWritePaths: paths }).optional(),
        network: z
          .object({
            allowRaw: z.boolean().optional(),
            allowedProtocols: z
              .object({ allowTcp: z.boolean().optional(), allowUdp: z.boolean().optional() })
              .optional(),
          })
          .optional(),
      })
      .default({}),
    mode: z.enum(['Enforce', 'Complain']).default('Enforce'),
  }),
});

export function isOperatorObject(text: string): boolean {
  return /^kind:\s*["']?AppArmorProfile\b/m.test(text);
}

/** Known of abstractions/base (Debian's apparmor 3.0, tested where it is installed): what every profile of the operator has. */
export const knownOfBase: readonly string[] = [
  'ptrace (readby),',
  'ptrace (tracedby),',
  'ptrace (read) peer=@{profile_name},',
  'signal (receive) peer=unconfined,',
  'signal peer=@{profile_name},',
  'unix peer=(label=@{profile_name}),',
];

/** The text of the profile. Throws UnreadableArtifact where the operator would not make one. */
export function profileOfObject(text: string): string {
  const parsed = schema.safeParse(objectIn(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadableArtifact(issue?.path.join('.') ?? '', issue?.message ?? 'not valid');
  }
  const { metadata, spec } = parsed.data;
  const { capability, executable, filesystem, network } = spec.abstract;
  const quoted = (each: string): string => (each.includes(' ') ? `"${each}"` : each);
  const rules = (all: readonly string[] | undefined, mode: string, but = ''): string[] =>
    (all ?? []).flatMap((each) => [
      `${quoted(each)} ${mode},`,
      ...(but === '' ? [] : [`deny ${quoted(each)} ${but},`]),
    ]);
  const { allowTcp, allowUdp } = network?.allowedProtocols ?? {};
  const lines = [
    'include <abstractions/base>',
    ...knownOfBase,
    ...rules(executable?.allowedExecutables, 'rix'),
    ...rules(executable?.allowedLibraries, 'mr'),
    ...rules(filesystem?.readOnlyPaths, 'r', 'wlk'),
    ...rules(filesystem?.writeOnlyPaths, 'wlk', 'r'),
    ...rules(filesystem?.readWritePaths, 'rwlk'),
    ...(network?.allowRaw === undefined ? [] : [network.allowRaw ? 'network raw,' : 'deny network raw,']),
    ...(allowTcp === true ? ['network tcp,'] : []),
    ...(allowUdp === true ? ['network udp,'] : []),
    ...(capability?.allowedCapabilities ?? []).map((each) => `capability ${each},`),
    ...always,
  ];
  const flags = ['attach_disconnected', 'mediate_deleted', ...(spec.mode === 'Complain' ? ['complain'] : [])];
  return `include <tunables/global>\nprofile ${metadata.name} flags=(${flags.join(',')}) {\n  ${lines.join('\n  ')}\n}\n`;
}

/** What the operator denies in every profile; it leaves out mount and /sys in some of its versions. */
const always = [
  'deny @{PROC}/* w,',
  'deny @{PROC}/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}/** w,',
  'deny @{PROC}/sys/[^k]** w,',
  'deny @{PROC}/sys/kernel/{?,??,[^s][^h][^m]**} w,',
  ...['sysrq-trigger', 'mem', 'kmem', 'kcore'].map((name) => `deny @{PROC}/${name} rwklx,`),
  'deny mount,',
  'deny /sys/[^f]*/** wklx,',
  'deny /sys/f[^s]*/** wklx,',
  'deny /sys/fs/[^c]*/** wklx,',
  'deny /sys/fs/c[^g]*/** wklx,',
  'deny /sys/fs/cg[^r]*/** wklx,',
  'deny /sys/firmware/efi/efivars/** rwklx,',
  'deny /sys/kernel/security/** rwklx,',
];

function objectIn(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new UnreadableArtifact('', `no YAML: ${(error as Error).message.split('\n')[0]}`);
  }
}
