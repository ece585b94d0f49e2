/** Fixes are judged again: over every pod of the tables and of upstream, and against what was observed. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { audit } from '../audit.ts';
import type { Behaviour, Observed } from '../behaviour.ts';
import { defaulted } from '../defaults.ts';
import { violations } from '../evaluate.ts';
import { type Level, newestMinor } from '../level.ts';
import { readPod } from '../pod.ts';
import { cases, good } from '../versions.cases.ts';
import { plan } from './plan.ts';

const suites = fileURLToPath(new URL('../../../../../shared/suites/pss-sample.jsonl', import.meta.url));
const nobody: Observed = new Map();
const none = { seen: [], all: true };
/** Watched from its start, and seen to do nothing of note. */
const quiet: Behaviour = {
  uids: { seen: [1000], all: true },
  programs: { seen: ['/app'], all: true },
  capabilities: none,
  listens: none,
  files: none,
  outside: none,
};
const app = (behaviour: Partial<Behaviour>): Observed => new Map([['app', { ...quiet, ...behaviour }]]);

/** What is refused still must have a remedy that says why no field helps. */
function check(pod: unknown, level: Level, minor: number, title: string): void {
  const before = structuredClone(pod);
  const way = plan(pod, level, minor, nobody);
  assert.deepEqual(pod, before, `${title}: the pod itself stays`);
  assert.deepEqual(way.left, violations(defaulted(readPod(way.pod)), level, minor), title);
  for (const violation of way.left) {
    const remedies = way.remedies.filter((each) => each.check === violation.check);
    assert.ok(
      remedies.some(({ changes }) => changes.length === 0),
      `${title}: ${violation.check} is left without a reason`,
    );
  }
}

test('a fixed pod is compliant or says why not, at every version', () => {
  for (const { what, change } of cases)
    for (const level of ['baseline', 'restricted'] as const)
      for (let minor = 0; minor <= newestMinor; minor += 1) {
        const pod = structuredClone(good);
        change(pod);
        check(pod, level, minor, `${what} at ${level} v1.${minor}`);
      }
});

test("upstream's pods that are refused become compliant, or say why not", {
  skip: existsSync(suites) ? false : '../shared is not beside the checkout',
}, () => {
  let compliant = 0;
  for (const line of readFileSync(suites, 'utf8')
    .split('\n')
    .filter((each) => each !== '')) {
    const { id, level, version, expect, pod } = JSON.parse(line) as Record<string, string>;
    if (expect !== 'fail') continue;
    check(pod, level as Level, Number(version?.slice(3)), String(id));
    compliant += plan(pod, level as Level, Number(version?.slice(3)), nobody).left.length === 0 ? 1 : 0;
  }
  assert.ok(compliant > 0);
});

test('a pod that passes is not changed', () => {
  const way = plan(good, 'restricted', 'latest', nobody);
  assert.equal(way.pod, good);
  assert.deepEqual(way.remedies, []);
});

const bare = { spec: { containers: [{ name: 'app' }] } };
const remedy = (observed: Observed, id: string, pod: unknown = bare): string => {
  const found = audit(pod, 'restricted', 'latest', observed).plan.remedies.find(({ check }) => check === id);
  assert.ok(found !== undefined, id);
  return `${found.effect.type}: ${found.effect.why}`;
};

