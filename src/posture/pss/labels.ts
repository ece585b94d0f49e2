/** The labels of a namespace by which nothing that is there breaks, and the next level is told of. */
import { type YamlMap, yamlDocument } from '#kubernetes/yaml-text.ts';
import type { PodSource } from '../workloads.ts';
import { defaulted } from './defaults.ts';
import { strictestLevel, violations, violationText } from './evaluate.ts';
import { type Level, levels, type Version, versionText } from './level.ts';
import { readPod } from './pod.ts';
import { sourceText } from './report/finding.ts';
import { labelPrefix, type NamespacePolicy, noDefaults, policyOf } from './namespace.ts';

/** A pod or template of the namespace, and the strictest level that it passes. */
export interface Judged {
  readonly what: string;
  readonly level: Level;
  /** What the next stricter level refuses, as text. */
  readonly refused: string;
}

/** Throws `UnreadablePod`. */
export function judged(source: PodSource, version: Version): Judged {
  const pod = defaulted(readPod(source.pod));
  const level = strictestLevel(pod, version);
  const next = levels[levels.indexOf(level) + 1] ?? level;
  const refused = violations(pod, next, version).map(violationText).join(', ');
  return { what: sourceText(source), level, refused };
}

export interface LabelPlan {
  readonly namespace: string;
  /** The strictest level that all of them pass. */
  readonly enforce: Level;
  /** The next stricter one, for audit and warn; the same where there is none. */
  readonly next: Level;
  /** What keeps the namespace from the next level. */
  readonly blockers: readonly Judged[];
  /** The level that is enforced now, where that is stricter: pods that run would not come back. */
  readonly stricterNow: Level | null;
}

export function labelPlan(
  namespace: string,
  all: readonly Judged[],
  labels: Readonly<Record<string, unknown>>,
  defaults: NamespacePolicy = noDefaults,
): LabelPlan {
  const enforce = levels.find((level) => all.some((each) => each.level === level)) ?? 'restricted';
  const next = levels[levels.indexOf(enforce) + 1] ?? enforce;
  // What a server enforces that takes no such level for one is restricted.
  const now = policyOf(labels, defaults).policy.enforce.level;
  return {
    namespace,
    enforce,
    next,
    blockers: next === enforce ? [] : all.filter(({ level }) => level === enforce),
    stricterNow: levels.indexOf(now) > levels.indexOf(enforce) ? now : null,
  };
}

const shownBlockers = 10;

/**
 * A Namespace with nothing but its name and these labels: to be applied, or merged into the user's own. In the stage
 * `watch` nothing is enforced that is not enforced now.
 */
export function labelDocument(plan: LabelPlan, version: Version, stage: 'watch' | 'enforce' = 'enforce'): string {
  const { namespace, enforce, next, blockers, stricterNow } = plan;
  const modes = { ...(stage === 'watch' ? {} : { enforce }), audit: next, warn: next };
  const labels: Record<string, string> = {};
  for (const [mode, level] of Object.entries(modes)) {
    labels[`${labelPrefix}${mode}`] = level;
    labels[`${labelPrefix}${mode}-version`] = versionText(version);
  }
  const head = [
    ...(stricterNow === null
      ? []
      : [
          `${stricterNow} is enforced now, which some of it does not pass: what runs would not come back after its end`,
        ]),
    ...(blockers.length === 0 ? [] : [`${next} refuses:`]),
    ...blockers.slice(0, shownBlockers).map(({ what, refused }) => `- ${what}: ${refused}`),
    ...(blockers.length > shownBlockers ? [`- and ${blockers.length - shownBlockers} more`] : []),
  ];
  const value: YamlMap = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } };
  return yamlDocument(head, value);
}
