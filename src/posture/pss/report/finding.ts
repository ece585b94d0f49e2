/** The rows of a report, whatever its form. */
import type { PodSource } from '../../workloads.ts';
import type { Audited } from '../audit.ts';
import type { Remedy } from '../fix/remedy.ts';
import { type Path, pathText } from '../pod.ts';

/** Where an object came from. */
export interface Origin {
  /** Null for a cluster. */
  readonly file: string | null;
  /** Of the document, from 1. */
  readonly line: number | null;
}

export interface Row extends Origin {
  readonly source: PodSource;
  readonly audited: Audited;
  /** The line of a place in the object, from 1; absent for a cluster. */
  readonly lineOf?: ((path: Path) => number) | undefined;
}

/** What could not be judged, and why: never passed over in silence. */
export interface Unread extends Origin {
  readonly what: string;
}

/** `Deployment shop/web`. */
export function sourceText({ kind, namespace, name }: PodSource): string {
  return `${kind} ${namespace === null ? '' : `${namespace}/`}${name}`;
}

/** `set runAsNonRoot: true: would break, ran as uid 0 and used CAP_CHOWN`. */
export function remedyText({ what, container, effect }: Remedy): string {
  const of = container === null ? '' : `${container}: `;
  const known = { safe: 'safe', unknown: 'not known to be safe', breaks: 'would break' }[effect.type];
  return `${of}${what}: ${known}, ${effect.why}`;
}

/** Machines get the same as people, in full. */
export function rowObject({ file, line, source, audited }: Row): object {
  const { current, recommended, violations, plan, observed } = audited;
  return {
    file: file ?? undefined,
    line: line ?? undefined,
    kind: source.kind,
    namespace: source.namespace ?? undefined,
    name: source.name,
    current,
    recommended: recommended.level,
    observed,
    violations: violations.map(({ check, level, reason, detail, faults }) => ({
      check,
      level,
      reason,
      detail,
      faults: faults.map(({ path, container, value }) => ({
        path: pathText([...source.path, ...path]),
        container: container ?? undefined,
        value,
      })),
      fixes: plan.remedies
        .filter((each) => each.check === check)
        .map(({ what, container, effect, changes }) => ({
          what,
          container: container ?? undefined,
          effect: effect.type,
          why: effect.why,
          changes: changes.map(({ path, value }) => ({ path: pathText([...source.path, ...path]), value })),
        })),
    })),
  };
}
