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
