/** `kguardian gen rbac`: the smallest roles for what was used, each asked of the authorizer before it is written. */
import { firstOf } from '#baseline/evidence.ts';
import { join } from 'node:path';
import { type ApiUse, serviceAccountOf } from '#kubernetes/api-use.ts';
import { objectName } from '#kubernetes/names.ts';
import { plain } from '#kubernetes/yaml-text.ts';
import { printable } from '#observation/text.ts';
import { generateRbac, type RbacOptions, type RbacSubject } from '#posture/rbac/generate.ts';
import { proveRbac } from '#posture/rbac/prove.ts';
import { faultOf, rbacText } from '#posture/rbac/written.ts';
import { Failure } from '../../failure.ts';
import { writeAtomically } from '../../output-files.ts';
import { count, tell } from '../../story.ts';
import { namespaceOf, type UseFlags, usesIn, usesOfBroker } from '../../used-rights.ts';

export interface GenFlags extends UseFlags {
  readonly subject?: readonly string[];
  readonly group?: readonly string[];
  readonly people?: boolean;
  readonly includeDenied?: boolean;
  readonly widen?: 'informers';
  readonly maxNames: string;
  readonly output: 'yaml' | 'json';
  readonly outputDir?: string;
}

export async function genRbac(name: string | undefined, flags: GenFlags): Promise<void> {
  const options: RbacOptions = {
    maxNames: maxNamesOf(flags.maxNames),
    includeDenied: flags.includeDenied === true,
    widenInformers: flags.widen === 'informers',
  };
  const { uses, namespace } = await evidence(flags);
  const users = Map.groupBy(uses, ({ user }) => user);
  const wanted: RbacSubject[] = [
    ...[...users.keys()]
      .toSorted()
      .filter((user) => isWanted(user, { ...flags, name, where: namespace }))
      .map((user): RbacSubject => ({ type: 'user', name: user })),
    ...(flags.group ?? []).map((group): RbacSubject => ({ type: 'group', name: group })),
  ];
  const written = wanted.map((subject) => ({ subject, own: usesOf(subject, uses) }));
  const nothing = written.filter(({ own }) => own.length === 0);
  for (const { subject } of nothing) tell(`nothing of ${subject.type} ${JSON.stringify(subject.name)} was seen`);
  // Lines that could not be read may have held what is missing.
  if (written.length === nothing.length)
    throw new Failure(noSubject([...users.keys()]), process.exitCode === 2 ? 2 : 1);
  for (const { subject, own } of written) if (own.length > 0) await write(subject, own, options, flags);
  if (flags.people !== true && flags.subject === undefined && flags.group === undefined) tellPeople(users);
}

export function maxNamesOf(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isInteger(number) || number < 0)
    throw new Failure(`--max-names takes a number, not ${JSON.stringify(text)}`);
  return number;
}

async function evidence(flags: GenFlags): Promise<{ uses: readonly ApiUse[]; namespace: string | null }> {
  const { auditLog = [] } = flags;
  if (auditLog.length > 0) return { uses: await usesIn(auditLog), namespace: flags.namespace ?? null };
  // People and their groups are of no namespace.
  const everybody = flags.subject ?? flags.group ?? (flags.people === true ? [] : undefined);
  const namespace = everybody === undefined ? namespaceOf(flags) : null;
  return { uses: await usesOfBroker(flags, namespace), namespace };
}

interface Wanted {
  readonly name: string | undefined;
  readonly where: string | null;
  readonly subject?: readonly string[];
  readonly group?: readonly string[];
  readonly people?: boolean;
}

function isWanted(user: string, { name, where, subject, group, people }: Wanted): boolean {
  if (subject !== undefined) return subject.includes(user);
  if (group !== undefined) return false;
  const account = serviceAccountOf(user);
  if (account === null)
    return people === true && where === null && !user.startsWith('system:') && (name === undefined || name === user);
  return (where === null || account.namespace === where) && (name === undefined || account.name === accountName(name));
}

/** `sa/app` as kubectl names it, or `app`. */
function accountName(name: string): string {
  return name.replace(/^(sa|serviceaccounts?)\//, '');
}

function usesOf({ type, name }: RbacSubject, uses: readonly ApiUse[]): readonly ApiUse[] {
  return uses.filter(({ user, groups }) => (type === 'user' ? user === name : groups.includes(name)));
}

function noSubject(users: readonly string[]): string {
  if (users.length === 0) return 'no subject to write for: no right was used';
  return `no subject to write for; the log tells of ${firstOf(users.map(printable), 5)} (--subject names one, --group a group, --people takes all people)`;
}

/** Roles of people are decided on by people: they are listed. */
function tellPeople(users: ReadonlyMap<string, readonly ApiUse[]>): void {
  const people = [...users].filter(([user]) => serviceAccountOf(user) === null && !user.startsWith('system:'));
  if (people.length === 0) return;
  tell(
    `nothing was written for ${count(people.length, 'person').replace('persons', 'people')} (--people, --subject, or --group):`,
  );
  for (const [user, uses] of people.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const groups = [...new Set(uses.flatMap((use) => use.groups))].filter((each) => !each.startsWith('system:'));
    const of = groups.length === 0 ? '' : `, of ${groups.toSorted().join(', ')}`;
    tell(`  ${printable(user)}: ${count(uses.length, 'different right')}${printable(of)}`);
  }
}

async function write(
  subject: RbacSubject,
  own: readonly ApiUse[],
  options: RbacOptions,
  { output, outputDir }: GenFlags,
): Promise<void> {
  const generated = generateRbac(subject, own, options);
  const { objects, notes, needed, refusals } = generated;
  const proof = proveRbac(objects, needed, refusals);
  const fault = faultOf(subject, proof);
  if (fault !== null) throw new Failure(`nothing is written for ${fault}`, 1);
  const text =
    output === 'json'
      ? objects.map((each) => `${JSON.stringify(plain(each))}\n`).join('')
      : rbacText(subject, generated);
  if (outputDir === undefined) process.stdout.write(text);
  else await writeAtomically(join(outputDir, `${fileName(subject)}-rbac.${output}`), text);
  tell(
    `${printable(subject.name)}: ${count(objects.length, 'object')}; the authorizer allows ${proof.allowed} of ${proof.allowed} requests that were allowed`,
  );
  for (const note of notes) tell(`  note: ${printable(note)}`);
}

/** A user and a group may have one name. */
function fileName({ type, name }: RbacSubject): string {
  return type === 'group' ? `group-${objectName(name)}` : objectName(name);
}
