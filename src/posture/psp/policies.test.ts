/** The admission policies in the place of PodSecurityPolicies, evaluated by a CEL of its own, against the judge. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { faults, officialCore, withoutSchemas } from '#policies/official-schemas.cases.ts';
import { plain } from '#kubernetes/yaml-text.ts';
import { changed } from '../change.ts';
import { defaulted } from '../pss/defaults.ts';
import { violations } from '../pss/evaluate.ts';
import { levels } from '../pss/level.ts';
import { readPod } from '../pss/pod.ts';
import { refusals } from './admit.ts';
import { refusedBy } from './cel.cases.ts';
import { mutations } from './mutate.ts';
import { readFields } from './pod.ts';
import { admissionPolicy } from './policies.ts';
import { anyPod, anyPsp, podObject, pspObject } from './psp.cases.ts';
import { readPsp } from './psp.ts';

test('law: what a policy wrote once it does not write again', () => {
  fc.assert(
    fc.property(anyPsp, anyPod, (object, pod) => {
      const psp = readPsp(object);
      const after = changed(pod, mutations(psp, readFields(pod)));
      assert.deepEqual(mutations(psp, readFields(after)), []);
    }),
  );
});

test('law: the level with the policy in its place lets in what the PodSecurityPolicy let in of what the level does', () => {
  const seen = { letIn: 0, refused: 0, none: 0 };
  fc.assert(
    fc.property(anyPsp, anyPod, fc.constantFrom(...levels), fc.boolean(), (object, pod, level, mutate) => {
      const psp = readPsp(object);
      // A pod as it would be stored, after the policy's changes; and one that the policy never saw.
      const stored = mutate ? changed(pod, mutations(psp, readFields(pod))) : pod;
      if (violations(defaulted(readPod(stored)), level, 'latest').length > 0) return;
      const was = refusals(psp, readFields(stored));
      const made = admissionPolicy('shop', { names: [], but: true }, [psp], level);
      if (made === null) {
        seen.none += 1;
        assert.deepEqual(was, []);
        return;
      }
      const now = refusedBy(made.policy, stored);
      assert.equal(now?.length === 0, was.length === 0, JSON.stringify({ was, now, level, object, stored }));
      if (was.length === 0) seen.letIn += 1;
      else seen.refused += 1;
    }),
    { numRuns: 3000 },
  );
  assert.ok(seen.letIn > 20 && seen.refused > 100, JSON.stringify(seen));
});

test('law: several policies let in what one of them lets in', () => {
  fc.assert(
    fc.property(anyPsp, anyPsp, anyPod, (a, b, pod) => {
      const psps = [readPsp(a), readPsp(b)];
      const made = admissionPolicy('shop', { names: [], but: true }, psps, 'privileged');
      const was = psps.some((psp) => refusals(psp, readFields(pod)).length === 0);
      assert.equal(made === null || refusedBy(made.policy, pod)?.length === 0, was);
    }),
    { numRuns: 500 },
  );
});

test('a policy is about the accounts that it names, or about all others', () => {
  const psp = readPsp(pspObject({ volumes: ['*'] }));
  const policy = (but: boolean) =>
    admissionPolicy('shop', { names: ['robot', 'x"] || true'], but }, [psp], 'privileged')?.policy ?? assert.fail();
  const as = (serviceAccountName?: string): object =>
    podObject({ securityContext: { privileged: true } }, { serviceAccountName });
  assert.equal(refusedBy(policy(false), as('robot'))?.length, 1);
  assert.equal(refusedBy(policy(false), as('default')), null);
  assert.equal(refusedBy(policy(true), as('robot')), null);
  assert.equal(refusedBy(policy(true), as())?.length, 1);
});

test('policies and bindings are objects that an API server takes', { skip: withoutSchemas }, () => {
  const psps = [
    readPsp(pspObject({ volumes: ['secret'] }, 'a')),
    readPsp(pspObject({ readOnlyRootFilesystem: true }, 'b')),
  ];
  for (const names of [[], ['x']])
    for (const set of [psps, psps.slice(1)]) {
      const made = admissionPolicy('shop', { names, but: names.length === 0 }, set, 'baseline') ?? assert.fail();
      for (const each of [made.policy, made.binding]) {
        const object = plain(each) as { kind: string };
        const official = officialCore(
          'apis__admissionregistration.k8s.io__v1.json',
          `io.k8s.api.admissionregistration.v1.${object.kind}`,
        );
        assert.deepEqual(faults(object, official), []);
      }
    }
});
