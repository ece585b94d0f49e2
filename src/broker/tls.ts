/** The certificate: from files, read again when they change, or made at start. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import type { Tls } from './http/server.ts';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export function readTls({ certFile, keyFile }: TlsFiles): Tls {
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}

/** Secrets are mounted as links that are turned over: the files are looked at, not waited for. */
export function watchTls(files: TlsFiles, changed: () => void): () => void {
  const all = [files.certFile, files.keyFile];
  for (const file of all) watchFile(file, { interval: 5000, persistent: false }, changed);
  return () => {
    for (const file of all) unwatchFile(file, changed);
  };
}

/** For a first try: whoever connects compares the fingerprint, or takes it on trust. */
export async function selfSigned(): Promise<Tls> {
  const { generate } = await import('selfsigned');
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
  const names = ['localhost', hostname()];
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'kguardian-broker' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 365 * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          // Link-local addresses carry a zone, which a certificate cannot.
          ...addresses
            .filter((ip) => !ip.includes('%') && !ip.startsWith('fe80'))
            .map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { key, cert };
}

export const fingerprint = ({ cert }: Tls): string => new X509Certificate(cert).fingerprint256;
