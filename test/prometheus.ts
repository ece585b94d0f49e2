/** A Prometheus of Debian's package for tests: with the samples that the test gives, in a temporary folder, on loopback. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const ran = promisify(execFile);
const server = '/usr/bin/prometheus';
export const noPrometheus = existsSync(server) ? false : "Debian's package prometheus is not installed";

export interface Exposed {
  /** `container_memory_working_set_bytes`; one that ends in `_total` is a counter. */
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [at: number, value: number])[];
}

export interface Prometheus {
  /** With the path under which its API lies. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startPrometheus(exposed: readonly Exposed[]): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-prometheus-'));
  const data = join(folder, 'data');
  writeFileSync(join(folder, 'metrics'), openMetrics(exposed));
  writeFileSync(join(folder, 'config.yml'), 'scrape_configs: []\n');
  await ran('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'metrics'), data]);
  const port = await freePort();
  const child = spawn(
    server,
    [
      `--config.file=${join(folder, 'config.yml')}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.route-prefix=/prometheus',
      '--storage.tsdb.retention.time=30d',
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = `http://127.0.0.1:${port}/prometheus`;
  for (let attempt = 0; !(await answers(`${url}/-/ready`)); attempt += 1) {
    if (attempt === 100 || child.exitCode !== null) throw new Error('prometheus does not start');
    await sleep(100);
  }
  return {
    url,
    async close() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** The text form that promtool reads: a metric's samples stand together, each series in the order of time. */
function openMetrics(exposed: readonly Exposed[]): string {
  const byMetric = Map.groupBy(exposed, ({ metric }) => metric);
  const text = [...byMetric].map(([metric, all]) => {
    const family = metric.replace(/_total$/, '');
    const lines = all.flatMap(({ labels, samples }) => {
      const written = Object.entries(labels)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(',');
      return samples.map(([at, value]) => `${metric}{${written}} ${value} ${at}\n`);
    });
    return `# TYPE ${family} ${family === metric ? 'gauge' : 'counter'}\n${lines.join('')}`;
  });
  return `${text.join('')}# EOF\n`;
}

function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const probe = createServer();
  probe.once('error', reject);
  probe.listen(0, '127.0.0.1', () => {
    const address = probe.address();
    probe.close(() =>
      typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
    );
  });
  return promise;
}
