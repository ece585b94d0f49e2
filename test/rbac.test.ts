/** `gen rbac` and `audit rbac` on files, as a user runs them. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-rbac-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

let events = 0;
const event = (user: string, verb: string, resource: string, name = '', more: object = {}): string =>
  `${JSON.stringify({
    kind: 'Event',
    auditID: `e-${(events += 1)}`,
    stage: 'ResponseComplete',
    verb,
    requestURI: `/api/v1/namespaces/shop/${resource}${name === '' ? '' : `/${name}`}`,
    user: { username: user, groups: ['system:authenticated', ...(user.startsWith('system:') ? [] : ['devs'])] },
    objectRef: { resource, namespace: 'shop', ...(name === '' ? {} : { name }) },
    requestReceivedTimestamp: '2026-01-01T00:00:00Z',
    annotations: { 'authorization.k8s.io/decision': 'allow' },
    ...more,
  })}\n`;
const app = 'system:serviceaccount:shop:app';
const refused = { annotations: { 'authorization.k8s.io/decision': 'forbid' } };

const log = file(
  'audit.log',
  [
    event(app, 'get', 'configmaps', 'settings'),
    event(app, 'list', 'pods'),
    'not a line of it\n',
    event('alice', 'get', 'pods', 'web-0'),
    event('bob', 'get', 'pods', 'web-0'),
    event('bob', 'list', 'pods'),
    event('alice', 'list', 'pods', '', refused),
    event('system:kube-scheduler', 'list', 'pods'),
  ].join(''),
);
const whole = file('whole.log', readFileSync(log, 'utf8').replace('not a line of it\n', ''));

const rolesText = `# what the team runs with
apiVersion: v1
kind: ConfigMap
metadata: {name: x}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app, namespace: shop}
rules:
- {verbs: [get], apiGroups: [''], resources: [configmaps], resourceNames: [settings]}
- verbs: ['*']
  apiGroups: ['']
  resources: [secrets]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}
subjects: [{kind: ServiceAccount, name: app}]
`;
const roles = file('roles.yaml', rolesText);

test('people are listed and nothing is written for them until somebody says so', async () => {
  const { code, stdout, stderr } = await run(['gen', 'rbac', '--audit-log', whole]);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stdout, /alice|bob|scheduler/);
  assert.match(stderr, /nothing was written for 2 people .*:\n {2}alice: 2 different rights, of devs\n {2}bob: 2/);
  const people = await run(['gen', 'rbac', '--audit-log', whole, '--people']);
  assert.match(people.stdout, /kind: User\n/);
  assert.doesNotMatch(people.stdout, /scheduler/);
});

test('a group gets what its members used, but for what one of them was refused', async () => {
  const { code, stdout, stderr } = await run(['gen', 'rbac', '--audit-log', whole, '--group', 'devs']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /- kind: Group\n {2}apiGroup: rbac.authorization.k8s.io\n {2}name: devs/);
  assert.match(stdout, /- web-0\n {2}verbs:\n {2}- get/);
  assert.doesNotMatch(stdout, /- list/);
  assert.match(stderr, /is not granted by the group, since alice was refused it: list pods in shop by bob/);
  const nobody = await run(['gen', 'rbac', '--audit-log', whole, '--group', 'ops']);
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /nothing of group "ops" was seen/);
});

test('informers: who lists may watch when that is asked for, and it is told', async () => {
  const plain = await run(['gen', 'rbac', 'app', '--audit-log', whole]);
  assert.doesNotMatch(plain.stdout, /watch/);
  const widened = await run(['gen', 'rbac', 'sa/app', '--audit-log', whole, '--widen', 'informers']);
  assert.match(widened.stdout, /- list\n {2}- watch/);
  assert.match(widened.stderr, /is granted for informers, and was not seen: watch pods in shop/);
});

test('a broken line is told by its number, the rest is done, and the exit code says so', async () => {
  const place = join(folder, 'out');
  const { code, stderr } = await run(['gen', 'rbac', '--audit-log', log, '--output-dir', place]);
  assert.equal(code, 2);
  assert.match(stderr, /audit\.log:3: not JSON; passed over/);
  assert.deepEqual(readdirSync(place), ['system-serviceaccount-shop-app-rbac.yaml']);
  // What nobody was seen to use may stand in the line that could not be read.
  assert.equal((await run(['gen', 'rbac', 'nobody', '--audit-log', log])).code, 2);
  assert.equal((await run(['gen', 'rbac', 'nobody', '--audit-log', whole])).code, 1);
});

test('a log on standard input, without an end of line, in CRLF, is the same log', async () => {
  const text = readFileSync(whole, 'utf8');
  const outputs = await Promise.all([
    run(['gen', 'rbac', '--audit-log', whole]),
    run(['gen', 'rbac', '--audit-log', '-'], { input: text.trimEnd() }),
    run(['gen', 'rbac', '--audit-log', '-'], { input: text.replaceAll('\n', '\r\n') }),
    run(['gen', 'rbac', '--audit-log', whole, '--audit-log', whole]),
  ]);
  assert.equal(new Set(outputs.map(({ stdout }) => stdout)).size, 1);
  assert.ok(outputs.every(({ code }) => code === 0));
});

test('audit: the table has the worst first, what is enough beside, and the story on standard error', async () => {
  const { code, stdout, stderr } = await run(['audit', 'rbac', '--rbac', roles, '--audit-log', whole]);
  assert.equal(code, 0, stderr);
  const [heads = '', ...rows] = stdout.trimEnd().split('\n');
  assert.match(heads, /^SUBJECT +RISK +WHERE +GRANTED +USED +SMALLER +BY$/);
  assert.match(
    rows[0] ?? '',
    /^ServiceAccount shop\/app +secrets, wildcard +shop +\* secrets +never +nothing +RoleBinding shop\/app of Role shop\/app, rules\[1\]$/,
  );
  assert.match(rows[1] ?? '', / - +shop +get configmaps "settings" +whole +the same /);
  assert.match(
    stderr,
    /2 granted rules: 1 wholly used, 0 partly, 1 never, 0 not known; 1 carry a risk, 1 of them never/,
  );
});

test('audit: without a log risks are told and usage is not known', async () => {
  const { code, stdout, stderr } = await run(['audit', 'rbac', '--rbac', roles]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /not known: no log/);
  assert.doesNotMatch(stdout, /never/);
  assert.match(stderr, /what was used is not known: give --audit-log FILE, or --broker URL/);
});

test('audit: --fail-on says no with 1; a document that cannot be read is told with its line, and is 2', async () => {
  const audit = async (...more: string[]): Promise<number | null> =>
    (await run(['audit', 'rbac', '--rbac', roles, '--audit-log', whole, ...more])).code;
  assert.equal(await audit('--fail-on', 'risk'), 1);
  assert.equal(await audit('--fail-on', 'unused'), 1);
  assert.equal(await audit('--fail-on', 'unused-risk'), 1);
  const used = file('used.yaml', rolesText.replace(/- verbs: \['\*'\]\n.*\n.*\n/, ''));
  for (const finding of ['risk', 'unused', 'unused-risk'])
    assert.equal((await run(['audit', 'rbac', '--rbac', used, '--audit-log', whole, '--fail-on', finding])).code, 0);
  // Whether all is used cannot be said without a log.
  assert.equal((await run(['audit', 'rbac', '--rbac', used, '--fail-on', 'unused'])).code, 1);
  const broken = file('broken.yaml', `${rolesText}---\nkind: Role\nmetadata: {name: [a\n`);
  const { code, stdout, stderr } = await run(['audit', 'rbac', '--rbac', broken, '--audit-log', whole]);
  assert.equal(code, 2);
  assert.match(stderr, /broken\.yaml:2\d: /);
  assert.match(stdout, /secrets/);
});

test('audit: JSON, YAML and SARIF say the same; SARIF stands on the line of the rule', async () => {
  const as = async (output: string): Promise<string> =>
    (await run(['audit', 'rbac', '--rbac', roles, '--audit-log', whole, '-o', output])).stdout;
  const { rules } = JSON.parse(await as('json')) as { rules: Record<string, unknown>[] };
  assert.deepEqual(
    rules.map(({ usage, lastUsed, smaller }) => [usage, lastUsed, smaller]),
    [
      ['never', null, []],
      [
        'whole',
        '2026-01-01T00:00:00.000Z',
        [
          {
            namespace: 'shop',
            rules: [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['settings'] }],
          },
        ],
      ],
    ],
  );
  assert.match(await as('yaml'), /^rules:\n {2}- subject:\n {6}kind: ServiceAccount\n/);
  const sarif = JSON.parse(await as('sarif')) as {
    runs: { results: { ruleId: string; locations: { physicalLocation: object }[] }[] }[];
  };
  assert.deepEqual(
    sarif.runs[0]?.results.map(({ ruleId, locations }) => [ruleId, locations[0]?.physicalLocation]),
    [['secrets', { artifactLocation: { uri: roles }, region: { startLine: 11 } }]],
  );
});

test('names that a log or a manifest carries are shown, not obeyed', async () => {
  const evil = '\u001b[2Jsystem:x\n- injected: true';
  const hostile = file('hostile.log', event(evil, 'get', 'configmaps', 'a', { user: { username: evil } }));
  const { code, stdout, stderr } = await run(['gen', 'rbac', '--audit-log', hostile, '--subject', evil]);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stdout + stderr, new RegExp(String.fromCharCode(27)));
  assert.doesNotMatch(stdout, /^- injected/m);
});
