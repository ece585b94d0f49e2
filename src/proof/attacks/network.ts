/** Whom an attacker speaks with. Addresses outside are of documentation (RFC 5737): nobody's. */
import { type Attack, sends } from './attack.ts';

const attack = 'MITRE ATT&CK';

export const network: readonly Attack[] = [
  {
    id: 'metadata-service',
    title: "ask the cloud for the node's credentials",
    source: `${attack} T1552.005`,
    acts: [sends('169.254.169.254', 80)],
  },
  { id: 'reverse-shell', title: 'call home', source: `${attack} T1071.001`, acts: [sends('203.0.113.66', 4444)] },
  {
    id: 'exfiltrate-https',
    title: 'carry data away over HTTPS',
    source: `${attack} T1041`,
    acts: [sends('203.0.113.66', 443)],
  },
  {
    id: 'exfiltrate-dns',
    title: "carry data away in questions to an attacker's DNS",
    source: `${attack} T1048`,
    acts: [sends('203.0.113.66', 53, 'udp')],
  },
  { id: 'mine', title: 'join a mining pool', source: `${attack} T1496`, acts: [sends('203.0.113.66', 3333)] },
  { id: 'send-mail', title: 'send mail', source: `${attack} T1048.003`, acts: [sends('203.0.113.66', 25)] },
];
