/**
 * What compares two of a mesh's texts, against asking both about single calls: where it tells of nothing all answers agree,
 * and what it tells is so of some call. `mesh.cases.ts` has the cluster.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fold } from '#baseline/fold.ts';
import { type CallQuestion, callQuery, type HttpRequest } from './calls.ts';
import type { Change, PolicyKind } from './kind.ts';
import { cluster, everything, recordingOf, type Seen } from './mesh.cases.ts';

export const listOf = (objects: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });

export function compared(
  kind: PolicyKind,
  before: readonly object[] | string,
  after: readonly object[] | string,
  given: Record<string, unknown> = {},
): readonly Change[] {
  const [was, is] = [before, after].map((each) => (typeof each === 'string' ? each : listOf(each)));
  return kind.compare?.(was ?? '', is ?? '', given, cluster) ?? assert.fail('comparable');
}

/** `Deployment shop/web → Deployment shop/api 9000/TCP: deny to allow`. */
export function told(changes: readonly Change[]): string[] {
  return changes.map(({ what, before, after }) => `${what}: ${before} to ${after}`);
}

interface Question {
  readonly from: string;
  readonly to: string;
  readonly query: CallQuestion;
}

/** Addresses and identities beside those of the cluster's pods. */
export interface Strangers {
  readonly ips: readonly string[];
  readonly identities: readonly string[];
}

const servers = ['shop/api-1', 'shop/web-1', 'shop/web-2'];
/** Both servers' own, a Service's, and one of nobody. */
const ports = [9000, 8080, 9443, 80, 9];

function questions(
  requests: readonly (HttpRequest | null)[],
  { ips, identities }: Strangers,
  directly: boolean,
): Question[] {
  const pods = cluster.pods.map(({ namespace, name, workload }) => ({
    label: `${workload.kind} ${workload.namespace}/${workload.name}`,
    src: { pod: `${namespace}/${name}` },
    identity: undefined,
  }));
  const nodes = cluster.nodes.map(({ name, ips: own }) => ({
    label: `node ${name}`,
    src: { ip: own[0] },
    identity: undefined,
  }));
  const others = [
    ...ips.map((ip) => ({ label: 'outside', src: { ip }, identity: undefined })),
    ...identities.map((identity) => ({ label: 'outside', src: { ip: '192.0.2.254' }, identity })),
  ];
  return [...pods, ...nodes, ...others].flatMap(({ label, src, identity }) =>
    servers.flatMap((pod) =>
      ports.flatMap((port) =>
        requests.flatMap((http) =>
          (directly ? [undefined, false] : [undefined]).map((service) => {
            const to = `Deployment ${pod.replace(/-\d$/, '')}`;
            return { from: label, to, query: callQuery.parse({ src, dst: { pod }, port, http, identity, service }) };
          }),
        ),
      ),
    ),
  );
}

const outside = /^(node |Deployment )/;

/** The change without what it is about: who calls whom, and how that changes. */
function between(from: string, to: string, before: string, after: string): string {
  return `${outside.test(from) ? from : 'outside'} → ${to}: ${before} to ${after}`;
}

export interface Law {
  /** What its texts tell apart. */
  readonly about: string;
  /** A random text. */
  readonly text: fc.Arbitrary<string>;
  readonly requests: readonly (HttpRequest | null)[];
  readonly strangers: Strangers;
  readonly forms: readonly Record<string, unknown>[];
  /** What else a generator needs to know in a form; absent where it is asked elsewhere. */
  readonly generating?: (form: Record<string, unknown>) => Record<string, unknown>;
  /** Whether a form makes a difference of a Service's being dialled. */
  readonly directly: (form: Record<string, unknown>) => boolean;
}

export function comparingIsAsking(
  kind: PolicyKind,
  { about, text, requests, strangers, forms, directly, generating }: Law,
): void {
  for (const form of forms) {
    const asked = questions(requests, strangers, directly(form));
    const differences = (before: string, after: string): Set<string> => {
      const [was, is] = [before, after].map((each) => kind.evaluator(each, form, cluster));
      return new Set(
        asked.flatMap(({ from, to, query }) => {
          const [old, now] = [was?.answer(query).verdict ?? '', is?.answer(query).verdict ?? ''];
          return old === now ? [] : [between(from, to, old, now)];
        }),
      );
    };
    const changes = (before: string, after: string): Set<string> =>
      new Set(
        compared(kind, before, after, form).flatMap(({ what, before: was, after: is }) => {
          const [, from = '', to = ''] = /^(.*?) → (\S+ \S+) /.exec(what) ?? [];
          return servers.some((pod) => to === `Deployment ${pod.replace(/-\d$/, '')}`)
            ? [between(from, to, was, is)]
            : [];
        }),
      );
    const holds = (before: string, after: string): void =>
      assert.deepEqual(
        [...changes(before, after)].toSorted(),
        [...differences(before, after)].toSorted(),
        `${before}\n${after}`,
      );

    void test(`${kind.name} ${JSON.stringify(form)}: what is compared is what is answered, for any two texts about ${about}`, () => {
      fc.assert(
        fc.property(text, text, (before, after) => holds(before, after)),
        { numRuns: 5 },
      );
    });
    if (generating !== undefined)
      void test(`${kind.name} ${JSON.stringify(form)}: and for what is generated from any part of what was seen`, () => {
        const options = kind.options.parse({ l7: true, mode: 'enforce', ...form, ...generating(form) });
        const seen = fc.subarray([...everything]);
        const textOf = (all: readonly Seen[]): string => {
          const made = kind.generate({ baselines: fold([recordingOf(all)]), cluster }, options);
          if (made.type === 'abstained') return listOf([]);
          return made.artifacts.flatMap(({ text: each, judged }) => (judged === false ? [] : [each])).join('');
        };
        fc.assert(
          fc.property(seen, seen, (before, after) => {
            holds(textOf(before), textOf(after));
            assert.deepEqual(compared(kind, textOf(before), textOf(before), form), []);
          }),
          { numRuns: 4 },
        );
      });
  }
}

/** Of one workload's reach, what each row says: `ingress Deployment shop/web 9000/TCP allow`. */
export function reached(
  kind: PolicyKind,
  objects: readonly object[] | string,
  name: string,
  given: Record<string, unknown> = {},
): string[] | null {
  const text = typeof objects === 'string' ? objects : listOf(objects);
  const rows = kind.reach?.(text, given, cluster, { namespace: 'shop', kind: 'Deployment', name });
  assert.ok(rows !== undefined);
  return rows?.map(({ direction, peer, ports: where, verdict }) => `${direction} ${peer} ${where} ${verdict}`) ?? null;
}
