import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faults, officialCore, withoutSchemas } from '#policies/official-schemas.cases.ts';
import { limitRangeNotes, namespaceObjects } from './namespace.ts';
import { app, leaking, proxy, subject } from './web.cases.ts';

describe('a namespace', () => {
  test('gets a quota over all replicas with room for rollouts, and none on what some have not', () => {
    const made = namespaceObjects('shop', [subject([app, proxy])]);
    const [quota, limits] = made?.objects ?? [];
    // 5 replicas of 250 m + 50 m, 340 MiB, 374 MiB; up to whole tenths and 64 MiB.
    assert.deepEqual(quota, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'kguardian', namespace: 'shop' },
      spec: { hard: { 'requests.cpu': '1500m', 'requests.memory': '1728Mi', 'limits.memory': '1920Mi' } },
    });
    assert.deepEqual((limits as { spec: object }).spec, {
      limits: [
        {
          type: 'Container',
          defaultRequest: { cpu: '50m', memory: '40Mi' },
          default: { memory: '44Mi' },
          max: { memory: '495Mi' },
        },
      ],
    });
    assert.match(
      made?.notes[0] ?? '',
      /^no quota of limits\.cpu: app of shop\/Deployment\/web has none, and would be refused$/,
    );
    if (withoutSchemas === false)
      for (const [object, kind] of [
        [quota, 'ResourceQuota'],
        [limits, 'LimitRange'],
      ] as const)
        assert.deepEqual(faults(object, officialCore('api__v1.json', `io.k8s.api.core.v1.${kind}`)), []);
  });
  test('where memory leaks there is no quota of memory', () => {
    const made = namespaceObjects('shop', [subject([leaking]), subject([proxy])]);
    assert.deepEqual(Object.keys(((made ?? assert.fail()).objects[0] as { spec: { hard: object } }).spec.hard), [
      'requests.cpu',
    ]);
    assert.match(made?.notes.join('\n') ?? '', /nothing is known of app of shop\/Deployment\/web/);
  });
  test('what its LimitRange would refuse, or add, is told', () => {
    const range = {
      metadata: { name: 'limits' },
      spec: {
        limits: [
          {
            type: 'Container',
            min: { cpu: '300m' },
            max: { memory: '256Mi' },
            default: { cpu: '1' },
            maxLimitRequestRatio: { memory: '1' },
          },
        ],
      },
    };
    const notes = limitRangeNotes(subject([app]), [range]);
    assert.deepEqual(
      notes.map((note) => note.replace('LimitRange limits: ', '')),
      [
        'cpu of app of shop/Deployment/web is below its min of 300m: pods would be refused',
        'cpu of app of shop/Deployment/web is unset, and gets its default of 1 as a limit',
        'memory of app of shop/Deployment/web is above its max of 256Mi: pods would be refused',
        'memory of app of shop/Deployment/web: limit ÷ request is above its maxLimitRequestRatio of 1: pods would be refused',
      ],
    );
  });

  test('a limit that a LimitRange gives is told with what it does to the request', () => {
    for (const item of [{ default: { cpu: '200m' } }, { max: { cpu: '200m' } }]) {
      const range = {
        kind: 'LimitRange',
        metadata: { name: 'low' },
        spec: { limits: [{ type: 'Container', ...item }] },
      };
      assert.match(
        limitRangeNotes(subject([app]), [range]).join(),
        /is unset, and gets its default of 200m as a limit, which the request is above: pods would be refused$/,
      );
    }
  });
});
