/** Gatekeeper's Rego of our rules, run by a real Open Policy Agent: it says what the judge says of the CEL beside it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterOf, existingOf, plainNames } from '#posture/admission/cluster.cases.ts';
import { gatekeeperJudge } from '#posture/admission/judge/gatekeeper.ts';
import { type AdmissionRequest, question, requestOf, requestValue } from '#posture/admission/judge/request.ts';
import { mine, miningDefaults } from '#posture/admission/mine.ts';
import { conditionsOf } from '#posture/admission/rule/conditions.ts';
import { writeGatekeeper } from '#posture/admission/write/gatekeeper.ts';
import { regoOf } from '#posture/admission/write/rego.ts';
import { opaMessages } from './opa.ts';

// Names that are no words of either language, and no ends of strings.
const names = { ...plainNames, registry: 'r.example/a"]) { true } #\n%/', path: '/x\\"\u0000🦊' };
const { proposals } = mine(existingOf(clusterOf(140, names)), { ...miningDefaults, scope: { except: [] } });

test('Open Policy Agent says of each object what the judge says of the CEL', async () => {
  const objects = existingOf(clusterOf(14, names)).map(({ object }) => object);
  const [pod] = objects.filter(({ kind }) => kind === 'Pod') as { metadata: object; spec: object }[];
  assert.ok(pod);
  const debugged = { ...pod, spec: { ...pod.spec, ephemeralContainers: [{ name: 'd', image: 'x' }] } };
  const owner = { kind: 'Job', name: 'app-2-29000000', controller: true };
  const ofCronJob = { ...pod, metadata: { ...pod.metadata, namespace: 'ns-0', ownerReferences: [owner] } };
  const asked = proposals.map(({ rule, counterExample }) => {
    const { object } = counterExample;
    const old = { ...object, spec: {} };
    const requests = [
      ...objects.map((each): object => ({ object: each })),
      { object },
      { object, oldObject: object, operation: 'UPDATE' },
      { object, oldObject: old, operation: 'UPDATE' },
      { oldObject: object, operation: 'DELETE' },
      { object: { ...object, spec: {} } },
      { object: { ...object, metadata: { name: 'bare' } } },
      { object: debugged, oldObject: pod, operation: 'UPDATE', subresource: 'ephemeralcontainers' },
      { object: ofCronJob, user: 'system:serviceaccount:kube-system:job-controller' },
      { object: ofCronJob },
    ].map((each) => requestOf(question.parse(each)));
    return { rule, requests };
  });
  const answers = await opaMessages(
    asked.map(({ rule, requests }) => ({
      rego: regoOf('p', conditionsOf(rule), rule.holds.cel, rule.message),
      reviews: requests.map(reviewOf),
    })),
  );
  let refused = 0;
  for (const [at, { rule, requests }] of asked.entries()) {
    const judge = gatekeeperJudge(writeGatekeeper({ ...rule, scope: { except: [] } }, 'watch'));
    for (const [number, request] of requests.entries()) {
      // Gatekeeper asks a constraint about its own kinds.
      if (!rule.targets.some(({ kind }) => kind === request.resource.kind)) continue;
      const messages = judge.failings(request).map(({ message }) => message);
      assert.deepEqual(answers[at]?.[number], messages, `${rule.id}: ${JSON.stringify(request)}`);
      refused += messages.length;
    }
  }
  assert.ok(refused >= proposals.length, String(refused));
});

function reviewOf(request: AdmissionRequest): object {
  return { ...requestValue(request), object: request.object, oldObject: request.oldObject };
}
