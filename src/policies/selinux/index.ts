import type { PolicyKind } from '../kind.ts';
import { evaluator, query, type Query } from './evaluate.ts';
import { world } from './world.ts';
import { generate } from './generate.ts';
import { options, readingOptions } from './options.ts';
import { refine } from './refine.ts';

export const selinux: PolicyKind<typeof options, Query> = {
  name: 'selinux',
  aliases: [],
  summary:
    'types of processes, files and ports: CIL, type enforcement modules, SelinuxProfile (Security Profiles Operator)',
  shown: {
    generated: 'CIL, module (.te .fc .if), SelinuxProfile, RawSelinuxProfile',
    judged: 'CIL and TE as secilc and checkmodule; libsepol',
    enforced: 'eight programs in a guest that enforces it',
  },
  rollout: {
    watch: { mode: 'permissive' },
    look: 'load the policies on the nodes (semodule -i FILE) and name the type in seLinuxOptions of the pods; AVC lines tell what would be refused (kguardian refine selinux --log)',
    enforce: 'write them again with --stage enforce and load them',
    undo: 'load the permissive form, or take seLinuxOptions back, restart the pods and remove the module (semodule -r NAME)',
  },
  demoFile: 'demo-selinux.cil',
  options,
  sensors: ['files', 'programs', 'capabilities'],
  unit: 'container',
  cluster: 'unused',
  generate,
  recognises: (text) =>
    /kind: (Raw)?SelinuxProfile|seLinuxOptions:|^\s*\((block|type|typeattributeset|allow|optional|blockinherit) |^(module [\w.-]+ [\d.]+;|policy_module\()|gen_context\(|^\/\S*\s.*:object_r:/m.test(
      text,
    ),
  evaluator: (text, chosen = {}) => evaluator(text, readingOptions.parse(chosen)),
  refine,
  readingOptions,
  deployed: [],
  query,
  world,
};
