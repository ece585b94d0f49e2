import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { faults, officialCore, officialCrd, withoutSchemas } from '#policies/official-schemas.cases.ts';
import { contents } from '../../workloads.ts';
import { known, objectsOf } from '../objects.ts';
import { day, flat, minute, replica, usage } from '../recommend/drawing.cases.ts';
import { hpaChanges, suggestedHpa } from './hpa.ts';
import { manifest, missingIn } from './manifest.ts';
import { advisedPod } from './requirements.ts';
import { vpa } from './vpa.ts';
import { app, deployment, hpa, leaking, named, proxy, subject, utilisation } from './web.cases.ts';

test('what is advised takes its place, unset takes a limit away, and what is not spoken of stays', () => {
  const { source, advice } = subject([app, proxy]);
  assert.ok(source);
  const after = advisedPod(source.pod, advice);
  const [made] = contents({ ...deployment, spec: { template: after } }).flatMap((each) =>
    each.type === 'pods' ? each.pods : [],
  );
  assert.deepEqual(made?.pod, {
    spec: {
      containers: [
        {
          name: 'app',
          resources: {
            requests: { cpu: '250m', memory: '300Mi', 'ephemeral-storage': '1Gi' },
            limits: { memory: '330Mi' },
          },
        },
        { name: 'proxy', resources: { requests: { cpu: '50m', memory: '40Mi' }, limits: { memory: '44Mi' } } },
      ],
    },
  });
});

test('the same amount in other words is no change', () => {
  const pod = {
    spec: {
      containers: [
        { name: 'app', resources: { requests: { cpu: 0.25, memory: '307200Ki' }, limits: { memory: '330Mi' } } },
      ],
    },
  };
  assert.equal(advisedPod(pod, subject([app]).advice), pod);
});

test('without an opinion what stands there stays', () => {
  const { source, advice } = subject([leaking]);
  const [first] = contents({ ...deployment, spec: { template: advisedPod(source?.pod, advice) } }).flatMap((each) =>
    each.type === 'pods' ? each.pods : [],
  );
  assert.deepEqual(((first ?? assert.fail()).pod as typeof deployment.spec.template).spec.containers[0]?.resources, {
    requests: { cpu: '200m', memory: '1Gi', 'ephemeral-storage': '1Gi' },
    limits: { memory: '1Gi' },
  });
});

test('a manifest can be applied as it is, its reasons in comments that no name breaks out of', () => {
  const evil = 'app"\n  privileged: true #';
  const text = manifest({ ...subject([named(evil, app), proxy]), source: null, name: 'web\n---\nkind: Evil' });
  const read = parse(text) as typeof deployment;
  assert.equal(read.metadata.name, 'web\n---\nkind: Evil');
  assert.deepEqual(
    read.spec.template.spec.containers.map(({ name }) => name),
    [evil, 'proxy'],
  );
  assert.match(text, /# cpu request: 95 % of the time: 0\.25 cores \(2 d 23 h of 1 replica\)\n/);
  assert.match(text, /# cpu limit: unset: /);
});

test('a manifest adds no container that the object does not have, and knows those that run beside as init containers', () => {
  const template = {
    spec: {
      containers: [{ name: 'app' }],
      initContainers: [{ name: 'proxy', restartPolicy: 'Always', resources: { limits: { cpu: '1' } } }],
    },
  };
  const given = subject(
    [app, proxy, named('old-name', usage([replica({ length: day, cpu: flat(1), memory: flat(9) })]))],
    [{ ...deployment, spec: { ...deployment.spec, template } }],
  );
  const { spec } = parse(manifest(given)) as { spec: { template: unknown } };
  assert.deepEqual(spec.template, {
    spec: {
      initContainers: [
        {
          name: 'proxy',
          resources: { requests: { cpu: '50m', memory: '40Mi' }, limits: { cpu: null, memory: '44Mi' } },
        },
      ],
      containers: [
        { name: 'app', resources: { requests: { cpu: '250m', memory: '300Mi' }, limits: { memory: '330Mi' } } },
      ],
    },
  });
  assert.deepEqual(
    missingIn(given).map(({ name }) => name),
    ['old-name'],
  );
});

describe('a HorizontalPodAutoscaler keeps its behaviour under another request: T′ = T × R ÷ R′', () => {
  // Of the pod: 600 m now, 300 m advised; of the container app 500 m and 250 m.
  const cases: readonly (readonly [what: string, metric: object, target: number])[] = [
    ['a share of all containers', utilisation(60), 120],
    [
      'a share of one container',
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', container: 'app', target: { type: 'Utilization', averageUtilization: 45 } },
      },
      90,
    ],
  ];
  for (const [what, metric, target] of cases)
    test(what, () => {
      const [change] = hpaChanges(subject([app, proxy], [deployment, hpa([metric])]));
      assert.match(JSON.stringify(change?.object), new RegExp(`"averageUtilization":${target}\\b`));
      assert.match(change?.notes[0] ?? '', /change both together, or replicas jump/);
      if (withoutSchemas === false)
        assert.deepEqual(
          faults(
            change?.object,
            officialCore('apis__autoscaling__v2.json', 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler'),
          ),
          [],
        );
    });

  test('other metrics, and what is no share, stay as they are', () => {
    const metrics = [
      { type: 'Pods', pods: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '30' } } },
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '300m' } } },
    ];
    const [change] = hpaChanges(subject([app, proxy], [deployment, hpa(metrics)]));
    assert.deepEqual(((change ?? assert.fail()).object as { spec: { metrics: unknown } }).spec.metrics, metrics);
    assert.deepEqual(change?.notes, []);
  });

  test('the share of version 1, or of none, is that of CPU', () => {
    const { spec, metadata } = hpa([]) as { spec: object; metadata: object };
    for (const [own, target] of [
      [{ targetCPUUtilizationPercentage: 60 }, 120],
      [{}, 160],
    ] as const) {
      const { metrics: _, ...bare } = { ...spec, metrics: [], ...own };
      const old = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata, spec: bare };
      const given = subject([app, proxy], [deployment, old]);
      const [change] = hpaChanges(given);
      assert.match(JSON.stringify(change?.object), new RegExp(`"averageUtilization":${target}\\b`));
      assert.doesNotMatch(JSON.stringify(change?.object), /targetCPU/);
      assert.match(vpa(given)?.notes[0] ?? '', /^cpu is left to the HorizontalPodAutoscaler/);
    }
  });

  test('where a container requests nothing there is no target to tell', () => {
    const bare = { ...deployment, spec: { template: { spec: { containers: [{ name: 'app' }, { name: 'proxy' }] } } } };
    const [change] = hpaChanges(subject([app, proxy], [bare, hpa([utilisation(60)])]));
    assert.match(JSON.stringify(change?.object), /"averageUtilization":60/);
    assert.match(change?.notes[0] ?? '', /is not known or unset now: no target is told/);
  });

  test('one of another workload has nothing to do with it', () => {
    const other = hpa([utilisation(60)]) as { spec: object };
    const target = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web' };
    const foreign = { ...other, spec: { ...other.spec, scaleTargetRef: target } };
    assert.deepEqual(hpaChanges(subject([app, proxy], [deployment, foreign])), []);
  });

  test('usage that follows the day and is scaled by nothing gets a suggestion', () => {
    const wave = (second: number): number => 0.55 + 0.5 * Math.sin((second / day) * 2 * Math.PI);
    const daily = named('app', usage([replica({ length: 7 * day, step: 5 * minute, cpu: wave, memory: flat(300) })]));
    const suggested = suggestedHpa(subject([daily, proxy]));
    const { spec } = (suggested?.object ?? assert.fail()) as { spec: { minReplicas: number; maxReplicas: number } };
    // 4 × 0.1 cores at the calmest, 4 × 1.09 at the busiest; a replica carries 0.8 × 1.1.
    assert.deepEqual([spec.minReplicas, spec.maxReplicas], [1, 6]);
    assert.equal(suggestedHpa(subject([app, proxy])), null);
    assert.equal(suggestedHpa(subject([daily, proxy], [deployment, hpa([utilisation(60)])])), null);
  });
});

