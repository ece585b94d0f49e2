/** `kguardian broker`: flags → options. All else is the broker's. */
import { isIPv6 } from 'node:net';
import { openapi } from '#api/openapi.ts';
import { Failure, systemReason } from '../failure.ts';
import { version } from '../version.ts';

interface Flags {
  readonly listen?: string;
  readonly database: string;
  readonly cluster?: string;
  readonly retention: string;
  readonly resolution: string;
  readonly requestsPerMinute: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly audience: string;
  readonly kubeconfig?: string;
  readonly insecureNoAuth?: boolean;
  readonly policyAudits?: string;
  readonly logLevel: string;
  readonly printOpenapi?: boolean;
}

export async function broker(flags: Flags): Promise<void> {
  if (flags.printOpenapi === true) {
    process.stdout.write(`${JSON.stringify(openapi(version), null, 2)}\n`);
    return;
  }
  const open = flags.insecureNoAuth === true;
  const { host, port } = addressOf(flags.listen ?? (open ? '127.0.0.1:8443' : '0.0.0.0:8443'));
  if (open && !/^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host)) {
    throw new Failure(`--insecure-no-auth serves this machine alone: --listen 127.0.0.1:${port}, not ${host}`);
  }
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) {
    throw new Failure('--tls-cert and --tls-key belong together');
  }
  if (open && flags.tlsCert !== undefined)
    throw new Failure('--insecure-no-auth serves without TLS; leave --tls-cert and --tls-key out');
  if (open && flags.policyAudits !== undefined)
    throw new Failure('--policy-audits are objects of an API server; --insecure-no-auth asks none');
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const { kubeconfig, audience, tlsCert, tlsKey } = flags;
  const { serve } = await import('#broker/main.ts');
  try {
    await serve(
      {
        host,
        port,
        database: flags.database,
        cluster: flags.cluster ?? null,
        retentionMs: timeOf('--retention', flags.retention),
        resolutionMs: timeOf('--resolution', flags.resolution),
        requestsPerMinute: numberOf('--requests-per-minute', flags.requestsPerMinute),
        tls: tlsCert === undefined || tlsKey === undefined ? null : { certFile: tlsCert, keyFile: tlsKey },
        access: open ? null : { audience, ...(kubeconfig === undefined ? {} : { kubeconfig }) },
        policyAuditsMs: flags.policyAudits === undefined ? null : timeOf('--policy-audits', flags.policyAudits),
        version,
        logLevel: flags.logLevel,
      },
      stop.signal,
    );
  } catch (error) {
    const { syscall, code } = error as NodeJS.ErrnoException;
    if (syscall === 'listen')
      throw new Failure(
        `cannot listen on ${host}:${port}: ${code === 'EADDRINUSE' ? 'it is in use' : systemReason(error)}`,
        2,
        error,
      );
    throw error;
  }
}

function addressOf(text: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || host === '' || Number(port) > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw new Failure(`--listen takes HOST:PORT, [::1]:8443 for IPv6, not ${JSON.stringify(text)}`);
  }
  return { host, port: Number(port) };
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function timeOf(flag: string, text: string): number {
  const [, length, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (length === undefined) throw new Failure(`${flag} takes a number with s, m, h or d, not ${JSON.stringify(text)}`);
  return Number(length) * (unitMs[unit] ?? 0);
}

function numberOf(flag: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new Failure(`${flag} takes a whole number above 0, not ${JSON.stringify(text)}`);
  return Number(text);
}
