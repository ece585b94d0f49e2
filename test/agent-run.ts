/** The whole agent in this process, between an API server double and a broker double. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AgentOptions, runAgent } from '#agent/main.ts';
import type { Container } from '#observation/recording.ts';
import type { Observation } from '#observation/observation.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { type BrokerDouble, startBroker } from './broker-double.ts';
import { NodeLab } from './node-lab.ts';

export interface AgentRun {
  readonly api: ApiServer;
  readonly broker: BrokerDouble;
  readonly lab: NodeLab;
  readonly folder: string;
  readonly said: readonly string[];
  /** The value of a metric, or of all its samples together. */
  metric(name: string): Promise<number>;
  /** Waits for what must come to be true. */
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>;
  /** Ends the agent; what it knew was told then. */
  stop(): Promise<void>;
  /** All containers that were told of, and all facts. */
  told(): { readonly containers: Map<string, Container>; readonly facts: Observation[] };
  close(): Promise<void>;
}

let nextPort = 20_000 + (process.pid % 20_000);

export async function startAgent(
  options: Partial<AgentOptions> = {},
  objects: readonly object[] = [],
): Promise<AgentRun> {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-agent-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'agent-token');
  const lab = new NodeLab();
  const api = await startApiServer({
    tokens: { 'agent-token': { username: 'agent', groups: ['system:masters'] } },
    objects: [{ kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'kube-system' } }, ...objects],
  });
  const broker = await startBroker();
  const said: string[] = [];
  const ending = new AbortController();
  const port = (nextPort += 1);
  const running = runAgent({
    node: 'node-1',
    cluster: 'test',
    api: { url: api.url, tokenFile, caFile: null },
    broker: broker.url,
    brokerTokenFile: tokenFile,
    brokerCaFile: null,
    spoolFolder: join(folder, 'spool'),
    spoolBytes: 1 << 26,
    cgroupRoot: lab.cgroupRoot,
    namespaces: [],
    withoutNamespaces: [],
    clusterCidrs: [],
    flushMs: 500,
    holdMs: 600_000,
    listen: { host: '127.0.0.1', port },
    by: 'test',
    say: (sentence) => said.push(sentence),
    signal: ending.signal,
    ...options,
  });
  const broken = running.then(() => {
    if (!ending.signal.aborted) throw new Error('the agent ended by itself');
  });
  broken.catch(() => undefined);
  const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (let tries = 0; tries < 300; tries += 1) {
      if (await Promise.race([holds(), broken.then(() => false)])) return;
      await sleep(100);
    }
    throw new Error(`never came to be: ${what}; the agent said:\n${said.join('\n')}`);
  };
  const run: AgentRun = {
    api,
    broker,
    lab,
    folder,
    said,
    async metric(name) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(`kguardian_agent_${name}`));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    until,
    async stop() {
      ending.abort();
      await running;
    },
    told: () => ({
      containers: new Map(broker.taken.flatMap(({ containers }) => containers.map((each) => [each.id, each]))),
      facts: broker.taken.flatMap(({ observations }) => observations),
    }),
    async close() {
      ending.abort();
      await running.catch(() => undefined);
      await lab.close();
      await api.close();
      await broker.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await until('it answers', () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  } catch (error) {
    await run.close();
    throw error;
  }
  return run;
}

/** A pod's object as kubelet tells of it. */
export interface PodStory {
  readonly uid: string;
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly owner?: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ip?: string;
  readonly phase?: string;
  readonly hostNetwork?: boolean;
  readonly startTime?: string;
  readonly deletionTimestamp?: string;
  readonly node?: string;
  readonly containers?: readonly {
    readonly name: string;
    readonly id: string | null;
    readonly previous?: string;
    readonly ended?: boolean;
    readonly kind?: 'init' | 'ephemeral';
  }[];
}

export function podObject(story: PodStory): object {
  const { containers = [], owner, ip, deletionTimestamp, annotations } = story;
  const statuses = (wanted: 'init' | 'ephemeral' | undefined): object[] =>
    containers
      .filter(({ kind }) => kind === wanted)
      .map(({ name, id, previous, ended }) => {
        const containerID = id === null ? undefined : `containerd://${id}`;
        return {
          name,
          image: 'example.org/app:1',
          imageID: id === null ? '' : `example.org/app@sha256:${'ab'.repeat(32)}`,
          ...(containerID === undefined ? {} : { containerID }),
          state:
            ended === true
              ? { terminated: { exitCode: 0, containerID } }
              : id === null
                ? { waiting: {} }
                : { running: {} },
          lastState:
            previous === undefined ? {} : { terminated: { exitCode: 0, containerID: `containerd://${previous}` } },
        };
      });
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name: story.name,
      namespace: story.namespace ?? 'shop',
      uid: story.uid,
      labels: story.labels ?? { app: 'x' },
      ...(annotations === undefined ? {} : { annotations }),
      ...(owner === undefined ? {} : { ownerReferences: [{ apiVersion: 'apps/v1', controller: true, ...owner }] }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    spec: { nodeName: story.node ?? 'node-1', serviceAccountName: 'default', hostNetwork: story.hostNetwork ?? false },
    status: {
      phase: story.phase ?? 'Running',
      startTime: story.startTime ?? new Date().toISOString(),
      ...(ip === undefined ? {} : { podIP: ip, podIPs: [{ ip }] }),
      initContainerStatuses: statuses('init'),
      containerStatuses: statuses(undefined),
      ephemeralContainerStatuses: statuses('ephemeral'),
    },
  };
}
