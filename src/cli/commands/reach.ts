/** `kguardian reach NS/WORKLOAD`: who can reach it and whom it can reach under policies, observed or not. */
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Workload } from '#kubernetes/workload.ts';
import { kinds } from '#policies/index.ts';
import { type PolicyKind, type Reach, UnreadableArtifact } from '#policies/kind.ts';
import type { ClusterFlags } from '../cluster/flags.ts';
import { namedBy } from '../cluster/names.ts';
import { openCluster } from '../cluster/open.ts';
import { readCluster } from '../cluster-file.ts';
import { Failure } from '../failure.ts';
import { fileText } from '../file-texts.ts';
import { parseOptions } from '../kind-options.ts';
import { policiesInForce } from '../policies-in-force.ts';
import { columns, count, tell } from '../story.ts';

export interface ReachFlags extends ClusterFlags {
  readonly filename?: readonly string[];
  readonly cluster?: string;
  readonly output: 'table' | 'json';
  readonly denied?: boolean;
}

/** `named`: the kind that was asked for; null for those that the files are of, and without any for what every cluster has. */
export async function reach(
  argument: string,
  given: ReachFlags & Record<string, unknown>,
  named: PolicyKind | null,
): Promise<void> {
  const file = await readCluster(given.cluster);
  // A file with the objects stands for the cluster: nobody else is asked.
  const cluster = file === null ? openCluster(given, 'its objects with --cluster FILE') : null;
  try {
    const objects = file ?? (await cluster?.objects());
    if (objects === undefined) throw new Failure('no cluster is known; name one with --cluster FILE');
    const workload = workloadNamed(argument, given.namespace ?? cluster?.api().namespace, objects);
    const asked = named === null ? await kindsOf(given.filename ?? []) : [named];
    for (const kind of asked) {
      const { text, said } = await policiesInForce(kind, given.filename ?? [], cluster?.api() ?? null);
      const found = kind.reach?.(text, parseOptions(kind.readingOptions, given), objects, workload) ?? null;
      if (found === null)
        throw new Failure(
          `${nameOf(workload)} has no pod that policies are about: none runs, or all have the host's network`,
        );
      print(found, { name: nameOf(workload), by: asked.length > 1 ? ` (${kind.name})` : '', kind: kind.name }, given);
      tell(`judged by ${said}`);
    }
  } catch (error) {
    if (error instanceof UnreadableArtifact)
      throw new Failure(
        `cannot use ${(given.filename ?? []).map((each) => JSON.stringify(each)).join(', ') || 'the policies'}: ${error.message}`,
        2,
        error,
      );
    throw error;
  } finally {
    cluster?.close();
  }
}

/** Standard input is read once, so its kind is not looked for: it is taken as what every cluster has. */
async function kindsOf(files: readonly string[]): Promise<readonly PolicyKind[]> {
  const able = kinds.filter((kind) => kind.reach !== undefined);
  const texts = files.includes('-') ? [] : await Promise.all(files.map(fileText));
  const theirs = able.filter((kind) => texts.some((text) => kind.recognises(text)));
  return theirs.length > 0 ? theirs : able.filter(({ unasked }) => unasked === undefined);
}

interface Heading {
  readonly name: string;
  /** Where several kinds answer, whose answer it is. */
  readonly by: string;
  readonly kind: string;
}

function print(found: readonly Reach[], { name, by, kind }: Heading, { output, denied }: ReachFlags): void {
  const shown = found.filter(({ verdict }) => denied === true || verdict !== 'deny');
  if (output === 'json') {
    for (const each of shown) process.stdout.write(`${JSON.stringify({ kind, ...each })}\n`);
    return;
  }
  const table = (['ingress', 'egress'] as const).map((direction) => {
    const rows = shown.filter((each) => each.direction === direction);
    const closed = new Set(found.filter((each) => each.direction === direction).map(({ peer }) => peer));
    for (const { peer } of rows) closed.delete(peer);
    const title = direction === 'ingress' ? `Who can reach ${name}${by}` : `Whom ${name} can reach${by}`;
    const lines = rows.map(({ peer, ports, verdict, rule }) => [peer, ports, verdict, rule]);
    const heads = [direction === 'ingress' ? 'FROM' : 'TO', 'PORTS', 'VERDICT', 'RULE'];
    const rest = closed.size === 0 ? '' : `\n${count(closed.size, 'other')}: nothing`;
    return `${title}\n${rows.length === 0 ? 'nobody' : columns(heads, lines)}${rest}\n`;
  });
  process.stdout.write(table.join('\n'));
}

/** `shop/web`, `shop/deploy/web`; `deploy/web` and `web` with -n. */
function workloadNamed(argument: string, own: string | undefined, { namespaces, workloads, pods }: Cluster): Workload {
  const [head = '', ...rest] = argument.split('/');
  const qualified = rest.length > 0 && (rest.length > 1 || head in namespaces);
  const namespace = qualified ? head : own;
  const named = namedBy(qualified ? rest.join('/') : argument);
  if (namespace === undefined) throw new Failure(`say in which namespace: NAMESPACE/${argument}, or -n NAMESPACE`);
  const all = [...pods.map(({ workload }) => workload), ...workloads];
  const fitting = new Map(
    all
      .filter(
        (each) => each.namespace === namespace && each.name === named.name && (named.kind ?? each.kind) === each.kind,
      )
      .map((each) => [each.kind, each]),
  );
  const [first, second] = [...fitting.values()];
  if (first === undefined) throw new Failure(`no workload ${JSON.stringify(argument)} in the namespace ${namespace}`);
  if (second !== undefined)
    throw new Failure(
      `several workloads are called ${named.name}: ${[...fitting.keys()].toSorted().join(', ')}; name one as kind/name`,
    );
  return first;
}

function nameOf({ kind, namespace, name }: Workload): string {
  return `${kind} ${namespace}/${name}`;
}
