/** `kguardian migrate psp`: PodSecurityPolicies as levels, patches and admission policies. */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { json, list } from '#kubernetes/json.ts';
import { objectName } from '#kubernetes/names.ts';
import { plain, yamlDocument } from '#kubernetes/yaml-text.ts';
import { documents } from '#posture/documents.ts';
import { strategicPatch } from '#posture/pss/fix/patch.ts';
import { labelDocument } from '#posture/pss/labels.ts';
import { newestMinor, type Version } from '#posture/pss/level.ts';
import { UnreadablePod } from '#posture/pss/pod.ts';
import { sourceText } from '#posture/pss/report/finding.ts';
import { type Given, migrate, type Migration, type Patch } from '#posture/psp/migrate.ts';
import { UnreadableFields } from '#posture/psp/pod.ts';
import { isPsp, type Psp, readPsp, UnreadablePsp } from '#posture/psp/psp.ts';
import { authorizerOf } from '#posture/rbac/authorizer.ts';
import type { Api } from '../cluster/api.ts';
import type { ClusterFlags } from '../cluster/flags.ts';
import { openCluster } from '../cluster/open.ts';
import { Failure } from '../failure.ts';
import { writeAtomically } from '../output-files.ts';
import { columns, count, tell } from '../story.ts';
import { type Manifests, manifestsIn, manifestsOf, namespacesOf } from './pss/manifests.ts';
import { fileTexts, type FileText } from '../file-texts.ts';
import { versionFlag } from './pss/version-flag.ts';
import { type GrantedObjects, grantedIn, grantedOf } from './rbac/granted.ts';

export interface MigrateFlags extends ClusterFlags {
  readonly filename?: readonly string[];
  readonly cluster?: boolean;
  readonly pssVersion: string;
  readonly output: 'table' | 'yaml' | 'json';
  readonly outputDir?: string;
}

/** Exit code 2 when something could not be read: nothing is written then, since nobody knows which namespace it is of. */
export async function migratePsp(flags: MigrateFlags): Promise<void> {
  const files = flags.filename ?? [];
  if (files.length === 0 && flags.cluster !== true)
    throw new Failure('give manifests with -f FILE, or --cluster for what runs in one');
  const version = pinned(versionFlag(flags.pssVersion));
  const { given, unread } = await read(flags, await fileTexts(files));
  for (const what of unread) tell(what);
  if (unread.length > 0) {
    tell('nothing is written: what could not be read may be of any namespace');
    process.exitCode = 2;
    return;
  }
  if (given.psps.length === 0) throw new Failure('there is no PodSecurityPolicy to migrate from');
  const migrations = migrated(given, version);
  if (flags.outputDir === undefined) process.stdout.write(written(migrations, version, flags.output));
  else
    for (const { path, text } of filesOf(migrations, version)) await writeAtomically(join(flags.outputDir, path), text);
  told(migrations, flags);
}

/** Labels say which version was judged: a later one may refuse more. */
function pinned(version: Version): Version {
  return version === 'latest' ? newestMinor : version;
}

function migrated(given: Given, version: Version): Migration[] {
  try {
    return migrate(given, version);
  } catch (error) {
    if (error instanceof UnreadablePod || error instanceof UnreadableFields)
      throw new Failure(`a pod cannot be read: ${error.message}`, 2, error);
    throw error;
  }
}

interface Read {
  readonly given: Given;
  readonly unread: readonly string[];
}

