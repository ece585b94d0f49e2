/** A mesh's policies of one cluster as files, and what else every mesh's generator keeps. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import type { PolicyKind } from './kind.ts';
import { everything, form, type Seen, written } from './mesh.cases.ts';

/** `forms`: options by the word in the file's name. */
export function goldens(kind: PolicyKind, forms: Readonly<Record<string, Record<string, unknown>>>): void {
  for (const [name, options] of Object.entries(forms))
    void test(`${kind.name} ${name} is what it was, and is proved`, () => {
      const { text, unknown } = written(kind, everything, options);
      assert.equal(unknown, 0);
      const folder = fileURLToPath(new URL(`${kind.name}/golden`, import.meta.url));
      if (process.env['UPDATE_GOLDEN'] !== undefined) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(`${folder}/shop-${name}.yaml`, text);
      }
      assert.equal(text, readFileSync(`${folder}/shop-${name}.yaml`, 'utf8'));
    });

  void test(`${kind.name}: two workloads whose objects would have one name: the first has a policy, the second a reason`, () => {
    const [api] = form.pods.filter((pod) => (pod as { name: string }).name === 'api-1');
    const more = [
      { ...api, name: 'x-0', ip: '10.0.0.71', labels: { app: 'x' }, owner: { kind: 'StatefulSet', name: 'x' } },
      {
        ...api,
        name: 'x-statefulset-1',
        ip: '10.0.0.72',
        labels: { app: 'y' },
        owner: { kind: 'Deployment', name: 'x-statefulset' },
      },
    ];
    const pods = [...form.pods, ...more];
    const seen = more.map(({ name }): Seen => [name, 'ingress', 'web', 9000]);
    const { objects, notes } = written(kind, seen, { members: 'all' }, clusterForm.parse({ ...form, pods }));
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.equal(new Set(names).size, names.length);
    assert.ok(
      notes.some((note) => /would have the names of another workload's/.test(note)),
      notes.join(),
    );
  });
}
