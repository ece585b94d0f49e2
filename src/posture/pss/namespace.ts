/**
 * What the admission plugin makes of a namespace's labels: the policy in force, what it refuses in labels, and what it warns
 * of when they change (kubernetes/pod-security-admission, api/helpers.go and admission/admission.go; the words are its own).
 */
import { type Level, levels, parseVersion, type Version, versionText } from './level.ts';

export const labelPrefix = 'pod-security.kubernetes.io/';

export interface LevelVersion {
  readonly level: Level;
  readonly version: Version;
}
export const modes = ['enforce', 'audit', 'warn'] as const;
export type Mode = (typeof modes)[number];
export type NamespacePolicy = Readonly<Record<Mode, LevelVersion>>;
type Labels = Readonly<Record<string, unknown>>;

const privileged: LevelVersion = { level: 'privileged', version: 'latest' };
/** Of a plugin that nobody configured. */
export const noDefaults: NamespacePolicy = { enforce: privileged, audit: privileged, warn: privileged };

/** Who is not asked (PodSecurityConfiguration, `exemptions`). Users are asked for when pods are made: no manifest names them. */
export interface Exemptions {
  readonly namespaces: readonly string[];
  readonly runtimeClasses: readonly string[];
}

export function policyText({ level, version }: LevelVersion): string {
  return `${level}:${versionText(version)}`;
}

/** A level that is none enforces restricted, and audits and warns of nothing; a version that is none is the latest. */
export function policyOf(
  labels: Labels,
  defaults: NamespacePolicy = noDefaults,
): { readonly policy: NamespacePolicy; readonly faults: readonly string[] } {
  const faults: string[] = [];
  function levelOf(mode: Mode): Level {
    const said = labels[labelPrefix + mode];
    if (said === undefined) return defaults[mode].level;
    const level = levels.find((each) => each === said);
    if (level !== undefined) return level;
    faults.push(`${labelPrefix}${mode}: ${JSON.stringify(said)}: must be one of ${levels.join(', ')}`);
    return mode === 'enforce' ? 'restricted' : 'privileged';
  }
  function versionOf(mode: Mode): Version {
    const said = labels[`${labelPrefix}${mode}-version`];
    if (said === undefined) return defaults[mode].version;
    const version = typeof said === 'string' ? parseVersion(said) : null;
    if (version !== null) return version;
    faults.push(`${labelPrefix}${mode}-version: ${JSON.stringify(said)}: must be "latest" or "v1.x"`);
    return 'latest';
  }
  const own = (mode: Mode): LevelVersion => ({ level: levelOf(mode), version: versionOf(mode) });
  const enforce = own('enforce');
  const isGood = labels[`${labelPrefix}enforce`] !== undefined && faults.length === 0;
  const [audit, warn] = [own('audit'), own('warn')];
  // Who enforces a level and says nothing of warnings is warned of it.
  const follows =
    isGood && labels[`${labelPrefix}warn`] === undefined && levels.indexOf(enforce.level) > levels.indexOf(warn.level);
  const version = labels[`${labelPrefix}warn-version`] === undefined ? enforce.version : warn.version;
  return { policy: { enforce, audit, warn: follows ? { level: enforce.level, version } : warn }, faults };
}

/** Null where the labels of an exempt namespace say nothing that would be ignored. */
export function exemptWarning(
  namespace: string,
  labels: Labels,
  defaults: NamespacePolicy = noDefaults,
): string | null {
  const { policy } = policyOf(labels, defaults);
  const set = modes.filter(
    (mode) =>
      policy[mode].level !== 'privileged' &&
      (labels[labelPrefix + mode] !== undefined || labels[`${labelPrefix}${mode}-version`] !== undefined),
  );
  if (set.length === 0) return null;
  const text = set.map((mode) => `${mode}=${policyText(policy[mode])}`).join(', ');
  return `namespace ${JSON.stringify(namespace)} is exempt from Pod Security, and the policy (${text}) will be ignored`;
}

