/** The forms in which rules are written, each with the judge of its text. */
import { vapJudge } from './judge/vap.ts';
import type { Judge } from './judge/judge.ts';
import { nameOf } from './write/head.ts';
import type { Rule } from './rule/rule.ts';
import { type Stage, writeVap } from './write/vap.ts';

export interface Form {
  readonly name: string;
  /** What the judge calls the rule. */
  nameOf(rule: Rule): string;
  write(rule: Rule, stage: Stage): string;
  judge(text: string): Judge;
}

export const vap: Form = { name: 'vap', nameOf, write: writeVap, judge: vapJudge };

export type FormName = 'vap' | 'gatekeeper' | 'kyverno';

export function formOf(_name: FormName, _options: { readonly old?: boolean; readonly rego?: boolean } = {}): Form {
  return vap;
}
