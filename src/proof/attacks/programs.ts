/** Programs that a workload never runs and an attacker needs. */
import { type Attack, call, creates, executes, writes } from './attack.ts';

const attack = 'MITRE ATT&CK';

export const programs: readonly Attack[] = [
  { id: 'run-sh', title: 'run a shell', source: `${attack} T1059.004`, acts: executes('/bin/sh') },
  { id: 'run-bash', title: 'run bash', source: `${attack} T1059.004`, acts: executes('/bin/bash') },
  { id: 'run-python', title: 'run Python', source: `${attack} T1059.006`, acts: executes('/usr/bin/python3') },
  { id: 'run-perl', title: 'run Perl', source: `${attack} T1059`, acts: executes('/usr/bin/perl') },
  { id: 'run-curl', title: 'fetch tools with curl', source: `${attack} T1105`, acts: executes('/usr/bin/curl') },
  { id: 'run-wget', title: 'fetch tools with wget', source: `${attack} T1105`, acts: executes('/usr/bin/wget') },
  { id: 'run-netcat', title: 'open a reverse shell with netcat', source: `${attack} T1095`, acts: executes('/bin/nc') },
  { id: 'run-ssh', title: 'move on with SSH', source: `${attack} T1021.004`, acts: executes('/usr/bin/ssh') },
  { id: 'run-apt', title: 'install packages', source: `${attack} T1105`, acts: executes('/usr/bin/apt-get') },
  { id: 'run-su', title: 'run a program that becomes root', source: `${attack} T1548.001`, acts: executes('/bin/su') },
  { id: 'run-mount', title: 'run mount', source: `${attack} T1611`, acts: executes('/bin/mount') },
  {
    id: 'run-nsenter',
    title: 'run nsenter, to step out',
    source: `${attack} T1611`,
    acts: executes('/usr/bin/nsenter'),
  },
  { id: 'run-ps', title: 'look for other processes', source: `${attack} T1057`, acts: executes('/bin/ps') },
  {
    id: 'drop-tmp',
    title: 'write a program to /tmp and run it',
    source: `${attack} T1105`,
    acts: [...creates('/tmp/kg-attack'), ...executes('/tmp/kg-attack')],
  },
  {
    id: 'drop-shm',
    title: 'write a program to memory and run it',
    source: `${attack} T1564`,
    acts: [...creates('/dev/shm/kg-attack'), ...executes('/dev/shm/kg-attack')],
  },
  {
    id: 'fileless',
    title: 'run a program that was never in a file',
    source: `${attack} T1620`,
    // What has no name in a file system is told by its own.
    acts: [call('memfd_create'), ...executes('/memfd:kg (deleted)')],
  },
  {
    id: 'overwrite-runtime',
    title: "overwrite the container runtime's program",
    source: 'CVE-2019-5736',
    acts: [writes('/proc/self/exe')],
  },
];
