/** The files of a policy, in the form that was asked for. */
import type { Baseline } from '#baseline/baseline.ts';
import type { Draft } from '../generate/draft.ts';
import type { Options } from '../options.ts';
import { cilBlock } from './cil.ts';
import { profileName, rawSelinuxProfile, selinuxProfile, seLinuxPatch } from './operator.ts';
import { contextsText, interfacesText, moduleText } from './te.ts';
import { comment, identifier } from './words.ts';

interface PolicyFile {
  /** After the name and a hyphen; a module's files are called exactly as the module, which checkmodule wants. */
  readonly suffix: string;
  /** What labels or names a policy, and grants nothing by itself. */
  readonly judged?: false;
  readonly applied?: 'object' | 'patch';
  readonly module?: string;
  readonly text: string;
}

export function policyFiles(
  draft: Draft,
  own: string,
  baseline: Baseline,
  options: Options,
  notes: readonly string[],
): PolicyFile[] {
  const name = identifier(own);
  const type = typeOf(options.output, name, own);
  const comments = [...usage(options.output, own, type), ...notes].map((each) => comment('', each).trimStart());
  const patch = {
    suffix: 'selinux-patch.yaml',
    text: seLinuxPatch(baseline.container, type, baseline.place?.kind),
    judged: false as const,
    applied: 'patch' as const,
  };
  return [...policyOf(draft, name, own, options.output, comments), ...(options.patch ? [patch] : [])];
}

function policyOf(
  draft: Draft,
  name: string,
  own: string,
  output: Options['output'],
  comments: readonly string[],
): PolicyFile[] {
  switch (output) {
    case 'cil':
      return [{ suffix: 'selinux.cil', text: cilBlock(draft, name, comments) }];
    case 'te':
      return [
        { suffix: 'te', module: name, text: moduleText(draft, name, comments) },
        { suffix: 'fc', module: name, text: contextsText(draft, name), judged: false },
        { suffix: 'if', module: name, text: interfacesText(draft, name), judged: false },
      ];
    case 'spo':
      return [{ suffix: 'selinux.yaml', text: selinuxProfile(draft, own, comments), applied: 'object' }];
    case 'spo-raw':
      return [{ suffix: 'selinux-raw.yaml', text: rawSelinuxProfile(draft, own, comments), applied: 'object' }];
  }
}

function typeOf(output: Options['output'], name: string, own: string): string {
  return output === 'te' ? `${name}_t` : `${output === 'cil' ? name : profileName(own)}.process`;
}

function usage(output: Options['output'], own: string, type: string): string[] {
  const load = {
    cil: 'semodule -i FILE on each node',
    te: 'checkmodule -M -m -o M.mod FILE.te && semodule_package -o M.pp -m M.mod -f FILE.fc && semodule -i M.pp',
    spo: 'kubectl apply; the Security Profiles Operator loads it on each node',
    'spo-raw': 'kubectl apply; the Security Profiles Operator loads it on each node',
  }[output];
  return [
    `SELinux policy of ${own}, written by kguardian`,
    `Load: ${load}`,
    `Use: securityContext.seLinuxOptions.type: ${type} (user, role and level are the runtime's; CRI-O and containerd with enable_selinux)`,
  ];
}