describe('a VerticalPodAutoscaler', { skip: withoutSchemas }, () => {
  const schema = withoutSchemas === false ? officialCrd('vpa', 'autoscaling.k8s.io/v1', 'VerticalPodAutoscaler') : null;
  const check = (object: unknown): void => {
    assert.ok(schema);
    assert.deepEqual(faults(object, schema), []);
  };
  test('fits the official schema, only recommends, within bounds that were seen', () => {
    const made = vpa(subject([app, proxy]));
    check(made?.object);
    const { spec } = (made ?? assert.fail()).object as {
      spec: { updatePolicy: object; resourcePolicy: { containerPolicies: object[] } };
    };
    assert.deepEqual(spec.updatePolicy, { updateMode: 'Off' });
    assert.deepEqual(spec.resourcePolicy.containerPolicies[0], {
      containerName: 'app',
      mode: 'Auto',
      controlledResources: ['cpu', 'memory'],
      controlledValues: 'RequestsOnly',
      minAllowed: { cpu: '250m', memory: '300Mi' },
      maxAllowed: { cpu: '2', memory: '330Mi' },
      startupBoost: { cpu: { type: 'Quantity', quantity: '2', durationSeconds: 180 } },
    });
  });
  test('leaves alone what a HorizontalPodAutoscaler scales by, and memory that leaks', () => {
    const made = vpa(subject([leaking, proxy], [deployment, hpa([utilisation(60)])]));
    check(made?.object);
    const { spec } = (made ?? assert.fail()).object as { spec: { resourcePolicy: { containerPolicies: object[] } } };
    assert.deepEqual(
      spec.resourcePolicy.containerPolicies.map((each) =>
        'controlledResources' in each ? each.controlledResources : each,
      ),
      [{ containerName: 'app', mode: 'Off' }, ['memory']],
    );
    assert.match(made?.notes[0] ?? '', /^cpu is left to the HorizontalPodAutoscaler/);
  });
  test('is not made for what has no kind', () => {
    assert.equal(vpa({ ...subject([app], []), kind: null }), null);
  });
});

test('objects of which several fit, or none, are not known', () => {
  const twice = { ...deployment, metadata: { name: 'web' } };
  const own = known(objectsOf([deployment, twice]), { namespace: 'shop', kind: 'Deployment', name: 'web' });
  assert.deepEqual(own, { kind: 'Deployment', source: null, replicas: null, autoscalers: [] });
  const listed = known(objectsOf([{ apiVersion: 'v1', kind: 'List', items: [deployment] }]), {
    namespace: 'shop',
    kind: null,
    name: 'web',
  });
  assert.deepEqual([listed.kind, listed.replicas], ['Deployment', 4]);
});
