import { z } from 'zod';
import type { PolicyKind } from '../kind.ts';
import { evaluator } from './evaluate.ts';
import { generate } from './generate.ts';
import { isOperatorObject } from './operator-object.ts';
import { options } from './options.ts';
import { query, type Query } from './query.ts';
import { refine } from './refine.ts';

export const apparmor: PolicyKind<typeof options, Query> = {
  name: 'apparmor',
  aliases: [],
  summary:
    'files, programs, capabilities, sockets, signals: AppArmor profile, AppArmorProfile (Security Profiles Operator)',
  shown: {
    generated: 'profile, workload patch, AppArmorProfile',
    judged: 'text as apparmor_parser 3.0 and Linux 6.1; the compiled DFA, the kernel',
    enforced: 'seven programs in a guest that enforces it',
  },
  rollout: {
    watch: { mode: 'complain' },
    look: 'load the profiles on the nodes (apparmor_parser -r FILE) and apply the patches; what would be refused is logged as ALLOWED (kguardian refine apparmor --log)',
    enforce: 'write them again with --stage enforce and load them: a loaded profile changes for running processes, too',
    undo: 'load the complaining form, or take the patch back, restart the pods and remove the profile (apparmor_parser -R FILE)',
  },
  demoFile: 'demo-apparmor.profile',
  options,
  sensors: ['files', 'programs', 'capabilities'],
  unit: 'container',
  cluster: 'unused',
  generate,
  recognises: (text) =>
    isOperatorObject(text) || /^[ \t]*(profile[ \t]+\S[^\n]*\{|abi[ \t]+<|#?include[ \t]+<tunables)/m.test(text),
  evaluator: (text) => evaluator(text),
  refine,
  readingOptions: z.object({}),
  deployed: [],
  query,
};
