import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probesOf } from './probes.ts';

test('ports by number, text and name; paths of HTTP alone; commands are no connection', () => {
  const web = {
    ports: [{ name: 'http', containerPort: 8080 }],
    livenessProbe: { httpGet: { path: '/live', port: 'http' } },
    readinessProbe: { httpGet: { port: 8080 } },
    startupProbe: { exec: { command: ['true'] } },
  };
  const db = { livenessProbe: { tcpSocket: { port: '5432' } }, readinessProbe: { grpc: { port: 9000 } } };
  const own = { startupProbe: { tcpSocket: { port: 'gone' } }, livenessProbe: { httpGet: { path: 'a', port: 81 } } };
  assert.deepEqual(probesOf({ containers: [web, db], initContainers: [own] }), [
    { port: 81, path: '/a' },
    { port: 5432 },
    { port: 8080, path: '/' },
    { port: 8080, path: '/live' },
    { port: 9000 },
  ]);
});

test('a pod without probes has none', () => assert.deepEqual(probesOf({ containers: [{}] }), []));
