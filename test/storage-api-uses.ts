/** What every storage must do with rights that were used; part of its conformance suite. */
import assert from 'node:assert/strict';
import { expireUses, mostUsesOfUser, storedUses, storeUses, type UsesQuery } from '#broker/storage/api-uses.ts';
import { closeStorage, openStorage, type Storage } from '#broker/storage/storage.ts';
import { type ApiUse, joinedUse } from '#kubernetes/api-use.ts';
import { hostile } from './cluster-recordings.ts';

type Law = (title: string, act: (storage: Storage, database: string) => Promise<void>, resolutionMs?: number) => void;

export const useOf = (more: Partial<ApiUse> = {}): ApiUse => ({
  user: 'system:serviceaccount:shop:app',
  groups: ['system:authenticated'],
  decision: 'allow',
  verb: 'get',
  resourceRequest: true,
  apiGroup: '',
  resource: 'configmaps',
  subresource: '',
  namespace: 'shop',
  path: '',
  names: [],
  manyNames: false,
  nameless: true,
  count: null,
  first: 1000,
  last: 2000,
  ...more,
});

export async function usesIn(storage: Storage, query: UsesQuery = {}): Promise<ApiUse[]> {
  return sorted((await Array.fromAsync(storedUses(storage, query))).flat());
}

const keyOf = ({ user, decision, verb, apiGroup, resource, subresource, namespace, path }: ApiUse): string =>
  JSON.stringify([user, decision, verb, apiGroup, resource, subresource, namespace, path]);

function sorted(uses: readonly ApiUse[]): ApiUse[] {
  return uses.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** What `joinedUse` makes of all of them. */
function joined(uses: readonly ApiUse[]): ApiUse[] {
  const all = new Map<string, ApiUse>();
  for (const use of uses) {
    const known = all.get(keyOf(use));
    all.set(keyOf(use), known === undefined ? use : joinedUse(known, use));
  }
  return sorted([...all.values()]);
}

/** Many uses of few rights, with names, times and groups that differ. */
const many = Array.from({ length: 2000 }, (_, at) =>
  useOf({
    user: `system:serviceaccount:shop:app-${at % 5}`,
    groups: [`g-${at % 3}`],
    decision: at % 7 === 0 ? 'forbid' : 'allow',
    verb: at % 2 === 0 ? 'get' : 'list',
    names: at % 11 === 0 ? [] : [`n-${(at * 31) % 1801}`],
    nameless: at % 11 === 0,
    first: 1000 + ((at * 17) % 400),
    last: 2000 + ((at * 29) % 400),
  }),
);

export function apiUseLaws(law: Law, using: (act: (storage: Storage) => Promise<void>) => Promise<void>): void {
  law('rights that were used add up as they join, in any order, with any repeats', async (storage) => {
    const batches = (uses: readonly ApiUse[], size: number): ApiUse[][] =>
      Array.from({ length: Math.ceil(uses.length / size) }, (_, at) => uses.slice(at * size, (at + 1) * size));
    for (const batch of batches(many, 137)) await storeUses(storage, 'c', joined(batch));
    const wanted = joined(many);
    assert.deepEqual(await usesIn(storage), wanted);
    assert.ok(wanted.some(({ manyNames, names }) => manyNames && names.length === 50));
    for (const batch of batches(many.toReversed(), 253))
      assert.equal((await storeUses(storage, 'c', joined(batch))).written, 0, 'a repeat writes nothing');
    assert.deepEqual(await usesIn(storage), wanted);
    await using(async (other) => {
      for (const batch of batches(many.toReversed(), 391)) await storeUses(other, 'c', joined(batch));
      assert.deepEqual(await usesIn(other), wanted);
    });
  });

  law('several brokers that store uses at once have one result', async (storage, database) => {
    const others = [1, 2, 3].map(() => openStorage(database, { resolutionMs: 0 }));
    try {
      await Promise.all(
        [storage, ...others].map(async (each, turn) => {
          for (let at = 0; at < 8; at += 1) {
            const from = ((at + turn * 3) % 8) * 250;
            await storeUses(each, 'c', joined(many.slice(from, from + 250)));
          }
        }),
      );
      assert.deepEqual(await usesIn(storage), joined(many));
    } finally {
      for (const each of others) await closeStorage(each);
    }
  });

  law('uses are found by cluster, namespace of the account, user and time, and no others are', async (storage) => {
    await storeUses(storage, 'east', [
      useOf(),
      useOf({ user: 'system:serviceaccount:bank:app', last: 9000 }),
      useOf({ user: 'alice' }),
    ]);
    await storeUses(storage, 'west', [useOf()]);
    const users = async (query: UsesQuery): Promise<string[]> =>
      (await usesIn(storage, query)).map(({ user }) => user.replace('system:serviceaccount:', ''));
    assert.deepEqual(await users({ cluster: 'east' }), ['alice', 'bank:app', 'shop:app']);
    assert.deepEqual(await users({ cluster: 'east', namespace: 'shop' }), ['shop:app']);
    assert.deepEqual(await users({ cluster: 'east', user: 'alice' }), ['alice']);
    assert.deepEqual(await users({ since: 5000 }), ['bank:app']);
    assert.deepEqual(await users({ namespace: "shop' or '1'='1" }), []);
  });

  law('names of users, groups, objects and paths come back as they were, whatever they hold', async (storage) => {
    const uses = hostile.flatMap((text) => [
      useOf({ user: text, groups: [text], names: [text], nameless: false, resource: text, verb: text }),
      useOf({ user: text, resourceRequest: false, resource: '', namespace: '', path: text }),
    ]);
    await storeUses(storage, 'c', joined(uses));
    assert.deepEqual(await usesIn(storage), joined(uses));
  });

  law(
    'with a resolution, the last use falls behind by less than it, and no name is missing',
    async (storage) => {
      const last = async (use: Partial<ApiUse>): Promise<unknown> => {
        await storeUses(storage, 'c', [useOf(use)]);
        const [stored] = await usesIn(storage);
        return [stored?.last, stored?.names];
      };
      assert.deepEqual(await last({ last: 100_000 }), [100_000, []]);
      assert.deepEqual(await last({ last: 159_000 }), [100_000, []]);
      assert.deepEqual(await last({ last: 159_000, names: ['a'] }), [159_000, ['a']]);
      assert.deepEqual(await last({ last: 240_000 }), [240_000, ['a']]);
    },
    60_000,
  );

  law('retention takes uses that are old; of one user no more are kept than that', async (storage) => {
    const paths = Array.from({ length: mostUsesOfUser + 10 }, (_, at) =>
      useOf({ resourceRequest: false, resource: '', namespace: '', path: `/probe/${at}`, last: 3000 + (at % 2) }),
    );
    const { written, dropped } = await storeUses(storage, 'c', [...paths, useOf({ user: 'alice', last: 9000 })]);
    assert.deepEqual([written, dropped], [mostUsesOfUser + 1, [useOf().user]]);
    const removed = await expireUses(storage, 3001);
    assert.equal(await expireUses(storage, 3001), 0);
    const left = await usesIn(storage);
    assert.ok(left.every(({ last }) => last > 3000));
    assert.equal(removed + left.length, mostUsesOfUser + 1);
    assert.deepEqual((await storeUses(storage, 'c', [useOf()])).dropped, []);
  });
}
