/** A real nginx, its files in one folder of ours, and a visitor who makes it do its everyday work. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Nginx {
  readonly folder: string;
  readonly port: number;
  readonly argv: readonly [string, ...string[]];
}

/** Writes configuration and pages into `folder`, for a port that is free now. Nothing is started. */
export async function prepareNginx(folder: string): Promise<Nginx> {
  const port = await freePort();
  // Workers run as another user.
  await chmod(folder, 0o755);
  for (const each of ['www/docs', 'logs', 'tmp']) await mkdir(`${folder}/${each}`, { recursive: true });
  await writeFile(`${folder}/www/index.html`, '<!doctype html><title>shop</title><p>hello from the shop\n');
  await writeFile(`${folder}/www/docs/index.html`, '<!doctype html><title>docs</title><p>read me\n');
  await writeFile(`${folder}/www/catalogue.bin`, Buffer.alloc(2 << 20, 'x'));
  await writeFile(`${folder}/nginx.conf`, configuration(folder, port));
  return {
    folder,
    port,
    argv: ['nginx', '-p', folder, '-e', `${folder}/logs/error.log`, '-c', `${folder}/nginx.conf`],
  };
}

function configuration(folder: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `  ${each}_temp_path ${folder}/tmp/${each};`,
  );
  return `daemon off;
worker_processes 2;
pid ${folder}/logs/nginx.pid;
error_log ${folder}/logs/error.log;
events { worker_connections 128; }
http {
  access_log ${folder}/logs/access.log;
  types { text/html html; application/octet-stream bin; }
${temporary.join('\n')}
  sendfile on;
  if_modified_since before;
  gzip on;
  server {
    listen 127.0.0.1:${port};
    root ${folder}/www;
    autoindex on;
    location = /proxied { proxy_pass http://127.0.0.1:${port}/docs/; }
    location /upload { client_body_in_file_only clean; proxy_pass http://127.0.0.1:${port}/; }
  }
}
`;
}

/** Waits until nginx answers. Throws when it does not within `patienceMs`. */
export async function untilServing(nginx: Nginx, patienceMs: number): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const answer = await visit(nginx.port, 'GET', '/').catch(() => null);
    if (answer !== null) return;
    if (performance.now() > until)
      throw new Error(`nginx did not answer on 127.0.0.1:${nginx.port} within ${patienceMs} ms`);
    await sleep(50);
  }
}

type Visit = readonly [
  method: string,
  path: string,
  status: number,
  body?: string | undefined,
  headers?: Record<string, string>,
];
/** What nginx must answer, whether it is confined or not. */
const visits: readonly Visit[] = [
  ['GET', '/', 200],
  ['HEAD', '/', 200],
  ['GET', '/docs/', 200],
  ['GET', '/docs', 301],
  ['GET', '/missing.html', 404],
  ['GET', '/catalogue.bin', 200],
  ['GET', '/catalogue.bin', 206, undefined, { range: 'bytes=100-199' }],
  ['GET', '/index.html', 304, undefined, { 'if-modified-since': new Date(Date.now() + 60_000).toUTCString() }],
  ['GET', '/', 200, undefined, { 'accept-encoding': 'gzip' }],
  ['POST', '/', 405, 'a=b'],
  ['GET', '/proxied', 200],
  ['POST', '/upload', 405, 'u'.repeat(300_000)],
];

/** Pays every visit once; returns how many were answered as expected, and the first that was not. */
export async function visitAll(nginx: Nginx): Promise<{ right: number; of: number; wrong: string | null }> {
  let right = 0;
  let wrong: string | null = null;
  for (const [method, path, status, body, headers] of visits) {
    const answer = await visit(nginx.port, method, path, body, headers).catch((error: Error) => error.message);
    if (answer === status) right += 1;
    else wrong ??= `${method} ${path}: ${answer} instead of ${status}`;
  }
  return { right, of: visits.length, wrong };
}

function visit(
  port: number,
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const call = request({ host: '127.0.0.1', port, method, path, headers, agent: false, timeout: 10_000 });
  call.on('response', (answer: IncomingMessage) => {
    answer.resume();
    answer.on('end', () => resolve(answer.statusCode ?? 0));
    answer.on('error', reject);
  });
  call.on('error', reject);
  call.on('timeout', () => call.destroy(new Error('no answer within 10 s')));
  call.end(body);
  return promise;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.on('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() =>
      typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no free port')),
    );
  });
  return promise;
}
