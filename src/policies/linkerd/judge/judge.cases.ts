/**
 * What Linkerd's documents and sources say of its policies, as tables: linkerd2 policy-controller (index, admission),
 * linkerd2-proxy linkerd/app/inbound/src/policy and linkerd/http/route.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callQuery } from '../../calls.ts';
import { cluster } from '../../mesh.cases.ts';
import { linkerd } from '../index.ts';

export type Answer = 'allow' | 'deny' | 'unknown';
type Question = Record<string, unknown>;

function object(kind: string, version: string, name: string, spec: object, more: object = {}): object {
  return { apiVersion: `policy.linkerd.io/${version}`, kind, metadata: { name, namespace: 'shop', ...more }, spec };
}

export const server = (spec: object = {}, name = 'api', more: object = {}): object =>
  object('Server', 'v1beta3', name, { podSelector: { matchLabels: { app: 'api' } }, port: 9000, ...spec }, more);
const own = 'policy.linkerd.io';
export const toServer = { group: own, kind: 'Server', name: 'api' };
export const toRoute = { group: own, kind: 'HTTPRoute', name: 'r' };
export const toNamespace = { kind: 'Namespace', name: 'shop' };
export const ids = { group: own, kind: 'MeshTLSAuthentication', name: 'ids' };
export const nets = { group: own, kind: 'NetworkAuthentication', name: 'nets' };

export function policy(targetRef: object, refs: readonly object[], name = 'p', more: object = {}): object {
  return object('AuthorizationPolicy', 'v1alpha1', name, { targetRef, requiredAuthenticationRefs: refs }, more);
}
export function identities(spec: object, name = 'ids', more: object = {}): object {
  return object('MeshTLSAuthentication', 'v1alpha1', name, spec, more);
}
export function networks(all: readonly object[], name = 'nets'): object {
  return object('NetworkAuthentication', 'v1alpha1', name, { networks: all });
}
export function route(matches: readonly object[], name = 'r', spec: object = {}): object {
  const parentRefs = [{ group: own, kind: 'Server', name: 'api' }];
  return object('HTTPRoute', 'v1beta3', name, { parentRefs, rules: [{ matches }], ...spec });
}

export const webIdentity = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
export const web = { src: { pod: 'shop/web-1' } };
export const db = { src: { pod: 'data/db-1' } };
export const outsider = { src: { pod: 'monitoring/prometheus-1' } };
export const nameless = { src: { pod: 'shop/nameless-1' } };
export const get = (path: string, more: object = {}): object => ({ http: { method: 'GET', path, ...more } });

export type Case = readonly [
  what: string,
  objects: readonly object[],
  question: Question,
  expected: Answer,
  options?: Record<string, unknown>,
];

export function answer(objects: readonly object[], question: Question, given: Record<string, unknown> = {}): string {
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const judge = linkerd.evaluator(text, linkerd.options.parse(given), cluster);
  return judge.answer(callQuery.parse({ dst: { pod: 'shop/api-1' }, port: 9000, ...question })).verdict;
}

/** One test for each. */
export function judgedAs(cases: readonly Case[]): void {
  for (const [what, objects, question, expected, options = {}] of cases)
    void test(`linkerd: ${what}: ${expected}`, () => {
      assert.equal(answer(objects, question, options), expected);
    });
}
