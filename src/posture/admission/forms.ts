/** The forms in which rules are written, each with the judge of its text. */
import { gatekeeperJudge } from './judge/gatekeeper.ts';
import type { Judge } from './judge/judge.ts';
import { kyvernoJudge } from './judge/kyverno.ts';
import { vapJudge } from './judge/vap.ts';
import type { Rule } from './rule/rule.ts';
import { writeGatekeeper } from './write/gatekeeper.ts';
import { nameOf } from './write/head.ts';
import { writeKyverno, writeKyvernoCluster } from './write/kyverno.ts';
import { type Stage, writeVap } from './write/vap.ts';

export interface Form {
  readonly name: string;
  /** What the judge calls the rule. */
  readonly nameOf: (rule: Rule) => string;
  write(rule: Rule, stage: Stage): string;
  /** Throws `Unjudgeable`. */
  judge(text: string): Judge;
}

export type FormName = 'vap' | 'gatekeeper' | 'gatekeeper-rego' | 'kyverno' | 'kyverno-cluster';

export const forms: Readonly<Record<FormName, Form>> = {
  vap: { name: 'vap', nameOf, write: writeVap, judge: vapJudge },
  gatekeeper: { name: 'gatekeeper', nameOf, write: writeGatekeeper, judge: gatekeeperJudge },
  'gatekeeper-rego': {
    name: 'gatekeeper',
    nameOf,
    write: (rule, stage) => writeGatekeeper(rule, stage, true),
    judge: gatekeeperJudge,
  },
  kyverno: { name: 'kyverno', nameOf, write: writeKyverno, judge: kyvernoJudge },
  'kyverno-cluster': { name: 'kyverno', nameOf, write: writeKyvernoCluster, judge: kyvernoJudge },
};
