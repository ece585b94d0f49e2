/** What every storage must do; its engine is the argument. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fold } from '#baseline/fold.ts';
import { expire } from '#broker/storage/retention.ts';
import { type Named, named, recordingsOf, linesOf, whole } from '#broker/storage/reading.ts';
import type { Query } from '#broker/storage/query.ts';
import { closeStorage, migrate, openStorage, RunOfAnotherPod, type Storage, store } from '#broker/storage/storage.ts';
import { readRecordings } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import { apiUseLaws } from './storage-api-uses.ts';
import { hostile, recordingOf, recordingsOfCluster, type RunOf } from './cluster-recordings.ts';

/** Opens one that holds nothing. */
export type Fresh = () => Promise<{ readonly database: string; readonly remove: () => void }>;

/** Everything stored that the query asks for, by both ways of reading, which must agree. */
export async function stored(storage: Storage, query: Query = {}): Promise<Recording[]> {
  const all: Recording[] = [];
  for (const each of await named(storage, query)) all.push(...(await storedOf(storage, each, query)));
  return all;
}

async function storedOf(storage: Storage, of: Named, query: Query): Promise<Recording[]> {
  const values: Recording[] = [];
  const text: string[] = [];
  for await (const each of recordingsOf(storage, of, query, 'test')) {
    const value = await whole(each);
    assert.ok(value);
    values.push(value);
    for await (const chunk of linesOf(each)) text.push(chunk);
  }
  const read = await Array.fromAsync(readRecordings(text.join('').trimEnd().split('\n')));
  assert.deepEqual(fold(read), fold(values));
  return values;
}