test('what was observed says whether a fix would break the workload', () => {
  const root = { seen: [0], all: true };
  const chown = { seen: ['CAP_CHOWN'], all: true };
  const mounting = (source: string): unknown => ({
    spec: {
      containers: [{ name: 'app', volumeMounts: [{ name: 'v', mountPath: '/data' }] }],
      volumes: [{ name: 'v', [source]: {} }],
    },
  });
  const touched = { seen: [{ path: '/data/x', written: true, device: false }], all: true };
  for (const [observed, id, pod, expected] of [
    [nobody, 'runAsNonRoot', bare, 'unknown: nobody watched as whom it runs'],
    [app({}), 'runAsNonRoot', bare, 'safe: ran as uid 1000'],
    [app({ uids: { seen: [1000], all: false } }), 'runAsNonRoot', bare, 'unknown: nobody watched as whom it runs'],
    [app({ uids: root, capabilities: chown }), 'runAsNonRoot', bare, 'breaks: ran as uid 0 and used CAP_CHOWN'],
    [app({ capabilities: chown }), 'capabilities_restricted', bare, 'breaks: used CAP_CHOWN'],
    [app({}), 'capabilities_restricted', bare, 'safe: used no capability'],
    [
      app({ capabilities: { seen: [], all: false } }),
      'capabilities_restricted',
      bare,
      'unknown: its use of capabilities was not watched',
    ],
    [app({}), 'allowPrivilegeEscalation', bare, 'safe: ran without root and used no capability'],
    [
      app({ programs: { seen: ['/usr/bin/sudo'], all: true } }),
      'allowPrivilegeEscalation',
      bare,
      'breaks: ran /usr/bin/sudo',
    ],
    [app({ uids: none, programs: none }), 'allowPrivilegeEscalation', bare, 'unknown: nothing that was recorded tells'],
    [app({ uids: none, programs: none }), 'runAsNonRoot', bare, 'unknown: nobody watched as whom it runs'],
    [
      app({ uids: root, capabilities: chown }),
      'allowPrivilegeEscalation',
      bare,
      'safe: each program was started by root, who gains nothing',
    ],
    [
      app({ capabilities: { seen: ['CAP_NET_BIND_SERVICE'], all: true } }),
      'capabilities_restricted',
      bare,
      'safe: used CAP_NET_BIND_SERVICE alone',
    ],
    [app({ files: touched }), 'restrictedVolumes', mounting('hostPath'), 'breaks: wrote /data/x'],
    [app({}), 'restrictedVolumes', mounting('nfs'), 'safe: nothing below /data was used'],
    [
      app({ outside: { seen: ['sent signal 1'], all: true } }),
      'hostNamespaces',
      { spec: { hostPID: true, containers: [{ name: 'app' }] } },
      'breaks: sent signal 1 outside of the container',
    ],
    [
      app({ listens: { seen: [{ ip: '127.0.0.1', port: 8080 }], all: true } }),
      'hostProbesAndHostLifecycle',
      { spec: { containers: [{ name: 'app', livenessProbe: { httpGet: { host: '127.0.0.1' } } }] } },
      'breaks: listens on the loopback address alone',
    ],
    [
      app({ files: { seen: [{ path: '/dev/kvm', written: true, device: true }], all: true } }),
      'privileged',
      { spec: { containers: [{ name: 'app', securityContext: { privileged: true } }] } },
      'breaks: used /dev/kvm',
    ],
  ] as const)
    assert.equal(remedy(observed, id, pod), expected);
});

test('the recommended level is the strictest that the behaviour allows', () => {
  const level = (observed: Observed, pod: unknown = bare): string =>
    audit(pod, 'restricted', 'latest', observed).recommended.level;
  const host = { spec: { hostPID: true, containers: [{ name: 'app' }] } };
  assert.equal(level(nobody), 'restricted');
  assert.equal(level(app({})), 'restricted');
  assert.equal(level(app({ uids: { seen: [0], all: true } })), 'baseline');
  assert.equal(level(app({ outside: { seen: ['traced'], all: true } }), host), 'privileged');
  const volume = { spec: { containers: [], volumes: [{ name: 'v', hostPath: {} }] } };
  assert.equal(
    level(nobody, {
      spec: { ...volume.spec, containers: [{ name: 'app', volumeMounts: [{ name: 'v', mountPath: '/h' }] }] },
    }),
    'privileged',
  );
});

test('what binds a low port keeps the right to, and the user that was seen is written down', () => {
  const { pod, left } = plan(
    bare,
    'restricted',
    'latest',
    app({ listens: { seen: [{ ip: '::', port: 80 }], all: true } }),
  );
  assert.deepEqual(left, []);
  assert.deepEqual(pod, {
    spec: {
      containers: [
        {
          name: 'app',
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
            runAsUser: 1000,
          },
        },
      ],
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    },
  });
});
