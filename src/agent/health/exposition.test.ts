import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { exposition } from './exposition.ts';
import { serveHealth } from './server.ts';

test('metrics as Prometheus reads them, whatever stands in a label', () => {
  const text = exposition([
    { name: 'a_total', help: 'Counts.', type: 'counter', samples: [{ value: 3 }] },
    {
      name: 'b',
      help: 'Has labels.',
      type: 'gauge',
      samples: [{ labels: { x: 'quo"te\\back\nline', y: '' }, value: 0.5 }],
    },
    { name: 'c', help: 'Empty.', type: 'gauge', samples: [] },
  ]);
  assert.equal(
    text,
    [
      '# HELP a_total Counts.',
      '# TYPE a_total counter',
      'a_total 3',
      '# HELP b Has labels.',
      '# TYPE b gauge',
      'b{x="quo\\"te\\\\back\\nline",y=""} 0.5',
      '# HELP c Empty.',
      '# TYPE c gauge',
      '',
    ].join('\n'),
  );
});

test('health is told with its reason', async () => {
  let unwell: string | null = null;
  const server = await serveHealth(
    { metrics: () => [], unwell: () => unwell, unready: () => 'lists are read' },
    '127.0.0.1',
    0,
  );
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const ask = async (path: string, method = 'GET'): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${address.port}${path}`, { method });
    return `${answer.status} ${(await answer.text()).trim()}`;
  };
  assert.equal(await ask('/healthz'), '200 ok');
  unwell = 'nobody listens';
  assert.equal(await ask('/healthz'), '503 nobody listens');
  assert.equal(await ask('/readyz?verbose'), '503 lists are read');
  assert.equal(await ask('/metrics'), '200 ');
  assert.match(await ask('/'), /^404 /);
  assert.match(await ask('/metrics', 'POST'), /^405 /);
});
