/**
 * The label of a path or a port: by the text's own contexts, else by this file's reading of the base (`base-contexts.ts`),
 * which is of the reference policy 2.20221101 and may not be the node's. Options say where the node differs.
 */
import { fileContexts, kernelContexts, substitutes } from './base-contexts.ts';
import { type ContextRule, type FileClass, fileContext, matcher, portContext } from './contexts.ts';
import type { Policy } from './policy.ts';

/** Who labels files: the container's runtime, all of a container's alike, or file contexts, by path. */
export type Labelling = { readonly by: 'mount'; readonly type: string } | { readonly by: 'paths' };

export interface Labels {
  /** A type, or `self`: what of /proc is about the container's own processes. */
  file(path: string, kind: FileClass): string;
  port(protocol: string, port: number): string;
}

const base: readonly ContextRule[] = fileContexts.map(([pattern, kind, label]) => ({
  type: 'file',
  pattern,
  matches: matcher(pattern),
  class: kind,
  label,
  own: false,
}));

const ports: Readonly<Record<string, string>> = {
  tcp: `22 ssh, 25 smtp, 53 dns, 80 http, 88 kerberos, 111 portmap, 389 ldap, 443 http, 465 smtp, 587 smtp, 636 ldap, 853 dns,
    873 rsync, 993 pop, 1433 mssql, 1521 oracledb, 2049 nfs, 2181 zookeeper_client, 3000 ntop, 3128 http_cache, 3306 mysqld,
    5000 commplex_main, 5222 jabber_client, 5432 postgresql, 5671 amqp, 5672 amqp, 5900 vnc, 5984 couchdb, 6379 redis, 7000 gatekeeper,
    8000 soundd, 8002 xen, 8005 mxi, 8008 http, 8009 http, 8080 http_cache, 8081 transproxy, 8118 http_cache, 8140 puppet,
    8200 trivnet1, 8443 http, 9000 cslistener, 9090 websm, 9100 hplip, 9418 git, 10050 zabbix_agent, 11211 memcache,
    26379 redis, 50000 hplip`,
  udp: `53 dns, 67 dhcpd, 68 dhcpc, 69 tftp, 88 kerberos, 123 ntp, 161 snmp, 162 snmp, 389 ldap, 500 isakmp, 514 syslogd,
    1812 radius, 4500 ipsecnat, 5353 howl, 11211 memcache`,
};
const basePorts = new Map(
  Object.entries(ports).flatMap(([protocol, rows]) =>
    rows.split(',').map((row): [string, string] => {
      const [port = '', name = ''] = row.trim().split(/\s+/);
      return [`${protocol} ${port}`, `${name}_port_t`];
    }),
  ),
);

/** `portTypes`: `8080/tcp` and its type; `pathTypes`: a path and its type. What the user says of the node comes first. */
export function labelsOf(
  policy: Policy,
  labelling: Labelling,
  portTypes: ReadonlyMap<string, string>,
  pathTypes: ReadonlyMap<string, string>,
): Labels {
  const own = policy.contexts.filter((each) => each.own);
  const stated = policy.contexts.filter((each) => !each.own);
  // A base that was given says itself what it labels.
  const others = stated.some(({ type }) => type === 'file') ? stated : base;
  return {
    file(path, kind) {
      const kernel = ofKernel(path);
      if (kernel !== null) return kernel;
      if (labelling.by === 'mount') return labelling.type;
      const name = standsFor(path);
      const chosen = pathTypes.get(name) ?? pathTypes.get(path);
      if (chosen !== undefined) return chosen;
      const found = fileContext([...others, ...own], name, kind) ?? fileContext(own, path, kind);
      return found?.type === 'file' && found.label !== null ? found.label : 'unlabeled_t';
    },
    port(protocol, port) {
      const chosen = portTypes.get(`${port}/${protocol}`);
      if (chosen !== undefined) return chosen;
      const found = portContext(policy.contexts, protocol, port);
      if (found?.type === 'port') return found.label;
      return (
        basePorts.get(`${protocol} ${port}`) ??
        (port < 512 ? 'reserved_port_t' : port < 1024 ? 'hi_reserved_port_t' : 'unreserved_port_t')
      );
    },
  };
}

function ofKernel(path: string): string | null {
  // A file of memfd_create, as the kernel calls it where its name is asked for: it lies on a tmpfs that nobody mounted.
  if (/^\/memfd:.* \(deleted\)$/s.test(path)) return 'tmpfs_t';
  if (/^\/proc\/(\d+|self|thread-self)(\/|$)/.test(path)) return 'self';
  let found: readonly [string, string] | null = null;
  for (const row of kernelContexts)
    if ((path === row[0] || path.startsWith(`${row[0]}/`)) && row[0].length > (found?.[0].length ?? 0)) found = row;
  return found?.[1] ?? null;
}

function standsFor(path: string): string {
  for (const [prefix, stands] of substitutes)
    if (path === prefix || path.startsWith(`${prefix}/`)) return `${stands}${path.slice(prefix.length)}`;
  return path;
}
