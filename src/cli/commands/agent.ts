/** `kguardian agent`: flags and environment → the agent, which is loaded only here. */
import type { AgentOptions } from '#agent/main.ts';
import { printable } from '#observation/text.ts';
import { Failure } from '../failure.ts';
import { milliseconds } from '../times.ts';
import { version } from '../version.ts';

export interface Flags {
  readonly node?: string;
  readonly cluster?: string;
  readonly broker?: string;
  readonly brokerTokenFile?: string;
  readonly brokerCaFile?: string;
  readonly apiServer?: string;
  readonly apiTokenFile?: string;
  readonly apiCaFile?: string;
  readonly spool: string;
  readonly spoolSize: string;
  readonly cgroupRoot?: string;
  readonly namespace?: string[];
  readonly excludeNamespace?: string[];
  readonly clusterCidr?: string[];
  readonly flushInterval: string;
  readonly hold: string;
  readonly listen: string;
}

export async function agent(flags: Flags): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const { inCluster, runAgent } = await import('#agent/main.ts');
  const options = optionsOf(flags, inCluster(process.env), stop.signal);
  try {
    await runAgent(options);
  } catch (error) {
    throw new Failure((error as Error).message, 2, error);
  }
}

function optionsOf(flags: Flags, own: AgentOptions['api'] | null, signal: AbortSignal): AgentOptions {
  const node = flags.node ?? process.env['NODE_NAME'];
  if (node === undefined || node === '') throw new Failure("give this node's name: --node NAME, or NODE_NAME");
  if (flags.broker === undefined || !/^https?:\/\/[^/]/.test(flags.broker))
    throw new Failure('give the broker: --broker https://HOST:PORT');
  const url = flags.apiServer ?? own?.url;
  if (url === undefined) throw new Failure('not in a cluster: give --api-server URL');
  const given = flags.apiServer !== undefined;
  return {
    node,
    cluster: flags.cluster ?? null,
    api: {
      url,
      tokenFile: flags.apiTokenFile ?? (given ? null : (own?.tokenFile ?? null)),
      caFile: flags.apiCaFile ?? (given ? null : (own?.caFile ?? null)),
    },
    broker: flags.broker,
    brokerTokenFile: flags.brokerTokenFile ?? null,
    brokerCaFile: flags.brokerCaFile ?? null,
    spoolFolder: flags.spool,
    spoolBytes: bytes(flags.spoolSize),
    cgroupRoot: flags.cgroupRoot?.replace(/\/+$/, '') ?? null,
    namespaces: flags.namespace ?? [],
    withoutNamespaces: flags.excludeNamespace ?? [],
    clusterCidrs: flags.clusterCidr ?? [],
    flushMs: milliseconds('--flush-interval', flags.flushInterval),
    holdMs: milliseconds('--hold', flags.hold),
    listen: flags.listen === 'none' ? null : hostAndPort(flags.listen),
    by: `kguardian ${version}`,
    say: (sentence) => void process.stderr.write(`${new Date().toISOString()} ${printable(sentence)}\n`),
    signal,
  };
}

function bytes(text: string): number {
  const match = /^(\d+)(Ki|Mi|Gi)?$/.exec(text);
  if (match === null) throw new Failure(`--spool-size takes bytes with Ki, Mi or Gi, not ${JSON.stringify(text)}`);
  return Number(match[1]) * 1024 ** ['', 'Ki', 'Mi', 'Gi'].indexOf(match[2] ?? '');
}

function hostAndPort(text: string): { host: string; port: number } {
  const match = /^(?:\[?([^\]]*?)\]?)?:(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65_535)
    throw new Failure(`--listen takes HOST:PORT, :PORT or none, not ${JSON.stringify(text)}`);
  const host = match[1] ?? '';
  return { host: host === '' ? '::' : host, port: Number(match[2]) };
}
