/** `kguardian gen pss labels`: Namespaces whose labels refuse nothing that is there. */
import { readFile } from 'node:fs/promises';
import { json, text } from '#kubernetes/json.ts';
import { configuration, type PluginConfiguration, UnreadableConfiguration } from '#posture/pss/configuration.ts';
import { type Judged, judged, labelDocument, labelPlan } from '#posture/pss/labels.ts';
import { newestMinor, type Version } from '#posture/pss/level.ts';
import { exemptWarning, isExemptClass, noDefaults, policyOf } from '#posture/pss/namespace.ts';
import { UnreadablePod } from '#posture/pss/pod.ts';
import { sourceText } from '#posture/pss/report/finding.ts';
import type { ClusterFlags } from '../../cluster/flags.ts';
import { serverVersion } from '../../cluster/server-version.ts';
import { openCluster } from '../../cluster/open.ts';
import { Failure, systemReason } from '../../failure.ts';
import { count, tell } from '../../story.ts';
import { type Found, type Manifests, manifestsIn, manifestsOf, namespacesOf } from './manifests.ts';
import { fileTexts } from '../../file-texts.ts';
import { versionFlag } from './version-flag.ts';

export interface LabelFlags extends ClusterFlags {
  readonly filename?: readonly string[];
  readonly pssVersion?: string;
  readonly admissionConfig?: string;
}

/** Exit code 2 when something could not be read: its namespace gets no labels. */
export async function labelNamespaces(flags: LabelFlags): Promise<void> {
  const { defaults, exemptions, usernames } = await pluginOf(flags.admissionConfig);
  const { manifests, version } = await asked(flags);
  if (usernames.length > 0) tell(`pods that ${usernames.join(', ')} make are let in whatever labels say`);
  for (const { file, line, what } of manifests.unread) tell(`${file ?? 'cluster'}:${line ?? 1}: ${what}`);
  for (const what of manifests.unknownKinds.keys()) tell(`not judged, since it is not known to make pods: ${what}`);
  const namespaces = Map.groupBy(manifests.pods, ({ source }) => source.namespace ?? flags.namespace ?? 'default');
  for (const { name } of manifests.namespaces) if (!namespaces.has(name)) namespaces.set(name, []);
  // Nobody knows which namespace a document that cannot be read is for.
  let unread = manifests.unread.length;
  if (unread > 0) tell('no labels are written: what could not be read may be of any namespace');
  for (const [name, pods] of unread > 0 ? [] : [...namespaces].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const labels = manifests.namespaces.find((each) => each.name === name)?.labels ?? {};
    for (const fault of policyOf(labels, defaults).faults) tell(`${name}: ${fault}`);
    if (exemptions.namespaces.includes(name)) {
      tell(exemptWarning(name, labels, defaults) ?? `namespace ${JSON.stringify(name)} is exempt from Pod Security`);
      continue;
    }
    const asking = pods.filter(({ source }) => !isExemptClass(exemptions, runtimeClassOf(source.pod)));
    if (asking.length < pods.length)
      tell(`${name}: ${count(pods.length - asking.length, 'pod')} and templates of exempt runtime classes left out`);
    const levels = judgedOf(asking, version);
    if (levels === null) {
      unread += 1;
      continue;
    }
    const plan = labelPlan(name, levels, labels, defaults);
    process.stdout.write(labelDocument(plan, version));
    tell(`${name}: ${plan.enforce} refuses none of ${count(asking.length, 'pod')} and templates`);
  }
  if (unread > 0) process.exitCode = 2;
}

async function pluginOf(file: string | undefined): Promise<PluginConfiguration> {
  if (file === undefined)
    return { defaults: noDefaults, exemptions: { namespaces: [], runtimeClasses: [] }, usernames: [] };
  try {
    return configuration(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof UnreadableConfiguration ? error.message : systemReason(error);
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${reason}`, 2, error);
  }
}

function runtimeClassOf(pod: unknown): string | null {
  return text(json(json(pod)['spec'])['runtimeClassName']);
}

async function asked(flags: LabelFlags): Promise<{ manifests: Manifests; version: Version }> {
  const version = flags.pssVersion === undefined ? null : versionFlag(flags.pssVersion);
  if ((flags.filename ?? []).length > 0)
    return { manifests: manifestsIn(await fileTexts(flags.filename ?? [])), version: version ?? newestMinor };
  const cluster = openCluster(flags, 'manifests with -f FILE');
  try {
    const api = cluster.api();
    const namespace = flags.allNamespaces === true ? null : api.namespace;
    const found = await manifestsOf(api, namespace);
    const manifests = { ...found, namespaces: await namespacesOf(api, namespace) };
    return { manifests, version: version ?? (await serverVersion(api)) };
  } finally {
    cluster.close();
  }
}

/** Null when one of them cannot be read. */
function judgedOf(pods: readonly Found[], version: Version): Judged[] | null {
  const all: Judged[] = [];
  for (const { source, file, line } of pods)
    try {
      all.push(judged(source, version));
    } catch (error) {
      if (!(error instanceof UnreadablePod)) throw error;
      const place = file === null ? '' : `${file}:${line ?? 1}: `;
      tell(`${place}${sourceText(source)}: ${error.message}; its namespace gets no labels`);
      return null;
    }
  return all;
}
