/** Pod Security for the tree of `gen all`: labels of namespaces, and fixes of what was recorded. */
import { objectName } from '#kubernetes/names.ts';
import { type YamlMap, yamlDocument } from '#kubernetes/yaml-text.ts';
import { type Evidence, nothing, type Written, type WrittenFile } from '../posture.ts';
import { type Running, runningOf } from '../running.ts';
import { contents, type PodSource } from '../workloads.ts';
import { observations } from './audit.ts';
import type { Observed } from './behaviour.ts';
import { strategicPatch } from './fix/patch.ts';
import { type Plan, recommended } from './fix/plan.ts';
import { type Judged, judged, labelDocument, labelPlan } from './labels.ts';
import type { Version } from './level.ts';
import { UnreadablePod } from './pod.ts';
import { remedyText, sourceText } from './report/finding.ts';

type Part = Omit<Written, 'faults'>;

const absent = (why: string): Part => ({ files: [], without: [why], notes: [] });

export function writePss(evidence: Evidence): Written {
  const { objects } = evidence;
  if (objects.type === 'unknown') return nothing(`no Pod Security labels and fixes, ${objects.reason}`);
  const running = runningOf(objects.value).toSorted((a, b) => (sourceText(a.source) < sourceText(b.source) ? -1 : 1));
  const parts = [...fixes(running, evidence), labels(running, objects.value, evidence)];
  return {
    files: parts.flatMap(({ files }) => files),
    without: parts.flatMap(({ without }) => without),
    notes: parts.flatMap(({ notes }) => notes),
    faults: [],
  };
}

/** Of workloads with a recording: without one nobody knows what a fix breaks. */
function fixes(running: readonly Running[], { baselines, version }: Evidence): Part[] {
  const observed = observations(baselines);
  return running.flatMap(({ source, replica }) => {
    const behaviour = observed(source);
    return replica === true || behaviour.size === 0 ? [] : [fixOf(source, version, behaviour)];
  });
}

function fixOf(source: PodSource, version: Version, behaviour: Observed): Part {
  const name = sourceText(source);
  // Of other kinds kustomize and kubectl know no keys of lists: they would replace all containers.
  if (!/^(v1|(apps|batch)\/v1)$/.test(source.apiVersion))
    return absent(`${name}: no Pod Security fixes as a patch, its kind takes none (gen pss fix -f FILE)`);
  try {
    const way = recommended(source.pod, version, behaviour);
    if (way.changes.length === 0) return { files: [], without: [], notes: [] };
    return { files: [fixFile(source, way)], without: [], notes: unsure(name, way) };
  } catch (error) {
    if (!(error instanceof UnreadablePod)) throw error;
    return absent(`${name}: no Pod Security fixes, ${error.message}`);
  }
}

function fixFile(source: PodSource, { level, remedies, changes, pod }: Plan): WrittenFile {
  const of = [source.namespace, source.name].filter((each) => each !== null).join('-');
  const head = [`${sourceText(source)}: what makes it ${level}`, ...remedies.map((each) => `- ${remedyText(each)}`)];
  return {
    path: `${objectName(`${of}-${source.kind}`)}-pod-security-patch.yaml`,
    // A part of a manifest, which came from YAML or JSON.
    text: yamlDocument(head, strategicPatch(source, source.pod, pod) as YamlMap),
    what: `makes it ${level} by Pod Security Standards, ${changes.length === 1 ? '1 change' : `${changes.length} changes`}`,
    of,
    judged: `${level} with the changes`,
    applied: 'patch',
    refuses: true,
  };
}

/** What is not known to be safe is said where it is decided on, too. */
function unsure(name: string, { remedies }: Plan): string[] {
  return remedies
    .filter(({ effect }) => effect.type !== 'safe')
    .map((each) => `Pod Security fix of ${name}: ${remedyText(each)}`);
}

function labels(running: readonly Running[], objects: readonly unknown[], evidence: Evidence): Part {
  const { whole, version, stage } = evidence;
  if (!whole) return absent('no Pod Security labels, they are of a whole namespace: ask for all of it');
  const namespaces = objects.flatMap((each) => contents(each).filter((found) => found.type === 'namespace'));
  const all = Map.groupBy(running, ({ source }) => source.namespace ?? evidence.namespace ?? 'default');
  const files: WrittenFile[] = [];
  const unlabelled: string[] = [];
  for (const [namespace, own] of [...all].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const levels = judgedOf(own, version);
    if (typeof levels === 'string') {
      unlabelled.push(`no Pod Security labels of the namespace ${namespace}, ${levels}`);
      continue;
    }
    const known = namespaces.find(({ name }) => name === namespace);
    const plan = labelPlan(namespace, levels, known?.labels ?? {});
    if (plan.stricterNow !== null) {
      unlabelled.push(
        `no Pod Security labels of the namespace ${namespace}, ${plan.stricterNow} is enforced already and some of it is not (audit pss)`,
      );
      continue;
    }
    files.push({
      path: `${objectName(namespace)}-pod-security-labels-patch.yaml`,
      text: labelDocument(plan, version, stage),
      what: `Pod Security labels: ${stage === 'watch' ? '' : `enforce ${plan.enforce}, `}audit and warn ${plan.next}`,
      of: namespace,
      judged: `${plan.enforce} refuses none of ${own.length === 1 ? '1 pod or template' : `${own.length} pods and templates`}`,
      applied: 'patch',
      refuses: stage === 'enforce',
    });
  }
  return { files, without: unlabelled, notes: [] };
}

/** Text for why not. */
function judgedOf(running: readonly Running[], version: Version): readonly Judged[] | string {
  try {
    return running.map(({ source }) => judged(source, version));
  } catch (error) {
    if (error instanceof UnreadablePod) return `one of its pods cannot be read: ${error.message}`;
    throw error;
  }
}