async function read(flags: MigrateFlags, texts: readonly FileText[]): Promise<Read> {
  const unread: string[] = [];
  const psps = texts.flatMap(({ file, text }) =>
    documents(text).flatMap((each) =>
      each.type === 'object' ? pspsIn(each.object, `${file}:${each.part.line}`, unread) : [],
    ),
  );
  const inFiles = { manifests: manifestsIn(texts), granted: grantedIn(texts) };
  if (flags.cluster !== true) {
    const { manifests, granted } = inFiles;
    unread.push(...manifests.unread.map(({ file, line, what }) => `${file ?? ''}:${line ?? 1}: ${what}`));
    // What is broken is told once; what is a role, and no good one, is told here.
    const known = new Set(unread);
    unread.push(
      ...granted.unread.map(({ file, line, what }) => `${file}:${line}: ${what}`).filter((each) => !known.has(each)),
    );
    return { given: givenBy(psps, manifests, granted, flags.namespace ?? 'default', flags.namespace ?? null), unread };
  }
  const { manifests: own } = inFiles;
  if (own.pods.length > 0) tell('pods in files are not taken into account: --cluster has those that run');
  unread.push(...own.unread.map(({ file, line, what }) => `${file ?? ''}:${line ?? 1}: ${what}`));
  const cluster = openCluster(flags, 'manifests with -f FILE');
  try {
    const api = cluster.api();
    const namespace = flags.allNamespaces === true ? null : api.namespace;
    const all = psps.length > 0 ? psps : await pspsOf(api, unread);
    const manifests = { ...(await manifestsOf(api, namespace)), namespaces: await namespacesOf(api, namespace) };
    const granted = await grantedOf(api);
    unread.push(...granted.unread.map(({ what }) => `cluster: ${what}`));
    return { given: givenBy(all, manifests, granted, api.namespace, namespace), unread };
  } finally {
    cluster.close();
  }
}

function givenBy(
  psps: readonly Psp[],
  manifests: Manifests,
  granted: GrantedObjects,
  defaultNamespace: string,
  only: string | null,
): Given {
  for (const what of manifests.unknownKinds.keys())
    if (!what.startsWith('PodSecurityPolicy')) tell(`not judged, since it is not known to make pods: ${what}`);
  return {
    psps,
    authorizer: granted.objects.length === 0 ? null : authorizerOf(granted.objects),
    namespaces: manifests.namespaces.filter(({ name }) => only === null || name === only),
    pods: manifests.pods
      .map(({ source }) => source)
      .filter(({ namespace }) => only === null || (namespace ?? defaultNamespace) === only),
    defaultNamespace,
  };
}

function pspsIn(object: unknown, where: string, unread: string[]): Psp[] {
  const { kind, items, apiVersion } = json(object);
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items))
    return list(items).flatMap((each) =>
      pspsIn(kind === 'List' ? each : { apiVersion, kind: kind.slice(0, -4), ...json(each) }, where, unread),
    );
  if (!isPsp(object)) return [];
  try {
    return [readPsp(object)];
  } catch (error) {
    if (!(error instanceof UnreadablePsp)) throw error;
    unread.push(`${where}: PodSecurityPolicy: ${error.message}`);
    return [];
  }
}

const collection = '/apis/policy/v1beta1/podsecuritypolicies';

async function pspsOf(api: Api, unread: string[]): Promise<Psp[]> {
  if ((await api.get(`${collection}?limit=1`)) === null)
    throw new Failure(
      'this API server has no PodSecurityPolicies any more (Kubernetes 1.25 and later); give their manifests with -f, and --cluster for what runs',
    );
  const found = await api.list(collection);
  return found.flatMap((each) =>
    pspsIn({ ...json(each), apiVersion: 'policy/v1beta1', kind: 'PodSecurityPolicy' }, 'cluster', unread),
  );
}

interface Written {
  readonly path: string;
  readonly text: string;
}

function filesOf(migrations: readonly Migration[], version: Version): Written[] {
  const all = migrations.flatMap((each): Written[] => [
    { path: `namespaces/${objectName(each.namespace)}.yaml`, text: namespaceText(each, version) },
    ...each.admission.map((made) => ({ path: `policies/${made.name}.yaml`, text: policyText(made) })),
    ...each.patches.map((patch) => ({
      path: `patches/${patchName(each.namespace, patch)}.yaml`,
      text: patchText(patch),
    })),
  ]);
  const twice = all.find(({ path }, at) => all.findIndex((each) => each.path === path) !== at);
  if (twice !== undefined) throw new Failure(`two of them would be written to ${JSON.stringify(twice.path)}`);
  return all;
}

