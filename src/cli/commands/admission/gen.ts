/** `kguardian gen vap`, `gen gatekeeper`, `gen kyverno`: patterns of the objects that are there, as rules of admission. */
import { join } from 'node:path';
import type { Baseline } from '#baseline/baseline.ts';
import { fold } from '#baseline/fold.ts';
import { printable } from '#observation/text.ts';
import { observedSubject, outlook } from '#posture/admission/behaviour.ts';
import { type Form, type FormName, forms } from '#posture/admission/forms.ts';
import { mine, type MiningOptions, type Proposal } from '#posture/admission/mine.ts';
import { prove } from '#posture/admission/prove.ts';
import { exceptionText, inScope, type Rule, type Scope } from '#posture/admission/rule/rule.ts';
import type { Existing } from '#posture/admission/subjects.ts';
import { systemNamespaces } from '#posture/admission/written.ts';
import { Failure } from '../../failure.ts';
import { writeAtomically } from '../../output-files.ts';
import { readRecordings } from '../../recording-files.ts';
import { count, tell } from '../../story.ts';
import { type ObjectFlags, objectsOf } from './objects.ts';

export interface GenFlags extends ObjectFlags {
  readonly minSupport: string;
  readonly minObjects: string;
  readonly minUses: string;
  readonly maxExceptions: string;
  readonly excludeNamespace?: readonly string[];
  readonly rule?: readonly string[];
  readonly from?: readonly string[];
  readonly stage: 'watch' | 'enforce';
  readonly form?: string;
  readonly rego?: boolean;
  readonly outputDir?: string;
}

export async function genAdmission(name: FormName, flags: GenFlags): Promise<void> {
  const form = forms[wantedForm(name, flags)];
  const { objects, unread, namespace } = await objectsOf(flags);
  const options = miningOptions(flags, namespace);
  for (const each of unread) tell(printable(each));
  if (unread.length > 0)
    throw new Failure('nothing is written: a pattern over objects of which some cannot be read is none', 2);
  const governed = objects.filter((each) =>
    inScope(options.scope, each.kind === 'Namespace' ? each.name : each.namespace),
  );
  const { proposals, rejected } = mine(governed, options);
  const isAsked = (id: string): boolean => flags.rule === undefined || flags.rule.includes(id);
  const known = [...proposals.map(({ rule }) => rule.id), ...rejected.map(({ id }) => id)];
  const none = flags.rule?.find((id) => !known.includes(id));
  if (none !== undefined)
    throw new Failure(`no rule ${JSON.stringify(none)} for these objects; there are: ${known.toSorted().join(', ')}`);
  const wanted = proposals.filter(({ rule }) => isAsked(rule.id));
  for (const { id, why } of rejected) if (isAsked(id)) tell(`not proposed: ${id}, ${why}`);
  if (wanted.length === 0) throw new Failure(`no pattern of ${count(governed.length, 'object')} has enough support`, 1);
  const baselines = flags.from === undefined ? [] : fold(await readRecordings(flags.from));
  await written(form, wanted, governed, { ...flags, baselines });
}

function wantedForm(name: FormName, { form, rego }: GenFlags): FormName {
  if (form === 'cluster') return 'kyverno-cluster';
  return rego === true ? 'gatekeeper-rego' : name;
}

async function written(
  form: Form,
  proposals: readonly Proposal[],
  objects: readonly Existing[],
  { stage, outputDir, baselines }: GenFlags & { readonly baselines: readonly Baseline[] },
): Promise<void> {
  const texts = proposals.map(({ rule }) => form.write(rule, stage));
  const proof = prove(form.judge(texts.join('')), proposals, objects, form.nameOf);
  if (proof.faults.length > 0) {
    for (const each of proof.faults.slice(0, 10)) tell(`  ${printable(each)}`);
    throw new Failure(`nothing is written: the judge does not agree in ${count(proof.faults.length, 'case')}`, 1);
  }
  for (const [at, { rule }] of proposals.entries()) {
    const text = texts[at] ?? '';
    if (outputDir === undefined) process.stdout.write(text);
    else await writeAtomically(join(outputDir, `${rule.id}-${form.name}.yaml`), text);
    tell(`${rule.id}: ${rule.support.holds} of ${rule.support.of}; ${rule.message}`);
    for (const each of exceptionsOf(rule, baselines)) tell(`  except ${printable(each)}`);
  }
  tell(
    `${count(proposals.length, 'rule')}; the judge passes ${count(proof.objects, 'object')} and refuses ${count(proof.counterExamples, 'counter-example')}${stage === 'watch' ? '; nothing is refused yet (--stage enforce)' : ''}`,
  );
}

/** With what recordings say of them. */
function exceptionsOf({ id, exceptions }: Rule, baselines: readonly Baseline[]): string[] {
  return exceptions.map((each) => {
    const known = outlook(id, observedSubject(baselines, each));
    return `${exceptionText(each)}${known === null ? '' : ` (${known})`}`;
  });
}

function miningOptions(flags: GenFlags, namespace: string | null): MiningOptions {
  return {
    minSupport: numberOf('--min-support', flags.minSupport, (value) => value > 0 && value <= 1, 'over 0 up to 1'),
    minObjects: wholeOf('--min-objects', flags.minObjects, 1),
    minUses: wholeOf('--min-uses', flags.minUses, 1),
    maxExceptions: wholeOf('--max-exceptions', flags.maxExceptions, 0),
    scope: scopeOf(flags.excludeNamespace, namespace),
  };
}

function scopeOf(excluded: readonly string[] | undefined, namespace: string | null): Scope {
  const wrong = [...(excluded ?? []), ...(namespace === null ? [] : [namespace])].find(
    (each) => !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(each),
  );
  if (wrong !== undefined) throw new Failure(`${JSON.stringify(wrong)} is no name of a namespace`);
  if (namespace !== null) return { only: [namespace] };
  return { except: (excluded ?? systemNamespaces).toSorted() };
}

function wholeOf(flag: string, text: string, least: number): number {
  return numberOf(flag, text, (value) => Number.isInteger(value) && value >= least, `a whole number from ${least}`);
}

function numberOf(flag: string, text: string, fits: (value: number) => boolean, what: string): number {
  const value = Number(text);
  if (text.trim() === '' || !fits(value)) throw new Failure(`${flag} takes ${what}, not ${JSON.stringify(text)}`);
  return value;
}
