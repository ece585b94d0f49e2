/** What another generator's tests expect of events (../shared/suites/generator-cases), compared by meaning. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fold } from '#baseline/fold.ts';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import type { Observation, Peer } from '#observation/observation.ts';
import type { Recording } from '#observation/recording.ts';
import { objectsOf } from '../documents.ts';
import { networkpolicy } from './index.ts';

const file = fileURLToPath(
  new URL('../../../../shared/suites/generator-cases/inspektor-gadget.jsonl', import.meta.url),
);

type Labels = Record<string, string>;
interface Event {
  readonly egress: boolean;
  readonly k8s: { readonly namespace: string; readonly podLabels: Labels };
  readonly endpoint: {
    readonly kind: 'pod' | 'svc' | 'raw';
    readonly namespace: string;
    readonly labels?: Labels | null;
    readonly podSelector?: Labels;
    readonly addr: string;
    readonly port: number;
  };
  readonly proto: string;
}
type Rule = Record<string, unknown>;
interface Expected {
  readonly policies?: number;
  readonly kind?: string;
  readonly namespace?: string;
  readonly endpointSelector?: Labels;
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
  readonly egressRules?: number;
  readonly ports?: number;
  readonly contains?: readonly string[];
}
interface Policy {
  readonly kind: string;
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly endpointSelector: object;
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}
interface Case {
  readonly name: string;
  readonly input: { readonly events: readonly Event[] };
  readonly expected: Expected;
}

/** Each set of labels is a workload; topology labels are a pod's own. */
const nameOf = (labels: Labels): string => labels['app'] ?? '';

function textOf(events: readonly Event[]): string {
  const ends = events.flatMap(({ k8s, endpoint }) => [
    { namespace: k8s.namespace, labels: k8s.podLabels },
    ...(endpoint.kind === 'raw'
      ? []
      : [{ namespace: endpoint.namespace, labels: endpoint.labels ?? endpoint.podSelector ?? {} }]),
  ]);
  const pods = [...new Map(ends.map((each) => [`${each.namespace}/${nameOf(each.labels)}`, each])).values()].map(
    (each) => ({
      ...each,
      name: `${nameOf(each.labels)}-1`,
      owner: { kind: 'Deployment', name: nameOf(each.labels) },
    }),
  );
  const cluster = clusterForm.parse({
    namespaces: Object.fromEntries(pods.map(({ namespace }) => [namespace, {}])),
    pods,
  });
  const subjects = new Set(events.map(({ k8s }) => nameOf(k8s.podLabels)));
  const observations = events.map(({ egress, k8s, endpoint, proto }): Observation => {
    const workload = {
      namespace: endpoint.namespace,
      kind: 'Deployment',
      name: nameOf(endpoint.labels ?? endpoint.podSelector ?? {}),
    };
    const peer: Peer =
      endpoint.kind === 'raw' ? { type: 'address', ip: endpoint.addr } : { type: 'workload', workload };
    return {
      type: 'flow',
      container: nameOf(k8s.podLabels),
      phase: 'program',
      program: null,
      seen: { first: 1, last: 1, count: 1 },
      direction: egress ? 'egress' : 'ingress',
      protocol: proto.toLowerCase() as 'tcp',
      port: endpoint.port,
      peer,
      outcome: 'established',
    };
  });
  const recording: Recording = {
    header: {
      type: 'recording',
      version: 1,
      by: 'test',
      started: 1,
      node: { arch: 'x86_64', kernel: '6.18', cgroups: 'v2' },
    },
    containers: [...subjects].map((name) => ({
      type: 'container',
      id: name,
      workload: name,
      name: 'app',
      started: 1,
      fromStart: true,
      pod: {
        cluster: 'c',
        namespace: events[0]?.k8s.namespace ?? '',
        kind: 'Deployment',
        name: `${name}-1`,
        uid: name,
        node: 'n',
        labels: {},
        serviceAccount: null,
        hostNetwork: false,
      },
    })),
    observations,
    coverage: [...subjects].map((container) => ({
      type: 'coverage',
      container,
      sensor: 'network',
      state: 'ran',
      hook: 't',
      from: 1,
      to: 2,
      lost: 0,
      gaps: [],
    })),
    end: { type: 'end', ended: 2, lines: 1 },
  };
  const result = networkpolicy.generate(
    { baselines: fold([recording]), cluster },
    networkpolicy.options.parse({ type: 'cilium' }),
  );
  return result.type === 'artifacts' ? result.artifacts.map(({ text }) => text).join('') : '';
}

/** Keys may carry their source, and the order of fields says nothing. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('"k8s:', '"'));
}

const skip = existsSync(file) ? false : 'no ../shared/suites here';
const cases =
  skip === false
    ? readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Case)
    : [];

test('there are cases', { skip }, () => assert.ok(cases.length >= 10));

for (const { name, input, expected } of cases) {
  test(`${name}, as Inspektor Gadget's tests expect it`, () => {
    const text = textOf(input.events);
    if (name === 'Localhost_Skipped') {
      // There it gives a policy without a rule; we write none for a workload whose connections are unknown.
      assert.equal(text, '');
      return;
    }
    const policies = objectsOf(text).map(({ object }) => object as Policy);
    if (expected.policies !== undefined) assert.equal(policies.length, expected.policies);
    const [{ kind, metadata, spec } = assert.fail()] = policies;
    if (expected.kind !== undefined) assert.equal(kind, expected.kind);
    if (expected.namespace !== undefined) assert.equal(metadata.namespace, expected.namespace);
    if (expected.endpointSelector !== undefined)
      assert.deepEqual(spec.endpointSelector, { matchLabels: expected.endpointSelector });
    for (const direction of ['ingress', 'egress'] as const) {
      const own = (spec[direction] ?? []).filter((rule) => Object.keys(rule).length > 0);
      const wanted = expected[direction];
      if (wanted === undefined) continue;
      assert.equal(own.length, wanted.length);
      for (const [at, rule] of wanted.entries())
        for (const [field, value] of Object.entries(rule))
          assert.deepEqual(plain(own[at]?.[field]), plain(value), `${direction}[${at}].${field}`);
    }
    const ports = [...(spec.ingress ?? []), ...(spec.egress ?? [])].flatMap((rule) =>
      ((rule['toPorts'] ?? []) as { ports: unknown[] }[]).flatMap((each) => each.ports),
    );
    if (expected.ports !== undefined) assert.equal(ports.length, expected.ports);
    if (expected.egressRules !== undefined) assert.equal(spec.egress?.length, expected.egressRules);
    for (const part of expected.contains ?? []) assert.ok(text.includes(part), part);
  });
}