function patchName(namespace: string, { source }: Patch): string {
  return `${objectName(namespace)}-${source.kind.toLowerCase()}-${objectName(source.name)}`;
}

function written(migrations: readonly Migration[], version: Version, output: MigrateFlags['output']): string {
  if (output === 'json') return `${JSON.stringify({ namespaces: migrations.map(rowObject) }, null, 2)}\n`;
  if (output === 'table') return migrations.length === 0 ? '' : `${columns(heads, migrations.map(row))}\n`;
  return migrations.map((each) => `${namespaceText(each, version)}${each.admission.map(policyText).join('')}`).join('');
}

const heads = ['NAMESPACE', 'LEVEL', 'NEXT', 'POLICIES', 'PATCHES', 'ADMISSION POLICIES', 'ALLOWED BEYOND THE LEVEL'];

function row({ namespace, plan, policies, patches, admission }: Migration): string[] {
  const beyond = policies.flatMap(({ name, beyond: what }) =>
    what.length === 0 ? [] : [`${name}: ${what.join(', ')}`],
  );
  return [
    namespace,
    plan.enforce,
    plan.next,
    policies.map(({ name }) => name).join(', ') || '-',
    String(patches.length),
    String(admission.length),
    beyond.join('; ') || '-',
  ];
}

function rowObject({ namespace, plan, policies, patches, admission, notes }: Migration): object {
  return {
    namespace,
    level: plan.enforce,
    next: plan.next,
    blockers: plan.blockers,
    policies,
    patches: patches.map((patch) => ({ of: sourceText(patch.source), psp: patch.psp, patch: strategic(patch) })),
    admission: admission.map(({ policy, binding }) => ({ policy: plain(policy), binding: plain(binding) })),
    notes,
  };
}

/** The labels with what came from where as comments. */
function namespaceText({ plan, policies, patches, notes }: Migration, version: Version): string {
  const [first = '', ...rest] = labelDocument(plan, version).split('\n');
  const lines = [
    ...policies.map(({ name, beyond }) =>
      beyond.length === 0
        ? `${name} allowed nothing beyond ${plan.enforce}`
        : `${name} allowed beyond ${plan.enforce}: ${beyond.join(', ')}`,
    ),
    ...patches.map(
      ({ source, psp }) => `${sourceText(source)} passes as ${psp} changed it: patch it before this is applied`,
    ),
    ...notes,
  ];
  return [first, ...lines.map((line) => `# ${commented(line)}`), ...rest].join('\n');
}

/** Names come from manifests: a comment stays one line of printable text. */
function commented(line: string): string {
  return line.replaceAll(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function policyText({ policy, binding }: Migration['admission'][number]): string {
  return `${yamlDocument(['warns and audits; make it Deny when nobody is warned any more'], policy)}${yamlDocument([], binding)}`;
}

function strategic({ source, before, after }: Patch): object {
  return strategicPatch(source, before, after);
}

function patchText(patch: Patch): string {
  const head = `# what ${patch.psp} wrote into pods of ${sourceText(patch.source)}; kubectl patch --patch-file, or kustomize`;
  return `${commented(head)}\n${stringify(strategic(patch), { lineWidth: 0 })}`;
}

function told(migrations: readonly Migration[], { outputDir, output }: MigrateFlags): void {
  for (const { namespace, notes } of migrations) for (const note of notes) tell(`${namespace}: ${note}`);
  const patches = migrations.flatMap((each) => each.patches).length;
  if (patches > 0 && outputDir === undefined && output === 'yaml')
    tell(
      `${count(patches, 'patch').replace('patchs', 'patches')} of what passed by mutation: --output-dir DIR writes them, -o json shows them`,
    );
  tell(
    `${count(migrations.length, 'namespace')}, ${count(migrations.flatMap((each) => each.admission).length, 'admission policy').replace('policys', 'policies')}; apply patches first, then labels, then policies`,
  );
}
