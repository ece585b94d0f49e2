/** Istio's own counters as the only evidence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fold } from '#baseline/fold.ts';
import { recordingOfMetrics } from '#imports/mesh-metrics.ts';
import { generateProved } from '#proof/generate.ts';
import { objectsOf } from '../documents.ts';
import { cluster } from '../mesh.cases.ts';
import { istio } from './index.ts';

function series(source: string, tls: 'mutual_tls' | 'none'): string {
  const labels = {
    reporter: 'destination',
    source_workload: source,
    source_workload_namespace: source === 'prometheus' ? 'monitoring' : 'shop',
    source_principal: tls === 'none' ? 'unknown' : `spiffe://cluster.local/ns/shop/sa/${source}`,
    destination_workload: 'api',
    destination_workload_namespace: 'shop',
    destination_service_name: 'api',
    destination_service_namespace: 'shop',
    connection_security_policy: tls,
  };
  const text = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `istio_requests_total{${text.join()}} 4\n`;
}

function kindsOf(text: string): string[] {
  const { recording } = recordingOfMetrics(text, cluster, 1_790_000_000_000);
  const options = istio.options.parse({ mode: 'enforce' });
  const made = generateProved(istio, { baselines: fold([recording]), cluster }, options, [recording]);
  assert.equal(made.type, 'proved', JSON.stringify(made));
  if (made.type !== 'proved') return [];
  assert.match(made.artifacts[0]?.artifact.text ?? '', /Deployment shop\/web, identity seen by the mesh/);
  return made.artifacts.flatMap(({ artifact }) =>
    objectsOf(artifact.text).map(({ object }) => (object as { kind: string }).kind),
  );
}

test('where all calls were counted with mutual TLS, it is asked for', () => {
  assert.deepEqual(kindsOf(series('web', 'mutual_tls')), ['AuthorizationPolicy', 'PeerAuthentication']);
});

test('one client without it, and it is not', () => {
  assert.deepEqual(kindsOf(series('web', 'mutual_tls') + series('prometheus', 'none')), ['AuthorizationPolicy']);
});
