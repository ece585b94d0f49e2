/** RBAC on the command line: what is used, what it needs, what is granted. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readingKubernetesAudit } from '#imports/kubernetes-audit.ts';
import type { ApiUse } from '#kubernetes/api-use.ts';
import { objectName } from '#kubernetes/names.ts';
import { type YamlMap, plain, yamlDocument } from '#kubernetes/yaml-text.ts';
import { printable } from '#observation/text.ts';
import { type Authorizer, authorizerOf } from '#posture/rbac/authorizer.ts';
import { generateRbac, proveRbac } from '#posture/rbac/generate.ts';
import { type RbacObject, readRbac, UnreadableRbac } from '#posture/rbac/objects.ts';
import { request } from '#posture/rbac/request.ts';
import { Failure, systemReason } from '../failure.ts';
import { readLines } from '../import-files.ts';
import { answerLines } from '../questions.ts';
import { writeAtomically } from '../output-files.ts';
import { count, tell } from '../story.ts';

export interface GenFlags {
  readonly auditLog: readonly string[];
  readonly subject?: readonly string[];
  readonly namespace?: string;
  readonly people?: boolean;
  readonly includeDenied?: boolean;
  readonly maxNames: string;
  readonly output: 'yaml' | 'json';
  readonly outputDir?: string;
}

export async function genRbac(flags: GenFlags): Promise<void> {
  const maxNames = Number(flags.maxNames);
  if (!Number.isInteger(maxNames) || maxNames < 0)
    throw new Failure(`--max-names takes a number, not ${JSON.stringify(flags.maxNames)}`);
  const uses = await usesIn(flags.auditLog);
  const options = { maxNames, includeDenied: flags.includeDenied === true };
  const subjects = Map.groupBy(uses, ({ user }) => user);
  const wanted = [...subjects.keys()].toSorted().filter((user) => isWanted(user, flags));
  if (wanted.length === 0)
    throw new Failure(
      `no subject to write for; the log tells of ${[...subjects.keys()].slice(0, 5).join(', ')}${subjects.size > 5 ? ` and ${subjects.size - 5} more` : ''} (--subject names one, --people takes them all)`,
      1,
    );
  for (const user of wanted) {
    const own = subjects.get(user) ?? [];
    const { objects, notes } = generateRbac(user, own, options);
    const proof = proveRbac(objects, own, options.includeDenied);
    if (proof.refused.length + proof.granted.length > 0)
      throw new Failure(
        `nothing is written for ${user}: the authorizer refuses ${proof.refused.length} of what was allowed (${proof.refused[0] ?? '-'}), grants ${proof.granted.length} of what was refused (${proof.granted[0] ?? '-'})`,
        1,
      );
    const text = objects.map((each) => textOf(user, each, flags.output)).join('');
    if (flags.outputDir === undefined) process.stdout.write(text);
    else await writeAtomically(join(flags.outputDir, `${objectName(user)}-rbac.${flags.output}`), text);
    tell(
      `${printable(user)}: ${count(objects.length, 'object')}; the authorizer allows ${proof.allowed} of ${proof.allowed} requests that were allowed`,
    );
    for (const note of notes) tell(`  note: ${printable(note)}`);
  }
}

function isWanted(user: string, { subject, namespace, people }: GenFlags): boolean {
  if (subject !== undefined) return subject.includes(user);
  const [, where] = /^system:serviceaccount:([^:]+):/.exec(user) ?? [];
  if (where === undefined) return people === true && namespace === undefined && !user.startsWith('system:');
  return namespace === undefined || where === namespace;
}

function textOf(user: string, object: YamlMap, output: 'yaml' | 'json'): string {
  return output === 'json'
    ? `${JSON.stringify(plain(object))}\n`
    : yamlDocument([`what ${user} was seen to do`], object);
}

/** Of all files together; a broken line is told by its number, and the rest is done. */
async function usesIn(files: readonly string[]): Promise<readonly ApiUse[]> {
  const reader = readingKubernetesAudit();
  let broken = 0;
  for (const file of files) {
    let line = 0;
    await readLines(file, (text) => {
      line += 1;
      const fault = reader.add(text);
      if (fault === null) return;
      broken += 1;
      if (broken <= 10) tell(`${file}:${line}: ${fault}; passed over`);
    });
  }
  const { uses, events, notes } = reader.end();
  if (broken > 10) tell(`${broken - 10} more lines passed over`);
  for (const note of notes) tell(note);
  tell(`${count(events, 'event')}, ${count(uses.length, 'different right')} used or refused`);
  if (broken > 0) process.exitCode = 2;
  return uses;
}

export async function evaluateRbac(queries: string, { rbac }: { readonly rbac: readonly string[] }): Promise<void> {
  const authorizer = await authorizerIn(rbac);
  await answerLines(queries, request, (asked) => ({ ...authorizer.authorize(asked) }));
}

async function authorizerIn(files: readonly string[]): Promise<Authorizer> {
  const authorizer = authorizerOf(await rbacIn(files));
  for (const each of authorizer.dangling) tell(each);
  return authorizer;
}

async function rbacIn(files: readonly string[]): Promise<readonly RbacObject[]> {
  const all: RbacObject[] = [];
  for (const file of files) {
    try {
      const { objects, others } = readRbac(await readFile(file, 'utf8'));
      all.push(...objects);
      for (const [kind, number] of others) tell(`${file}: ${number} ${kind} passed over: it grants nothing`);
    } catch (error) {
      const reason = error instanceof UnreadableRbac ? error.message : systemReason(error);
      throw new Failure(`cannot read ${JSON.stringify(file)}: ${reason}`, 2, error);
    }
  }
  return all;
}
