import type { PolicyKind } from '../kind.ts';
import { evaluator, query, type Query } from './evaluate.ts';
import { generate } from './generate.ts';
import { options } from './options.ts';
import { refine } from './refine.ts';

/** Other options may come along: they were the generator's. */
const readingOptions = options.pick({ runtime: true }).strip();

export const seccomp: PolicyKind<typeof options, Query> = {
  name: 'seccomp',
  aliases: [],
  summary: 'system calls: OCI seccomp profile, SeccompProfile (Security Profiles Operator)',
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