export interface RunningPod {
  readonly name: string;
  readonly runtimeClass: string | null;
  /** Uid of its controller; null where it has none. */
  readonly controller: string | null;
  /** What the level refuses of it, as text; empty when it passes. */
  readonly refused: (at: LevelVersion) => string;
}

export interface LabelChange {
  readonly namespace: string;
  /** Null for a namespace that is made. */
  readonly before: Labels | null;
  readonly after: Labels;
  readonly defaults?: NamespacePolicy;
  readonly exemptions?: Exemptions;
  readonly pods: readonly RunningPod[];
  /** Pods that are looked at; upstream's plugin takes no more, and no more than a second. */
  readonly most?: number;
}

export interface LabelAnswer {
  /** What is wrong with the labels; empty when they are taken. */
  readonly refused: readonly string[];
  readonly warnings: readonly string[];
  /** The level that pods were held against; null where nobody looked. */
  readonly evaluated: LevelVersion | null;
}

const mostPods = 3000;

/** What an API server answers to whoever changes the labels. */
export function answerTo(change: LabelChange): LabelAnswer {
  const { namespace, before, after, defaults = noDefaults, exemptions } = change;
  const next = policyOf(after, defaults);
  const last = before === null ? null : policyOf(before, defaults);
  const nothing = { refused: [], warnings: [], evaluated: null };
  // What was wrong before may stay.
  if (next.faults.length > 0 && JSON.stringify(next.faults) !== JSON.stringify(last?.faults))
    return { ...nothing, refused: next.faults };
  const isExempt = exemptions?.namespaces.includes(namespace) === true;
  const warning = isExempt ? exemptWarning(namespace, after, defaults) : null;
  if (last === null) return { ...nothing, warnings: warning === null ? [] : [warning] };
  const [from, to] = [last.policy.enforce, next.policy.enforce];
  const isLooser = from.version === to.version && levels.indexOf(to.level) <= levels.indexOf(from.level);
  if (to.level === 'privileged' || isLooser) return nothing;
  if (isExempt) return { ...nothing, warnings: warning === null ? [] : [warning] };
  return { refused: [], warnings: podWarnings(change, to), evaluated: to };
}

function podWarnings({ namespace, pods, exemptions, most = mostPods }: LabelChange, to: LevelVersion): string[] {
  const asked = byController(pods.filter(({ runtimeClass }) => !isExemptClass(exemptions, runtimeClass)));
  const some = asked.slice(0, most);
  const byText = Map.groupBy(
    some.flatMap(({ name, refused }) => (refused(to) === '' ? [] : [{ name, text: refused(to) }])),
    ({ text }) => text,
  );
  const found = [...byText]
    .map(([text, alike]) => ({ names: alike.map(({ name }) => name).toSorted(), text }))
    .toSorted((a, b) => ((a.names[0] ?? '') < (b.names[0] ?? '') ? -1 : 1));
  const cut =
    some.length === asked.length
      ? []
      : [
          `new PodSecurity enforce level only checked against the first ${some.length} of ${asked.length} existing pods`,
        ];
  if (found.length === 0) return cut;
  return [
    ...cut,
    `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(policyText(to))}`,
    ...found.map(({ names, text }) => `${names[0] ?? ''}${others(names.length - 1)}: ${text}`),
  ];
}

export function isExemptClass(exemptions: Exemptions | undefined, runtimeClass: string | null): boolean {
  return runtimeClass !== null && exemptions?.runtimeClasses.includes(runtimeClass) === true;
}

/** One of each controller before its others: they are alike. */
function byController(pods: readonly RunningPod[]): RunningPod[] {
  const seen = new Set<string>();
  const [first, more]: [RunningPod[], RunningPod[]] = [[], []];
  for (const pod of pods) {
    const known = pod.controller !== null && seen.has(pod.controller);
    if (pod.controller !== null) seen.add(pod.controller);
    (known ? more : first).push(pod);
  }
  return [...first, ...more];
}

function others(number: number): string {
  return number === 0 ? '' : ` (and ${number} other pod${number === 1 ? '' : 's'})`;
}
