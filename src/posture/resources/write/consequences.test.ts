import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consequences } from './consequences.ts';
import { app, deployment, subject } from './web.cases.ts';

const withContainer = (container: object): object => ({
  ...deployment,
  spec: { replicas: 3, template: { spec: { containers: [{ name: 'app', ...container }] } } },
});
const resources = (cpu: string, memory: string): object => ({ requests: { cpu, memory }, limits: { cpu, memory } });

const cases: readonly (readonly [what: string, container: object, notes: readonly RegExp[]])[] = [
  [
    'what is requested less, over all replicas, and the class that is lost',
    { resources: resources('1', '1324Mi') },
    [
      /^2\.25 cores less and 3 GiB of memory less for 3 replicas are requested than now$/,
      /^the pod's QoS class changes from Guaranteed to Burstable: when a node runs out of memory/,
    ],
  ],
  ['what had nothing becomes Burstable', {}, [/^the pod's QoS class changes from BestEffort to Burstable$/]],
  [
    'a restart that a resize in place brings',
    {
      resources: { requests: { cpu: '250m', memory: '300Mi' }, limits: { memory: '300Mi' } },
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'memory', restartPolicy: 'RestartContainer' },
      ],
    },
    [/^a resize in place restarts app: its resizePolicy says so for memory$/],
  ],
  [
    'a heap that the advised limit does not hold',
    {
      resources: { requests: { cpu: '250m', memory: '300Mi' }, limits: { memory: '2Gi' } },
      env: [{ name: 'JAVA_TOOL_OPTIONS', value: '-Xmx1g' }],
    },
    [/^app: -Xmx1g of JAVA_TOOL_OPTIONS lets its heap grow to 1 GiB, which the memory limit of 330 MiB does not hold/],
  ],
  [
    'nothing where all is as advised',
    { resources: { requests: { cpu: '250m', memory: '300Mi' }, limits: { memory: '330Mi' } } },
    [/^nothing changes$/],
  ],
];
for (const [what, container, notes] of cases)
  test(what, () => {
    const found = consequences(subject([app], [withContainer(container)]));
    assert.equal(found.length, notes.length, found.join('\n'));
    for (const [at, note] of notes.entries()) assert.match(found[at] ?? '', note);
  });

test('without the object nothing is said', () => {
  assert.deepEqual(consequences(subject([app], [])), []);
});
