/** Real programs, how to start each in the lab's root file system, and what shows that it does its work. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Workload {
  readonly name: string;
  readonly argv: readonly string[];
  /** More flags of oci-run. */
  readonly flags: readonly string[];
  /** Throws when the program does not do its work. For what runs to its end: gets its output. */
  readonly smoke:
    | { readonly type: 'server'; check(ip: string, patienceMs: number): Promise<void> }
    | { readonly type: 'command'; readonly output: string };
  /**
   * Shell that succeeds when it does other work of its kind too, which nobody recorded: other requests, a reload, a
   * rotation. `$ip` is its address, `$pid` its first process. What runs to its end has none.
   */
  readonly second?: string;
  /** A call without which it cannot do its work, and which the runtime does not need. */
  readonly vital: string;
}

/** Builds what is built from source, into `folder`. */
export function workloads(folder: string): Workload[] {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/server.go`, goServer);
  execFileSync('go', ['build', '-o', `${folder}/go-server`, `${folder}/server.go`], {
    env: {
      ...process.env,
      CGO_ENABLED: '0',
      GOCACHE: `${folder}/go-cache`,
      GO111MODULE: 'off',
      GOPATH: `${folder}/go`,
    },
  });
  writeFileSync(`${folder}/static.c`, staticProgram);
  execFileSync('gcc', ['-static', '-O1', '-o', `${folder}/static`, `${folder}/static.c`]);
  const mine = ['--bind', `${folder}:/srv:ro`];
  const http = (port: number, path: string, wanted: string) => ({
    type: 'server' as const,
    check: (ip: string, patienceMs: number) => answers(`http://${ip}:${port}${path}`, wanted, patienceMs),
  });
  return [
    {
      name: 'nginx',
      argv: ['nginx', '-g', 'daemon off;'],
      flags: [],
      smoke: http(80, '/', 'hello from the lab'),
      second:
        'curl -s -m 5 http://$ip/no-such-page | grep 404 && kill -HUP $pid && sleep 3 && kill -USR1 $pid && sleep 3 && curl -sf -m 5 http://$ip/index.html | grep hello',
      vital: 'accept4',
    },
    {
      name: 'redis',
      argv: ['redis-server', '--bind', '0.0.0.0', '--protected-mode', 'no'],
      flags: ['--cwd', '/tmp'],
      smoke: { type: 'server', check: redis },
      second:
        'redis-cli -h $ip set other thing | grep OK && redis-cli -h $ip save | grep OK && redis-cli -h $ip get other | grep thing',
      vital: 'listen',
    },
    {
      name: 'postgres',
      argv: ['sh', '-c', startPostgres],
      flags: ['--user', '101:103'],
      smoke: { type: 'server', check: postgres },
      second:
        'psql -h $ip -U postgres -qc "create database other" && psql -h $ip -U postgres -d other -Atqc "create table t as select generate_series(1, 1000) n; checkpoint; select sum(n) from t" | grep 500500 && kill -HUP $pid && sleep 2 && psql -h $ip -U postgres -d other -Atc "select count(*) from t" | grep 1000',
      vital: 'shmget',
    },
    {
      name: 'python3',
      argv: ['python3', '-m', 'http.server', '8000', '--directory', '/var/www/html'],
      flags: [],
      smoke: http(8000, '/index.html', 'hello from the lab'),
      second: 'curl -s -m 5 http://$ip:8000/no-such-page | grep 404 && curl -sf -m 5 http://$ip:8000/ | grep hello',
      vital: 'bind',
    },
    {
      name: 'node',
      argv: ['node', '-e', nodeServer],
      flags: [],
      smoke: http(8001, '/', 'from node'),
      second:
        'curl -sf -m 5 http://$ip:8001/other | grep "from node" && curl -sf -m 5 -d x=y http://$ip:8001/ | grep "from node"',
      vital: 'epoll_create1',
    },
    {
      name: 'go',
      argv: ['/srv/go-server'],
      flags: mine,
      smoke: http(8002, '/', 'from go'),
      second: 'curl -sf -m 5 http://$ip:8002/other | grep "from go"',
      vital: 'accept4',
    },
    {
      name: 'static',
      argv: ['/srv/static'],
      flags: mine,
      smoke: { type: 'command', output: 'pipe says 42\n' },
      vital: 'pipe2',
    },
    {
      name: 'shell',
      argv: [
        'sh',
        '-c',
        'ls -d /etc /usr | sort -r | sed s,/,,g | tr "\\n" " "; date -d @0 -u +%Y > /tmp/y; cat /tmp/y',
      ],
      flags: [],
      smoke: { type: 'command', output: 'usr etc 1970\n' },
      vital: 'wait4',
    },
  ];
}

const startPostgres = `set -e; export PGDATA=/tmp/pg PATH=/usr/lib/postgresql/15/bin:$PATH
initdb -A trust -U postgres >/dev/null
echo 'host all all 0.0.0.0/0 trust' >>$PGDATA/pg_hba.conf
exec postgres -h 0.0.0.0 -k /tmp`;

const nodeServer = `require('http').createServer((q, a) => require('fs').readFile('/etc/hostname', () => a.end('from node'))).listen(8001)`;

const goServer = `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name, _ := os.ReadFile("/etc/hostname")
		fmt.Fprintf(w, "from go, %d bytes", len(name))
	})
	panic(http.ListenAndServe(":8002", nil))
}
`;

const staticProgram = `#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	int ends[2], answer = 0;

	if (pipe2(ends, O_CLOEXEC))
		return 1;
	if (!fork()) {
		answer = 42;
		_exit(write(ends[1], &answer, sizeof(answer)) != sizeof(answer));
	}
	if (read(ends[0], &answer, sizeof(answer)) != sizeof(answer) || wait(NULL) < 0)
		return 1;
	printf("pipe says %d\\n", answer);
	return 0;
}
`;

/** Tries until it holds: a server needs a moment to start. */
async function soon(patienceMs: number, check: () => Promise<void>): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > until) throw error;
      await sleep(50);
    }
  }
}

async function answers(url: string, wanted: string, patienceMs: number): Promise<void> {
  await soon(patienceMs, async () => {
    const { stdout } = await run('curl', ['-sS', '--max-time', '2', url]);
    if (!stdout.includes(wanted)) throw new Error(`${url} answered ${JSON.stringify(stdout.slice(0, 200))}`);
  });
}

async function redis(ip: string, patienceMs: number): Promise<void> {
  await soon(patienceMs, async () => {
    const said = await talk(ip, 6379, 'SET key value\r\nGET key\r\nINCR n\r\nSAVE\r\nQUIT\r\n');
    if (!/^\+OK\r\n\$5\r\nvalue\r\n:\d+\r\n\+OK\r\n\+OK/.test(said))
      throw new Error(`redis said ${JSON.stringify(said)}`);
  });
}

async function postgres(ip: string, patienceMs: number): Promise<void> {
  await soon(patienceMs, async () => {
    const sql = 'create temp table t as select generate_series(1, 1000) n; select sum(n) from t; checkpoint;';
    const { stdout } = await run('psql', ['-h', ip, '-U', 'postgres', '-AtqX', '-c', sql], { timeout: 10_000 });
    if (stdout !== '500500\n') throw new Error(`postgres said ${JSON.stringify(stdout)}`);
  });
}

function talk(host: string, port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = '';
  const socket = connect({ host, port, timeout: 5000 }, () => socket.write(text));
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1');
  });
  socket.on('end', () => resolve(said));
  socket.on('timeout', () => socket.destroy(new Error('no answer within 5 s')));
  socket.on('error', reject);
  return promise;
}
