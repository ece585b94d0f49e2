/** What was observed of an exception: whether it could follow the rule that it is excepted from. */
import { firstOf } from '#baseline/evidence.ts';
import type { Baseline } from '#baseline/baseline.ts';
import { type Observed, observedOf, type Seen } from '../pss/behaviour.ts';
import type { Subject } from './rule/rule.ts';

/** Baselines of the subject. What ran outside of a cluster goes by the workload's name alone. */
export function observedSubject(baselines: readonly Baseline[], { kind, namespace, name }: Subject): Observed {
  return observedOf(
    baselines.filter(
      ({ workload, place }) =>
        workload === name && (place === null || (place.kind === kind && place.namespace === namespace)),
    ),
  );
}

/** `ran as uid 0`: then the exception is needed. Null where nothing was observed, or behaviour says nothing of the rule. */
export function outlook(ruleId: string, observed: Observed): string | null {
  const behaviours = [...observed.values()];
  if (behaviours.length === 0) return null;
  switch (ruleId) {
    case 'run-as-non-root':
    case 'user-ids': {
      const uids = union(behaviours.map((each) => each.uids));
      const root = uids.seen.includes(0);
      return told(root, uids.all && uids.seen.length > 0, `ran as uid ${uids.seen.join(', ')}`);
    }
    case 'capabilities-added':
    case 'capabilities-dropped': {
      const { seen, all } = union(behaviours.map((each) => each.capabilities));
      return told(seen.length > 0, all, seen.length === 0 ? 'used no capability' : `used ${seen.join(', ')}`);
    }
    case 'read-only-root': {
      const files = union(behaviours.map((each) => each.files));
      const paths = [...new Set(files.seen.flatMap(({ path, written }) => (written ? [path] : [])))].toSorted();
      return told(paths.length > 0, files.all, paths.length === 0 ? 'wrote no file' : `wrote ${firstOf(paths, 3)}`);
    }
    default:
      return null;
  }
}

/** That it would not break takes all that there was to see; what was seen breaks it, whatever else there was. */
function told(breaks: boolean, all: boolean, what: string): string {
  if (breaks) return `needed by what was seen: it ${what}`;
  return all ? `not needed by what was seen: it ${what}` : `not known: it ${what}, but not all was seen`;
}

function union<T>(parts: readonly Seen<T>[]): Seen<T> {
  return { seen: [...new Set(parts.flatMap(({ seen }) => seen))], all: parts.every(({ all }) => all) };
}
