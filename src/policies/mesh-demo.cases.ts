/**
 * A published application with its flows (../shared/suites/demo-apps) under a mesh's policies: all that its graph needs
 * is let through and nothing else, before and after a rollout. The suite's cluster does not tell service accounts; the
 * application's own manifests do.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { fold } from '#baseline/fold.ts';
import { readingFlows } from '#imports/flows.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { readClusterText } from '#kubernetes/cluster-text.ts';
import { generateProved } from '#proof/generate.ts';
import { type CallQuestion, callQuery } from './calls.ts';
import type { PolicyKind } from './kind.ts';

const folder = fileURLToPath(new URL('../../../shared/suites/demo-apps/online-boutique', import.meta.url));
const skip = existsSync(folder) ? false : 'no ../shared/suites here';
const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8');
const lines = (name: string): string[] => read(name).trimEnd().split('\n');

interface Deployment {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly template?: { readonly spec?: { readonly serviceAccountName?: string } } };
}

function clusterOf(file: string): Cluster {
  const objects = [...parseAllDocuments(read('manifests.yaml'))].map((each) => each.toJS() as Deployment | null);
  const accounts = new Map(
    objects.flatMap((each) =>
      // A pod that names none gets this one from the API server.
      each?.kind === 'Deployment'
        ? [[each.metadata.name, each.spec?.template?.spec?.serviceAccountName ?? 'default']]
        : [],
    ),
  );
  const cluster = readClusterText(read(file));
  return {
    ...cluster,
    pods: cluster.pods.map((pod) => ({ ...pod, serviceAccount: accounts.get(pod.workload.name) ?? pod.workload.name })),
  };
}

function written(kind: PolicyKind, flows: readonly string[], cluster: Cluster, given: Record<string, unknown>): string {
  const reader = readingFlows(cluster);
  for (const line of flows) reader.add(line);
  const { recording } = reader.end();
  const options = kind.options.parse(given);
  const proved = generateProved(kind, { baselines: fold([recording]), cluster }, options, [recording]);
  assert.equal(proved.type, 'proved', JSON.stringify(proved));
  if (proved.type !== 'proved') return '';
  for (const { proof } of proved.artifacts) {
    assert.deepEqual([proof.denied, proof.unknown], [0, 0], JSON.stringify(proof.offences));
    assert.ok(proof.allowed > 0);
  }
  return proved.artifacts.flatMap(({ artifact }) => (artifact.judged === false ? [] : [artifact.text])).join('');
}

interface Probe {
  readonly id: string;
  readonly expected: 'allow' | 'deny';
  readonly note?: string;
}

/** A mesh's policies are about TCP to pods: other probes of the suite are none of theirs. */
function isAboutMesh({ protocol, dst }: CallQuestion): boolean {
  return protocol === 'TCP' && dst.pod !== undefined;
}

function answers(kind: PolicyKind, text: string, file: string, probes: string, given: Record<string, unknown>) {
  const judge = kind.evaluator(text, kind.options.parse(given), clusterOf(file));
  return lines(probes).flatMap((line) => {
    const { id, expected, note, ...flow } = JSON.parse(line) as Probe;
    const query = callQuery.parse(flow);
    return isAboutMesh(query)
      ? [{ id, expected, newClient: note?.startsWith('new client') === true, ...judge.answer(query) }]
      : [];
  });
}

/** As the suite tells it: nobody knows the accounts of the pods. */
function withoutAccounts(kind: PolicyKind): void {
  const cluster = readClusterText(read('cluster.json'));
  const reader = readingFlows(cluster);
  for (const line of lines('flows.jsonl')) reader.add(line);
  const { recording } = reader.end();
  const made = (given: Record<string, unknown>) =>
    generateProved(kind, { baselines: fold([recording]), cluster }, kind.options.parse(given), [recording]);
  const watched = made({});
  assert.ok(watched.type === 'proved', JSON.stringify(watched));
  if (watched.type !== 'proved') return;
  // The front door alone has clients that need no account; whom it would refuse is named.
  assert.deepEqual(
    watched.artifacts.map(({ artifact }) => artifact.path),
    [`default-frontend-${kind.name}.yaml`],
  );
  assert.match(
    watched.artifacts[0]?.artifact.text ?? '',
    /refused when enforced: Deployment default\/loadgenerator: the service account/,
  );
  const enforced = made({ mode: 'enforce' });
  assert.ok(enforced.type === 'abstained' && /service account of its pods is not known/.test(enforced.reason));
}

