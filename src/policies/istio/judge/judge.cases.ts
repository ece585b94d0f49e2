/**
 * What Istio's documents and sources say of a policy, as a table: istio.io/latest/docs/reference/config/security,
 * istio/istio pilot/pkg/security/authz and pilot/pkg/serviceregistry/kube/controller/ambient/authorization.go.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callQuery } from '../../calls.ts';
import { istio } from '../index.ts';
import { cluster } from '../../mesh.cases.ts';

type Answer = 'allow' | 'deny' | 'unknown';
type Question = Record<string, unknown>;

export function policy(spec: object, name = 'p', more: object = {}): object {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace: 'shop', ...more },
    spec,
  };
}
export function peers(spec: object, namespace = 'shop'): object {
  return { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'tls', namespace }, spec };
}
function answer(objects: readonly object[], question: Question, given: Record<string, unknown> = {}): string {
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const judge = istio.evaluator(text, istio.options.parse(given), cluster);
  return judge.answer(callQuery.parse({ dst: { pod: 'shop/api-1' }, port: 9000, ...question })).verdict;
}

export const web = { src: { pod: 'shop/web-1' } };
export const db = { src: { pod: 'data/db-1' } };
export const outsider = { src: { pod: 'monitoring/prometheus-1' } };
export const nameless = { src: { pod: 'shop/nameless-1' } };
export const get = (path: string, more: object = {}): object => ({ http: { method: 'GET', path, ...more } });

export const from = (source: object, operation?: object): object => ({
  rules: [{ from: [{ source }], ...(operation === undefined ? {} : { to: [{ operation }] }) }],
});
export const to = (operation: object): object => ({ rules: [{ to: [{ operation }] }] });
export const webPrincipal = { principals: ['cluster.local/ns/shop/sa/web'] };
export const allowWeb = from(webPrincipal);

export type Case = readonly [
  what: string,
  objects: readonly object[],
  question: Question,
  expected: Answer,
  options?: Record<string, unknown>,
];

/** One test for each. */
export function judgedAs(cases: readonly Case[]): void {
  for (const [what, objects, question, expected, options = {}] of cases)
    void test(`istio: ${what}: ${expected}`, () => {
      assert.equal(answer(objects, question, options), expected);
    });
}
