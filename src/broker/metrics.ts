/** What Prometheus reads. No label names a workload, a node or a person. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  readonly requests: Counter<'operation' | 'code'>;
  readonly seconds: Histogram<'operation'>;
  readonly observations: Counter<'known'>;
  readonly unverifiedPods: Counter;
  readonly auditEvents: Counter<'kept'>;
  readonly expiredRuns: Counter;
  readonly expiredUses: Counter;
  readonly databaseUp: Gauge;
}

export function metrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    requests: new Counter({
      name: 'kguardian_broker_requests_total',
      help: 'Requests by operation and status code',
      labelNames: ['operation', 'code'],
      registers,
    }),
    seconds: new Histogram({
      name: 'kguardian_broker_request_seconds',
      help: 'From the first byte of the request to the last of the answer',
      labelNames: ['operation'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    }),
    observations: new Counter({
      name: 'kguardian_broker_rows_total',
      help: 'Rows that agents sent, by whether they said something new',
      labelNames: ['known'],
      registers,
    }),
    unverifiedPods: new Counter({
      name: 'kguardian_broker_unverified_pods_total',
      help: 'Reported pods that the API server did not know any more',
      registers,
    }),
    auditEvents: new Counter({
      name: 'kguardian_broker_audit_events_total',
      help: 'Events of the audit webhook, by whether they are evidence that is kept',
      labelNames: ['kept'],
      registers,
    }),
    expiredUses: new Counter({
      name: 'kguardian_broker_expired_api_uses_total',
      help: 'Rights used through the API server that retention removed',
      registers,
    }),
    expiredRuns: new Counter({
      name: 'kguardian_broker_expired_runs_total',
      help: 'Runs that retention removed',
      registers,
    }),
    databaseUp: new Gauge({
      name: 'kguardian_broker_database_up',
      help: '1 when the database answered the last time it was asked',
      registers,
    }),
  };
}
