/**
 * A published application with its flows (../shared/suites/demo-apps): rules from its log are silent on what it does,
 * and tell of a peer or a port that it has not.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fold } from '#baseline/fold.ts';
import { readingFlows } from '#imports/flows.ts';
import { readClusterText } from '#kubernetes/cluster-text.ts';
import type { Observation } from '#observation/observation.ts';
import type { Recording } from '#observation/recording.ts';
import { attributed, replay } from '#proof/replay.ts';
import { falco } from './index.ts';

const folder = fileURLToPath(new URL('../../../../shared/suites/demo-apps/online-boutique', import.meta.url));
const skip = existsSync(folder) ? false : 'no ../shared/suites here';

function recorded(): Recording {
  const reader = readingFlows(readClusterText(readFileSync(`${folder}/cluster.json`, 'utf8')));
  for (const line of readFileSync(`${folder}/flows.jsonl`, 'utf8').trimEnd().split('\n')) reader.add(line);
  return reader.end().recording;
}

/** In this cluster; the log has it beside the pods'. */
const networks = ['10.244.0.0/16', '10.96.0.0/12'];

for (const clusterNetwork of [[], networks])
  test(`silent on the application's own flows, ${clusterNetwork.length > 0 ? 'its addresses known' : 'by ports'}`, {
    skip,
  }, () => {
    const recording = recorded();
    const options = falco.options.parse({ clusterNetwork });
    const baselines = fold([recording]);
    assert.ok(baselines.length >= 12);
    let silent = 0;
    let told = 0;
    for (const baseline of baselines) {
      const result = falco.generate({ baselines: [baseline], cluster: null }, options);
      const own = recording.containers.filter(
        ({ workload, pod }) => workload === baseline.workload && pod?.namespace === baseline.place?.namespace,
      );
      const ids = new Set(own.map(({ id }) => id));
      assert.ok(result.type === 'artifacts', `${baseline.workload}: ${JSON.stringify(result)}`);
      const judge = falco.evaluator(result.artifacts[0]?.text ?? '', options);
      const proof = replay(judge, [recording]);
      assert.deepEqual([proof.denied, proof.unknown], [0, 0], JSON.stringify(proof.offences));
      silent += proof.allowed;
      // Nothing of another workload is spoken of.
      for (const { observation, by } of attributed(recording))
        if (!ids.has(by.id)) assert.equal(judge.governs(observation, by), false, by.workload);
      for (const { observation, by } of attributed(recording).filter(({ by: { id } }) => ids.has(id)))
        for (const strange of beside(observation)) {
          told += 1;
          assert.equal(judge.judge(strange, by).verdict, 'deny', JSON.stringify(strange));
        }
    }
    assert.ok(silent >= 50 && told >= 100, `${silent} silent, ${told} told of`);
  });

/** The same from a port that nobody uses, and to an address outside. */
function beside(observation: Observation): Observation[] {
  if (
    observation.type !== 'flow' ||
    observation.direction !== 'egress' ||
    !['tcp', 'udp'].includes(observation.protocol)
  )
    return [];
  const { service: _, ...plain } = observation;
  return [
    { ...plain, port: 4444 },
    { ...plain, port: 4444, peer: { type: 'address', ip: '203.0.113.66' } },
  ];
}

test('the whole application, loaded as one set of rules: each tells of its own, and of nothing else', { skip }, () => {
  const recording = recorded();
  const options = falco.options.parse({});
  const texts = fold([recording]).flatMap((baseline) => {
    const result = falco.generate({ baselines: [baseline], cluster: null }, options);
    return result.type === 'artifacts' ? (result.artifacts[0]?.text ?? '') : [];
  });
  const judge = falco.evaluator(texts.join('\n---\n'));
  const proof = replay(judge, [recording]);
  assert.deepEqual([proof.denied, proof.unknown], [0, 0], JSON.stringify(proof.offences));
  assert.ok(proof.allowed >= 50, `${proof.allowed}`);
});
