/** `kguardian broker`: starts it, keeps it in order, ends it when told to. */
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Logger, pino } from 'pino';
import { gate, openGate } from './access/gate.ts';
import { ownPods } from './access/own-pods.ts';
import type { Reviews } from './access/reviews.ts';
import { apiServerAudits } from './audits/api-server-audits.ts';
import { keepAudits } from './audits/keep.ts';
import type { Context } from './http/context.ts';
import { limits } from './http/limits.ts';
import { server } from './http/server.ts';
import { turns } from './http/turns.ts';
import { metrics } from './metrics.ts';
import { keepingTime } from './timers.ts';
import { expireUses } from './storage/api-uses.ts';
import { expire } from './storage/retention.ts';
import { closeStorage, migrate, openStorage, ping, type Storage, StorageTrouble } from './storage/storage.ts';
import { fingerprint, readTls, selfSigned, type TlsFiles, watchTls } from './tls.ts';

export interface BrokerOptions {
  readonly host: string;
  readonly port: number;
  /** A file's path, or `postgres://…`. */
  readonly database: string;
  /** As its agents report it; null for the name that they take by themselves. */
  readonly cluster: string | null;
  readonly retentionMs: number;
  readonly resolutionMs: number;
  readonly requestsPerMinute: number;
  readonly tls: TlsFiles | null;
  /** Null: no tokens and no TLS, for this machine alone. */
  readonly access: { readonly audience: string; readonly kubeconfig?: string } | null;
  /** How often PolicyAudits are brought up to date; null: they are nobody's. */
  readonly policyAuditsMs: number | null;
  readonly version: string;
  readonly logLevel: string;
}

/** Resolves when it has ended. Throws when it cannot start. */
export async function serve(options: BrokerOptions, signal: AbortSignal): Promise<void> {
  const log = pino(
    { level: options.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  );
  const storage = openStorage(options.database, {
    resolutionMs: options.resolutionMs,
    onIdleError: ({ message }) => log.warn({ reason: message }, 'a connection to the database broke'),
  });
  try {
    await serveFrom(storage, options, log, signal);
  } finally {
    // Its thread would keep the process from ending.
    await closeStorage(storage);
  }
  log.info('ended');
}

async function serveFrom(storage: Storage, options: BrokerOptions, log: Logger, signal: AbortSignal): Promise<void> {
  const { version, access } = options;
  // A file that cannot be opened is a mistake of who starts us; a server that is away comes back.
  if (storage.engine.name === 'sqlite') await migrate(storage);
  const reviews =
    access === null ? null : await (await import('./access/api-server-reviews.ts')).apiServerReviews(access.kubeconfig);
  const cluster = options.cluster ?? (await nameOfCluster(reviews));
  const context: Context = {
    storage,
    gate: reviews === null || access === null ? openGate : gate(reviews, access.audience),
    ownPods: reviews === null ? null : ownPods(reviews, cluster),
    cluster: reviews === null ? null : cluster,
    uploads: turns(4, 32),
    auditEvents: turns(1, 8),
    metrics: metrics(),
    log,
    by: `kguardian broker ${version}`,
    version,
    now: () => Date.now(),
  };
  const tls = access === null ? null : options.tls === null ? await selfSigned() : readTls(options.tls);
  const app = server(context, limits(options.requestsPerMinute), tls);
  if (tls !== null && options.tls === null) {
    log.warn(
      { sha256: fingerprint(tls) },
      'made a certificate for this run; give --tls-cert and --tls-key a lasting one',
    );
  }
  await app.listen({ host: options.host, port: options.port });
  const { address, port } = app.server.address() as AddressInfo;
  const where = `${tls === null ? 'http' : 'https'}://${address.includes(':') ? `[${address}]` : address}:${port}`;
  log.info({ where, cluster, database: storage.engine.name, version }, 'listening');
  if (access === null) log.warn('no tokens and no TLS: whoever reaches this address may read and write everything');
  const audits =
    access === null || options.policyAuditsMs === null
      ? []
      : [keepAudits(context, await apiServerAudits(access.kubeconfig), options.policyAuditsMs)];
  const stops = [
    ...audits,
    keepMigrated(context),
    keepingTime(
      { everyMs: 3_600_000, againMs: 60_000 },
      async () => {
        const runs = await expire(storage, context.now() - options.retentionMs);
        context.metrics.expiredRuns.inc(runs);
        context.metrics.expiredUses.inc(await expireUses(storage, context.now() - options.retentionMs));
        if (runs > 0) log.info({ runs }, 'retention removed what was old');
      },
      (error) => log.error({ reason: error.message }, 'retention failed; it is tried again in a minute'),
    ),
    ...(options.tls === null ? [] : [keepCertificate(context, app.server as Server, options.tls)]),
  ];
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  for (const stop of stops) stop();
  await app.close();
}

async function nameOfCluster(reviews: Reviews | null): Promise<string> {
  if (reviews === null) return 'any';
  try {
    return await reviews.clusterName();
  } catch (error) {
    throw new Error(
      `cannot ask the API server for the uid of its namespace kube-system: ${(error as Error).message}; name the cluster with --cluster`,
      { cause: error },
    );
  }
}

/** Until the tables are there, and from then on whether the database answers, told when that changes. */
function keepMigrated({ storage, log, metrics: { databaseUp } }: Context): () => void {
  let up: boolean | null = null;
  let migrated = storage.engine.name === 'sqlite';
  return keepingTime(
    { everyMs: 5000, againMs: 1000 },
    async () => {
      if (!migrated) await migrate(storage);
      migrated = true;
      await ping(storage);
      databaseUp.set(1);
      if (up === false) log.info('the database answers again');
      up = true;
    },
    (error) => {
      databaseUp.set(0);
      if (up !== false)
        log.error(
          { reason: error.message, trouble: error instanceof StorageTrouble ? error.trouble : null },
          'the database does not answer; waiting for it',
        );
      up = false;
    },
  );
}

function keepCertificate({ log }: Context, https: Server, files: TlsFiles): () => void {
  return watchTls(files, () => {
    try {
      const tls = readTls(files);
      https.setSecureContext({ ...tls, minVersion: 'TLSv1.2' });
      log.info({ sha256: fingerprint(tls) }, 'read the certificate again');
    } catch (error) {
      // One file may be newer than the other for a moment: the next look finds both.
      log.error({ reason: (error as Error).message }, 'cannot use the changed certificate; keeping the one before');
    }
  });
}
