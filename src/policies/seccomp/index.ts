import type { PolicyKind } from '../kind.ts';
import { evaluator, query, type Query } from './evaluate.ts';
import { generate } from './generate.ts';
import { options, readingOptions } from './options.ts';
import { refine } from './refine.ts';

export const seccomp: PolicyKind<typeof options, Query> = {
  name: 'seccomp',
  aliases: [],
  summary: 'system calls: OCI seccomp profile, SeccompProfile (Security Profiles Operator)',
  shown: {
    generated: 'OCI profile, workload patch, SeccompProfile',
    judged: 'text as runc, libseccomp and the kernel read it; libseccomp',
    enforced: 'eight programs in runc, on this kernel',
  },
  rollout: {
    watch: { logOnly: true },
    look: 'copy the profiles below /var/lib/kubelet/seccomp/kguardian/ of the nodes and apply the patches; calls that would be refused are in the audit log (kguardian refine seccomp --log)',
    enforce:
      'write them again with --stage enforce, copy them, and restart the pods: a profile is read when a container starts',
    undo: 'take the patch back and restart the pods',
  },
  demoFile: 'demo-seccomp.json',
  options,
  sensors: ['syscalls'],
  unit: 'container',
  cluster: 'unused',
  generate,
  recognises: (text) => /"?defaultAction"?\s*:|kind: SeccompProfile/.test(text),
  evaluator: (text, chosen = {}) => evaluator(text, readingOptions.parse(chosen).runtime),
  refine,
  readingOptions,
  deployed: [],
  query,
};
