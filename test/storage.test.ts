/** The storage on both of its engines, the real ones. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { noPostgres, type Postgres, startPostgres } from './postgres.ts';
import { conformance } from './storage-conformance.ts';

conformance(
  'sqlite',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kguardian-storage-'));
    return { database: join(folder, 'broker.db'), remove: () => rmSync(folder, { recursive: true }) };
  },
  false,
);

let started: Promise<Postgres> | undefined;
conformance(
  'postgresql',
  async () => {
    started ??= startPostgres();
    return { database: await (await started).database(), remove: () => undefined };
  },
  noPostgres,
);
after(async () => {
  await (await started)?.close();
});
