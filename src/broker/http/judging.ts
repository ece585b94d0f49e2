/** Generate, prove, explain, audit: by the same code as on the command line. */
import type { GeneratedUnit } from '#api/answers.ts';
import type { Scope } from '#api/scope.ts';
import { fold } from '#baseline/fold.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { readClusterText, UnreadableCluster } from '#kubernetes/cluster-text.ts';
import { kindNamed, kinds } from '#policies/index.ts';
import { type Evaluator, type PolicyKind, UnreadableArtifact } from '#policies/kind.ts';
import { explain } from '#proof/explain.ts';
import { evidences, generateProved } from '#proof/generate.ts';
import { proved, replay } from '#proof/replay.ts';
import { Refusal } from '../access/refusal.ts';
import type { Query } from '../storage/query.ts';
import type { Named } from '../storage/reading.ts';
import type { Context } from './context.ts';
import { found, recordings } from './reading.ts';

interface Judged {
  readonly artifact: string;
  readonly policy?: string | undefined;
  readonly scope: Scope;
  readonly cluster?: object | undefined;
}

/** Checks what can be refused before the first line goes out. */
export async function generate(
  context: Context,
  policy: string,
  { scope, options: given, cluster }: Pick<Judged, 'scope' | 'cluster'> & { options: Record<string, unknown> },
): Promise<AsyncGenerator<string>> {
  const kind = kindOf(policy);
  const options = kind.options.safeParse(given);
  if (!options.success) {
    const [issue] = options.error.issues;
    throw new Refusal(400, `options.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const known = clusterOf(cluster);
  const { query, all } = await found(context, scope);
  return units(context, kind, options.data, known, all, query);
}

/** One workload after the other: no more than one is in memory, unless the kind writes for all of them at once. */
async function* units(
  context: Context,
  kind: PolicyKind,
  options: Record<string, unknown>,
  cluster: Cluster | null,
  all: readonly Named[],
  query: Query,
): AsyncGenerator<string> {
  const groups = Map.groupBy(all, ({ cluster, namespace, kind: of, workload }) =>
    JSON.stringify(kind.unit === 'cluster' ? [] : [cluster, namespace, of, workload]),
  );
  for (const group of groups.values()) {
    const read = await recordings(context, group, query);
    for (const evidence of evidences(kind, fold(read), cluster)) {
      const of = evidence.baselines.map(({ place, workload, container }) => ({
        ...(place ?? { cluster: '', namespace: '', kind: '' }),
        workload,
        container,
      }));
      yield `${JSON.stringify({ of, ...generatedUnit(kind, evidence, options, read) })}\n`;
    }
  }
}

type Unit<T = GeneratedUnit> = T extends unknown ? Omit<T, 'of'> : never;

function generatedUnit(
  kind: PolicyKind,
  evidence: Parameters<typeof generateProved>[1],
  options: Record<string, unknown>,
  read: Parameters<typeof generateProved>[3],
): Unit {
  const generated = generateProved(kind, evidence, options, read);
  if (generated.type === 'abstained') return generated;
  if (generated.type === 'refused') {
    const artifacts = generated.artifacts.map(({ artifact, proof }) => ({
      path: artifact.path,
      proof: writable(proof),
    }));
    return { type: 'refused', artifacts };
  }
  const artifacts = generated.artifacts.map(({ artifact: { path, text }, proof }) => ({
    ...{ path, text },
    proof: writable(proof),
  }));
  return { type: 'proved', artifacts, notes: [...generated.notes] };
}

export async function prove(context: Context, judged: Judged, maxOffences?: number): Promise<object> {
  const evaluator = evaluatorOf(judged);
  const { query, all } = await found(context, judged.scope);
  const result = replay(evaluator, await recordings(context, all, query), maxOffences);
  return { proved: proved(result), ...result };
}

export function audit(context: Context, judged: Judged): Promise<object> {
  return prove(context, judged, 1000);
}

export async function explained(context: Context, judged: Judged): Promise<object> {
  const evaluator = evaluatorOf(judged);
  const { query, all } = await found(context, judged.scope);
  return { explanations: explain(evaluator, await recordings(context, all, query)) };
}

/** As plain data, as the answer's schema has it. */
function writable(proof: ReturnType<typeof replay>) {
  return { ...proof, offences: [...proof.offences], doubts: [...proof.doubts] };
}

function kindOf(policy: string): PolicyKind {
  const kind = kindNamed(policy);
  if (kind !== undefined) return kind;
  throw new Refusal(404, `no kind ${JSON.stringify(policy)}; there are: ${kinds.map(({ name }) => name).join(', ')}`);
}

function clusterOf(given: object | undefined): Cluster | null {
  if (given === undefined) return null;
  try {
    return readClusterText(JSON.stringify(given));
  } catch (error) {
    if (error instanceof UnreadableCluster) throw new Refusal(400, `cluster: ${error.message}`, error);
    throw error;
  }
}

function evaluatorOf({ artifact, policy, cluster }: Judged): Evaluator {
  const kind = policy === undefined ? kinds.find((each) => each.recognises(artifact)) : kindOf(policy);
  if (kind === undefined) throw new Refusal(400, 'cannot tell what kind of artifact this is; name its policy');
  const known = clusterOf(cluster);
  try {
    return kind.evaluator(artifact, {}, known);
  } catch (error) {
    if (error instanceof UnreadableArtifact)
      throw new Refusal(400, `cannot use it as ${kind.name}: ${error.message}`, error);
    throw error;
  }
}
