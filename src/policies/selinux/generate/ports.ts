/**
 * Types of ports, of the reference policy 2.20221101 (Debian 12). A port's type is the node's fact: 8080 is
 * http_cache_port_t here and may be another's elsewhere. `--port-type` takes the node's word (`semanage port -l`).
 */
const tcp = `amqp 5671 5672, cslistener 9000, commplex_main 5000, couchdb 5984, dns 53 853, gatekeeper 7000, git 9418,
  hplip 9100 50000, http 80 443 8008 8009 8443, http_cache 3128 8080 8118, jabber_client 5222, kerberos 88, ldap 389 636,
  memcache 11211, mssql 1433, mxi 8005, mysqld 3306, nfs 2049, ntop 3000, oracledb 1521, pop 993, portmap 111,
  postgresql 5432, puppet 8140, redis 6379 26379, rsync 873, smtp 25 465 587, soundd 8000, ssh 22, transproxy 8081,
  trivnet1 8200, vnc 5900, websm 9090, xen 8002, zabbix_agent 10050, zookeeper_client 2181`;
const udp = `dhcpc 68, dhcpd 67, dns 53, howl 5353, ipsecnat 4500, isakmp 500, kerberos 88, ldap 389, memcache 11211, ntp 123,
  radius 1812, snmp 161 162, syslogd 514, tftp 69`;

function table(rows: string): ReadonlyMap<number, string> {
  return new Map(
    rows.split(',').flatMap((row) => {
      const [name = '', ...numbers] = row.trim().split(/\s+/);
      return numbers.map((each): [number, string] => [Number(each), `${name}_port_t`]);
    }),
  );
}
const known: Readonly<Record<string, ReadonlyMap<number, string>>> = { tcp: table(tcp), udp: table(udp) };

/** Whether the type stands for every port that nobody named. */
export function isGeneral(type: string): boolean {
  return /^(unreserved|reserved|hi_reserved)_port_t$/.test(type);
}

export function portType(protocol: string, port: number, chosen: readonly string[]): string {
  const stated = chosen.find((each) => each.startsWith(`${port}/${protocol}=`));
  if (stated !== undefined) return stated.slice(stated.indexOf('=') + 1);
  return (
    known[protocol]?.get(port) ??
    (port >= 1024 ? 'unreserved_port_t' : port >= 512 ? 'hi_reserved_port_t' : 'reserved_port_t')
  );
}