export function conformance(engine: string, fresh: Fresh, skip: string | false): void {
  async function using(act: (storage: Storage, database: string) => Promise<void>, resolutionMs = 0): Promise<void> {
    const { database, remove } = await fresh();
    const storage = openStorage(database, { resolutionMs });
    try {
      await migrate(storage);
      await act(storage, database);
    } finally {
      await closeStorage(storage);
      remove();
    }
  }
  const law = (title: string, act: (storage: Storage, database: string) => Promise<void>, resolutionMs = 0): void => {
    void test(`${engine}: ${title}`, { skip }, () => using(act, resolutionMs));
  };

  void test(`${engine}: what is stored folds to what folds, in any order, with any repeats`, { skip }, () =>
    fc.assert(
      fc.asyncProperty(recordingsOfCluster, fc.infiniteStream(fc.nat()), async (recordings, chance) => {
        await using(async (storage) => {
          const sent = [...recordings, ...recordings]
            .map((recording) => ({ recording, at: chance.next().value ?? 0 }))
            .toSorted((a, b) => a.at - b.at);
          for (const { recording } of sent) await store(storage, [recording]);
          await store(storage, recordings);
          assert.deepEqual(fold(await stored(storage)), fold(recordings));
        });
      }),
      { numRuns: 12 },
    ),
  );

  law('a repeat writes nothing', async (storage) => {
    const recording = recordingOf({ pod: 'a', facts: 50 });
    await store(storage, [recording]);
    const before = await stored(storage);
    assert.equal((await store(storage, [recording])).written, 0);
    assert.deepEqual(await stored(storage), before);
    const more = recordingOf({ pod: 'a', facts: 51 });
    assert.equal((await store(storage, [more])).written, 1);
  });

  law(
    'with a resolution, times fall behind by less than it and no claim is missing',
    async (storage) => {
      const at = (last: number, facts: number): Recording => recordingOf({ pod: 'a', facts, first: 1_000_000, last });
      for (const [last, facts] of [
        [1_000_000, 3],
        [1_030_000, 3],
        [1_059_000, 4],
        [1_070_000, 3],
        [1_100_000, 3],
      ] as const) {
        await store(storage, [at(last, facts)]);
      }
      const [recording] = await stored(storage);
      assert.equal(recording?.observations.length, 4);
      const seen = recording.observations.flatMap((each) => (each.type === 'file' ? [each.seen.last] : []));
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        [1_059_000, 1_070_000, 1_070_000],
      );
      assert.ok(recording.coverage.every(({ to }) => to === 1_070_000));
    },
    60_000,
  );

  law('strings of workloads come back as they were, whatever they hold', async (storage) => {
    const recordings = hostile.map((text, at) => recordingOf({ pod: `pod-${at}`, text, facts: 2 }));
    await store(storage, recordings);
    assert.deepEqual(fold(await stored(storage)), fold(recordings));
    for (const text of hostile) {
      const found = await named(storage, { namespace: text });
      assert.equal(found.length, 1, JSON.stringify(text));
      assert.equal(found[0]?.workload, text);
    }
  });

  law('a query finds its cluster, namespace, workload, container and release, and no other', async (storage) => {
    const runs: RunOf[] = ['east', 'west'].flatMap((cluster) =>
      ['shop', 'bank'].flatMap((namespace) =>
        ['cart', 'db'].flatMap((workload) =>
          ['1', '2'].map((release) => ({
            cluster,
            namespace,
            workload,
            digest: `sha256:${release}`,
            pod: `${cluster}-${namespace}-${workload}-${release}`,
            facts: 2,
          })),
        ),
      ),
    );
    await store(storage, runs.map(recordingOf));
    const query = { cluster: 'east', namespace: 'shop', workload: 'cart', container: 'app', kind: 'Deployment' };
    assert.deepEqual(
      (await stored(storage, query)).flatMap(({ containers }) => containers.map(({ id }) => id)).toSorted(),
      ['run-of-east-shop-cart-1', 'run-of-east-shop-cart-2'],
    );
    const [second] = await stored(storage, { ...query, digest: 'sha256:2' });
    assert.deepEqual(
      second?.containers.map(({ imageDigest }) => imageDigest),
      ['sha256:2'],
    );
    assert.equal((await named(storage, { cluster: 'east' })).length, 4);
    assert.deepEqual(await named(storage, { cluster: 'north' }), []);
    assert.deepEqual(await named(storage, { cluster: "east' or '1'='1" }), []);
  });

  law('a window holds what was seen in it; a run that began before it has no start', async (storage) => {
    await store(storage, [
      recordingOf({ pod: 'old', facts: 1, first: 1000, last: 2000 }),
      recordingOf({ pod: 'long', facts: 1, first: 1000, last: 9000 }),
      recordingOf({ pod: 'new', facts: 1, first: 8000, last: 9000 }),
    ]);
    const pods = async (query: Query): Promise<unknown> =>
      (await stored(storage, query)).flatMap(({ containers }) =>
        containers
          .map(({ pod, fromStart }) => [pod?.name, fromStart])
          .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      );
    assert.deepEqual(await pods({ since: 5000 }), [
      ['long', false],
      ['new', true],
    ]);
    assert.deepEqual(await pods({ until: 5000 }), [
      ['long', true],
      ['old', true],
    ]);
    assert.deepEqual(await pods({ since: 2500, until: 5000 }), [['long', false]]);
  });

  law('retention takes what is old and never what a run that is still watched did long ago', async (storage) => {
    const live = recordingOf({ pod: 'live', facts: 3, first: 1000, last: 2000, coveredTo: 90_000 });
    const ended = recordingOf({ pod: 'ended', facts: 3, first: 1000, last: 2000 });
    await store(storage, [live, ended]);
    assert.equal(await expire(storage, 50_000), 1);
    assert.equal(await expire(storage, 50_000), 0);
    assert.deepEqual(fold(await stored(storage)), fold([live]));
    for (const table of ['facts', 'coverage'] as const) {
      const left = await storage.engine.db.selectFrom(table).select('run').distinct().execute();
      assert.equal(left.length, 1, table);
    }
    // What is sent again after it has gone is there again, whole.
    await store(storage, [ended]);
    assert.deepEqual(fold(await stored(storage)), fold([live, ended]));
  });

  law('an image digest that becomes known is kept', async (storage) => {
    const unknown = recordingOf({ pod: 'a', facts: 1 });
    const known = recordingOf({ pod: 'a', facts: 1, digest: 'sha256:1' });
    await store(storage, [unknown]);
    await store(storage, [known]);
    await store(storage, [unknown]);
    const [recording] = await stored(storage);
    assert.equal(recording?.containers[0]?.imageDigest, 'sha256:1');
    assert.equal((await named(storage, { digest: 'sha256:1' })).length, 1);
  });

  law("a run that is said to be another pod's is refused, with all that came with it", async (storage) => {
    await store(storage, [recordingOf({ pod: 'a', facts: 1 })]);
    const [honest, forged] = [
      recordingOf({ pod: 'b', facts: 1 }),
      recordingOf({ pod: 'a', uid: 'uid-of-x', facts: 2 }),
    ];
    await assert.rejects(store(storage, [honest, forged]), RunOfAnotherPod);
    assert.deepEqual(fold(await stored(storage)), fold([recordingOf({ pod: 'a', facts: 1 })]));
  });

  apiUseLaws(law, using);

  law('many pages come back whole', async (storage) => {
    const recordings = Array.from({ length: 3 }, (_, at) => recordingOf({ pod: `pod-${at}`, facts: 7000 }));
    await store(storage, recordings);
    assert.deepEqual(fold(await stored(storage)), fold(recordings));
  });

  law('several writers at once, several migrations, one result', async (storage, database) => {
    const others = [1, 2, 3].map(() => openStorage(database, { resolutionMs: 0 }));
    try {
      await Promise.all(others.map(migrate));
      const recordings = Array.from({ length: 12 }, (_, at) =>
        recordingOf({ pod: `pod-${at % 4}`, facts: 40 + at, started: 1, first: 1000 - at, last: 2000 + at }),
      );
      await Promise.all([
        ...[storage, ...others].map(async (each, turn) => {
          for (const at of recordings.keys()) await store(each, [recordings[(at + turn * 5) % 12] as Recording]);
        }),
        expire(storage, 10),
      ]);
      assert.deepEqual(fold(await stored(storage)), fold(recordings));
    } finally {
      for (const each of others) await closeStorage(each);
    }
  });
}
