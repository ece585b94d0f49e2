/** `kguardian status`: how much is known of each workload, and which kinds have enough to go on. */
import { duration } from '#observation/duration.ts';
import { stringify } from 'yaml';
import type { Status } from '#api/answers.ts';
import { kinds } from '#policies/index.ts';
import type { PolicyKind } from '#policies/kind.ts';
import { openCluster } from '../cluster/open.ts';
import type { ClusterFlags, SelectionFlags } from '../cluster/flags.ts';
import { Failure } from '../failure.ts';
import { columns, count, tell } from '../story.ts';

type Flags = ClusterFlags & SelectionFlags & { readonly output: 'table' | 'wide' | 'json' | 'yaml' | 'name' };

/** What happens daily is seen in a day; less may miss it. */
const advisedMs = 86_400_000;

export async function status(workload: string | undefined, flags: Flags): Promise<void> {
  // Without a name, all of the namespace: as `kubectl get` does.
  const cluster = openCluster(workload === undefined && flags.selector === undefined ? { ...flags, all: true } : flags);
  try {
    const scopes = await cluster.scopes(workload);
    const broker = await cluster.broker();
    const found: Status[] = [];
    for (const scope of scopes) found.push(...(await broker.workloads(scope)));
    if (found.length === 0) {
      const [{ namespace } = {}] = scopes;
      throw new Failure(
        `nothing was observed ${namespace === undefined ? 'in any namespace' : `in the namespace ${namespace}`}`,
        1,
      );
    }
    process.stdout.write(written(found, flags));
    const lossy = found.filter(({ lost }) => lost > 0);
    if (lossy.length > 0) tell(`${count(lossy.length, 'container')} with losses: what is generated for them says so`);
  } finally {
    cluster.close();
  }
}

function written(found: readonly Status[], { output, allNamespaces }: Flags): string {
  const rows = found.map((each) => ({ ...each, kinds: readiness(each) }));
  if (output === 'json') return `${JSON.stringify({ workloads: rows }, null, 2)}\n`;
  if (output === 'yaml') return stringify({ workloads: rows }, { lineWidth: 0 });
  const name = ({ kind, workload }: Status): string => (kind === '' ? workload : `${kind.toLowerCase()}/${workload}`);
  if (output === 'name') return `${[...new Set(rows.map(name))].join('\n')}\n`;
  const wide = output === 'wide';
  const heads = [
    ...(allNamespaces === true ? ['NAMESPACE'] : []),
    'WORKLOAD',
    'CONTAINER',
    'OBSERVED FOR',
    'LAST SEEN',
    'INSTANCES',
    'LOST',
    'READY',
    'WAITS',
    ...(wide ? ['RELEASES', 'MISSING'] : []),
  ];
  const now = Date.now();
  const lines = rows.map((each) => [
    ...(allNamespaces === true ? [each.namespace] : []),
    name(each),
    each.container,
    duration(each.until - each.since),
    `${duration(Math.max(0, now - each.until))} ago`,
    `${each.instances}, ${each.fromStart} from the start`,
    String(each.lost),
    listed(each.kinds.filter(({ waits }) => waits === null).map((kind) => kind.name)),
    listed(each.kinds.flatMap((kind) => (kind.waits === null ? [] : [`${kind.name}: ${kind.waits}`]))),
    ...(wide ? [String(each.releases.length), listed(missing(each))] : []),
  ]);
  return `${columns(heads, lines)}\n`;
}

const listed = (words: readonly string[]): string => (words.length === 0 ? '-' : words.join('; '));

/** Each kind with what it waits for; null when it is ready. */
function readiness(of: Status): { readonly name: string; readonly waits: string | null }[] {
  return kinds.map((kind) => ({ name: kind.name, waits: waitsFor(kind, of) }));
}

function waitsFor(kind: PolicyKind, { sensors, since, until }: Status): string | null {
  for (const needed of kind.sensors) {
    const seen = sensors.filter(({ sensor }) => sensor === needed);
    if (!seen.some(({ state }) => state === 'ran')) {
      const why = seen.flatMap(({ hooks }) => hooks)[0];
      return `${needed} not recorded${why === undefined ? '' : ` (${why})`}`;
    }
    const lost = seen.reduce((sum, each) => sum + each.lost, 0);
    if (lost > 0) return `${count(lost, 'fact')} of ${needed} lost`;
  }
  return until - since < advisedMs ? `observed for ${duration(until - since)}, a day is advised` : null;
}

/** What no sensor can tell of it here. */
function missing({ sensors }: Status): string[] {
  return [
    ...new Set(
      sensors.flatMap(({ sensor, state, hooks, gaps }) =>
        state === 'ran'
          ? gaps.map((gap) => `${sensor}: ${gap}`)
          : hooks.map((why) => `${sensor}: not recorded (${why})`),
      ),
    ),
  ].toSorted();
}
