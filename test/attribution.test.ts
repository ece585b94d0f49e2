/** Containers that come and go quickly, told of in disorder: none is mixed up, none is lost. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AgentRun, podObject, startAgent } from './agent-run.ts';
import { withoutRoot } from './lab.ts';
import { type Driver, withoutRunc } from './node-lab.ts';

const skip = withoutRoot || withoutRunc;
const wanted = Number(process.env['ATTRIBUTED'] ?? 200);
const atOnce = 6;
const portOf = (number: number): number => 10_000 + number;

/** Chance with a seed: a failure can be had again. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Expected {
  readonly number: number;
  readonly pod: string;
  readonly container: string;
  readonly workload: string;
}

test(`${wanted} containers, started and killed quickly, told of in disorder: zero mixed up, zero unattributed`, {
  skip,
}, async () => {
  const seed = Number(process.env['SEED'] ?? 20_261_126);
  const chance = dice(seed);
  const run = await startAgent();
  after(() => run.close());
  const expected = new Map<string, Expected>();
  const sandboxes = new Set<string>();
  let number = 0;
  const crew = Array.from({ length: atOnce }, async (_, worker) => {
    while (number < wanted) {
      const count = Math.min(1 + Math.floor(chance() * 3), wanted - number);
      const numbers = Array.from({ length: count }, () => (number += 1));
      await onePod(run, numbers, worker, chance, expected, sandboxes);
    }
  });
  await Promise.all(crew);
  await run.until('all containers have a name', async () => (await run.metric('containers{state="waiting"}')) === 0);
  // A moment for the last calls' outcomes.
  await sleep(4000);
  await run.stop();

  const { containers, facts } = run.told();
  const wrong: string[] = [];
  for (const [id, { number: own, pod, container, workload }] of expected) {
    const told = containers.get(id);
    if (told === undefined) {
      wrong.push(`container ${own} was never told of`);
      continue;
    }
    if (told.pod?.uid !== pod || told.name !== container || told.workload !== workload || !told.fromStart)
      wrong.push(`container ${own} was told as ${told.workload}/${told.name} of pod ${told.pod?.uid}`);
    const ownFacts = facts.filter((fact) => fact.container === id);
    if (!ownFacts.some((fact) => fact.type === 'file' && fact.path === `/tmp/mark-${own}` && fact.access === 'create'))
      wrong.push(`the file of container ${own} is missing`);
    if (!ownFacts.some((fact) => fact.type === 'flow' && fact.port === portOf(own)))
      wrong.push(`the call of container ${own} is missing`);
  }
  for (const fact of facts) {
    const own = expected.get(fact.container)?.number;
    if (own === undefined) wrong.push(`a fact of ${fact.container}, which is none of ours`);
    if (fact.type === 'file' && fact.path.startsWith('/tmp/mark-') && fact.path !== `/tmp/mark-${own}`)
      wrong.push(`${fact.path} was told of container ${own}`);
    if (fact.type === 'flow' && fact.port !== portOf(own ?? -1))
      wrong.push(`port ${fact.port} was told of container ${own}`);
  }
  assert.deepEqual(wrong, [], `seed ${seed}`);
  assert.equal(expected.size, wanted);
  assert.deepEqual(
    [...sandboxes].filter((id) => containers.has(id)),
    [],
    'sandboxes are no containers',
  );
});

/** One pod's life: its containers run one after the other, as init containers do, or restarted under one name. */
async function onePod(
  run: AgentRun,
  numbers: readonly number[],
  worker: number,
  chance: () => number,
  expected: Map<string, Expected>,
  sandboxes: Set<string>,
): Promise<void> {
  const driver: Driver = chance() < 0.5 ? 'cgroupfs' : 'systemd';
  const uid = randomUUID();
  // Names come back with another uid, as a StatefulSet's do; addresses come back too.
  const name = `db-${worker}`;
  const story = {
    uid,
    name,
    ip: `10.244.0.${worker + 10}`,
    owner: { kind: 'StatefulSet', name: `set-${worker}`, uid: `set-${worker}` },
  };
  const early = chance() < 0.5;
  if (early) run.api.store.put(podObject({ ...story, phase: 'Pending' }));
  const pod = await run.lab.pod(driver, uid);
  if (pod.sandbox !== null) sandboxes.add(pod.sandbox.id);
  const restarted = chance() < 0.3;
  const statuses: { name: string; id: string; ended: boolean; previous?: string }[] = [];
  for (const [at, number] of numbers.entries()) {
    const container = restarted ? 'app' : `app-${at}`;
    const started = pod.run(['/load', String(number), String(Math.floor(chance() * 150))]);
    expected.set(started.id, { number, pod: uid, container, workload: `set-${worker}` });
    const before = statuses.find((each) => each.name === container);
    const status = {
      name: container,
      id: started.id,
      ended: false,
      ...(before === undefined ? {} : { previous: before.id }),
    };
    if (before !== undefined) statuses.splice(statuses.indexOf(before), 1);
    statuses.push(status);
    // Restarts are told one by one, since the API tells only the last two runs.
    const tellsNow = restarted || chance() < 0.4;
    if (tellsNow) run.api.store.put(podObject({ ...story, containers: statuses }));
    // Some are killed as soon as they have done what tells them apart; others end.
    await Promise.race([started.marked, started.ended]);
    if (chance() < 0.4) await started.kill();
    await started.ended;
    status.ended = true;
  }
  await pod.end();
  const last = podObject({ ...story, phase: 'Succeeded', containers: statuses });
  // The next pod of that name cannot be there before this one is told of to its end.
  await sleep(chance() * 1000);
  run.api.store.put(last);
  if (chance() < 0.1) run.api.breakConnections();
  if (chance() < 0.5) run.api.store.remove('v1', 'Pod', 'shop', name);
}