export function onlineBoutique(kind: PolicyKind, forms: readonly Record<string, unknown>[]): void {
  void test(`${kind.name}: without service accounts nothing is guessed`, { skip }, () => withoutAccounts(kind));
  for (const given of forms) {
    const name = `${kind.name} ${JSON.stringify(given)}`;

    void test(`${name}: recall 1 and over-permission 0 on every probe, before and after a rollout`, { skip }, () => {
      const text = written(kind, lines('flows.jsonl'), clusterOf('cluster.json'), given);
      for (const [file, probes, least] of [
        ['cluster.json', 'must.jsonl', 63],
        ['cluster-churn.json', 'must-churn.jsonl', 80],
      ] as const) {
        const all = answers(kind, text, file, probes, given);
        const wrong = all.filter((each) => !each.newClient && each.verdict !== each.expected);
        assert.deepEqual(wrong, []);
        assert.ok(all.filter(({ verdict }) => verdict === 'allow').length >= least, String(all.length));
        // The Service lets everybody in, so clients that were never seen are let in as well.
        assert.deepEqual(
          new Set(all.filter(({ newClient }) => newClient).map(({ verdict }) => verdict)),
          new Set(['allow']),
        );
      }
    });

    void test(`${name}: the graph of the application, edge by edge`, { skip }, () => {
      const cluster = clusterOf('cluster.json');
      const judge = kind.evaluator(
        written(kind, lines('flows.jsonl'), cluster, given),
        kind.options.parse(given),
        cluster,
      );
      const graph = JSON.parse(read('truth-graph.json')) as {
        workloads: string[];
        edges: { from: string; to: string; targetPort: number }[];
      };
      const needed = new Set(graph.edges.map(({ from, to, targetPort }) => `${from} ${to} ${targetPort}`));
      const pods = cluster.pods.filter(({ namespace }) => namespace === 'default');
      let granted = 0;
      for (const src of pods)
        for (const dst of pods)
          for (const { containerPort: port } of dst.ports) {
            if (src.workload.name === dst.workload.name) continue;
            const end = {
              src: { pod: `default/${src.name}` },
              dst: { pod: `default/${dst.name}` },
              port,
              protocol: 'TCP',
            };
            const { verdict } = judge.answer(callQuery.parse(end));
            const edge = `${src.workload.name} ${dst.workload.name} ${port}`;
            assert.equal(verdict, needed.has(edge) ? 'allow' : 'deny', edge);
            if (verdict === 'allow') granted += 1;
          }
      assert.ok(granted >= needed.size);
    });

    void test(`${name}: shuffled and repeated flows give the same bytes; one that is left out is refused`, {
      skip,
    }, () => {
      const cluster = clusterOf('cluster.json');
      const flows = lines('flows.jsonl');
      const turned = [...flows.slice(50).toReversed(), ...flows.slice(0, 50), ...flows.slice(20, 40)];
      const objects = { ...cluster, pods: cluster.pods.toReversed(), services: cluster.services.toReversed() };
      assert.equal(written(kind, turned, objects, given), written(kind, flows, cluster, given));
      // The cart is the only one that speaks to redis.
      const fewer = flows.filter((line) => !line.includes('6379') || line.includes('kubelet'));
      const judge = kind.evaluator(written(kind, fewer, cluster, given), kind.options.parse(given), cluster);
      const pod = (start: string): object => ({
        pod: `default/${cluster.pods.find(({ name: own }) => own.startsWith(start))?.name}`,
      });
      const question = { src: pod('cartservice'), dst: pod('redis-cart'), port: 6379 };
      assert.equal(judge.answer(callQuery.parse(question)).verdict, 'deny');
    });
  }
}
