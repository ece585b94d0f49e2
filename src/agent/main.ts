/** `kguardian agent`: the parts put together. The command line loads this only when it is called. */
import { statSync } from 'node:fs';
import { arch, release } from 'node:os';
import { apiServer, type ApiServerOptions } from './cluster/api-server.ts';
import { clusterUid, clusterView } from './cluster/cluster-view.ts';
import { cgroupLayout, unifiedMount } from './cgroups.ts';
import { Spool } from './delivery/spool.ts';
import { Uploader } from './delivery/uploader.ts';
import { metrics } from './health/metrics.ts';
import { serveHealth } from './health/server.ts';
import { attachFolder } from './identity/tree.ts';
import { NodeAgent } from './node-agent.ts';
import { Scope } from './scope.ts';
import { startBlock } from './start-block.ts';

export { inCluster } from './cluster/api-server.ts';

export interface AgentOptions {
  readonly node: string;
  /** Null: the uid of the cluster's namespace kube-system. */
  readonly cluster: string | null;
  readonly api: ApiServerOptions;
  readonly broker: string;
  readonly brokerTokenFile: string | null;
  readonly brokerCaFile: string | null;
  readonly spoolFolder: string;
  readonly spoolBytes: number;
  /** Where kubelet makes its cgroups; null: the root of the v2 tree. */
  readonly cgroupRoot: string | null;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly withoutNamespaces: readonly string[];
  readonly clusterCidrs: readonly string[];
  readonly flushMs: number;
  readonly holdMs: number;
  /** Null: no server. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  readonly by: string;
  readonly say: (sentence: string) => void;
  readonly signal: AbortSignal;
}

/** Where many containers are recorded for long: caches that only save repeats are smaller than for one command. */
const sizes = {
  files: 65_536,
  failures: 4096,
  file_events: 1 << 21,
  failure_events: 1 << 16,
  container_events: 1 << 18,
};
const usageEveryMs = 30_000;
const stalledMs = 30_000;
const lastUploadMs = 5000;

/** Until `signal`. Throws, with a sentence for a person, when this node allows no recording. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { say, signal, node } = options;
  const api = apiServer(options.api);
  const cluster = clusterView({ api, node, cidrs: options.clusterCidrs, signal });
  const clusterName = options.cluster ?? (await untilAnswered(() => clusterUid(api), options));
  if (clusterName === null) return;
  const mount = unifiedMount();
  const cgroupRoot = options.cgroupRoot ?? mount;
  if (!statSync(cgroupRoot, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`cannot record below ${cgroupRoot}: no such folder; --cgroup-root names kubelet's, in the v2 tree`);
  const scope = new Scope({
    cgroupFolder: attachFolder(cgroupRoot),
    by: 'cgroup',
    keeps: false,
    peers: cluster.peers,
    usageEveryMs,
    sizes,
  });
  let agent: NodeAgent | null = null;
  const spool = await Spool.open(options.spoolFolder, options.spoolBytes, {
    retell: (container) => agent?.retell(container) ?? false,
    lost: (container, sensor, facts) => agent?.lose(container, sensor, facts),
  });
  try {
    agent = new NodeAgent({
      scope,
      spool,
      cluster,
      clusterName,
      node,
      by: options.by,
      cgroupRoot,
      mount,
      flushMs: options.flushMs,
      holdMs: options.holdMs,
      selects: (namespace) =>
        (options.namespaces.length === 0 || options.namespaces.includes(namespace)) &&
        !options.withoutNamespaces.includes(namespace),
      say,
    });
    const { broker, brokerTokenFile: tokenFile, brokerCaFile: caFile } = options;
    const uploader = new Uploader(spool, { broker, tokenFile, caFile, say });
    const kernel = `Linux ${release()} ${arch()}, cgroups ${cgroupLayout()}`;
    for (const line of startBlock({ ...options, clusterName, kernel, mount: cgroupRoot, agent, spool })) say(line);
    const running = agent;
    const server =
      options.listen === null
        ? null
        : await serveHealth(
            {
              metrics: () => metrics({ agent: running, scope, spool, uploader, cluster }, Date.now()),
              unwell: () =>
                Date.now() - running.lastDrain > stalledMs ? 'the kernel was not listened to for 30 s' : null,
              unready: () =>
                cluster.listed
                  ? null
                  : `waiting for the API server: ${troubles(cluster.following) || 'lists are read'}`,
            },
            options.listen.host,
            options.listen.port,
          );
    const uploading = uploader.run(signal);
    await agent.run(signal);
    await uploading;
    await new Uploader(spool, { broker, tokenFile, caFile, say }).drain(AbortSignal.timeout(lastUploadMs));
    server?.close();
    server?.closeAllConnections();
  } finally {
    api.close();
    scope.close();
  }
}

function troubles(following: Readonly<Record<string, { trouble: string | null }>>): string {
  return Object.entries(following)
    .flatMap(([name, { trouble }]) => (trouble === null ? [] : [`${name}: ${trouble}`]))
    .join('; ');
}

/** The kernel's facts need the cluster's name from the first on: a cluster that does not answer is waited for. */
async function untilAnswered(ask: () => Promise<string>, { say, signal }: AgentOptions): Promise<string | null> {
  for (let told = ''; !signal.aborted; ) {
    try {
      return await ask();
    } catch (error) {
      const { message } = error as Error;
      if (message !== told)
        say(`cannot ask which cluster this is: ${message}; --cluster gives it a name; trying again`);
      told = message;
      const { promise, resolve } = Promise.withResolvers<void>();
      setTimeout(resolve, 2000);
      await promise;
    }
  }
  return null;
}
