/** Names of pods as controllers make them of their workload's, where a source knows pods by name alone. */

/** The alphabet of what Kubernetes appends to names. */
const safe = 'bcdfghjklmnpqrstvwxz2456789';
/** `generateName` (apiserver `storage/names`): the first 58 characters of what was asked for, and five of its own. */
const [kept, own] = [58, `[${safe}]{5}`];

interface Suffix {
  /** Between the name and the last five letters; null where the name has none of these. */
  readonly middle: string | null;
  /** The most that it can be long. */
  readonly longest: number;
  readonly end: string;
}

const suffix = (middle: string, longest: number): Suffix => ({ middle, longest, end: own });
const suffixes = new Map<string | null, Suffix>([
  ['Deployment', suffix(`-[${safe}]{1,10}-`, 12)],
  ['ReplicaSet', suffix('-', 1)],
  ['ReplicationController', suffix('-', 1)],
  ['DaemonSet', suffix('-', 1)],
  // Of an indexed Job the index stands before.
  ['Job', suffix('-(?:[0-9]+-)?', 1)],
  ['CronJob', suffix('-[0-9]{6,10}-(?:[0-9]+-)?', 12)],
  ['StatefulSet', { middle: null, longest: 0, end: '-[0-9]+' }],
  ['Pod', { middle: null, longest: 0, end: '' }],
]);

/**
 * A regular expression (RE2 and ours alike, to be anchored) for names of the workload's pods, those of old rollouts too.
 * Where the kind is unknown, or one whose pods we know nothing of, all the forms are taken.
 */
export function podPattern({ name, kind }: { readonly name: string; readonly kind: string | null }): string {
  const known = suffixes.get(kind);
  const forms = (known === undefined ? [...suffixes.values()] : [known]).flatMap((each) => formsOf(name, each));
  return [...new Set(forms)].join('|');
}

function formsOf(name: string, { middle, longest, end }: Suffix): string[] {
  const whole = `${escaped(name)}${middle ?? ''}${end}`;
  if (middle === null || name.length + longest <= kept) return [whole];
  // Too long for a name: cut anywhere behind the workload's own, or within it, and 63 characters long.
  const rest = kept - name.length;
  const cut = rest <= 0 ? escaped(name.slice(0, kept)) : `${escaped(name)}-[${safe}0-9-]{${rest - 1}}`;
  return [whole, `${cut}${own}`];
}

function escaped(name: string): string {
  return name.replaceAll('.', '[.]');
}
