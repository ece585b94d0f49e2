/**
 * The whole claim on a kernel that enforces AppArmor: record a real program in a real container here, write its profile,
 * run it in a guest under the profile. It works with not one refusal; what it never did is refused.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fold } from '#baseline/fold.ts';
import type { Recording } from '#observation/recording.ts';
import type { ObservationOf } from '#observation/observation.ts';
import { apparmor } from '#policies/apparmor/index.ts';
import { replay } from '#proof/replay.ts';
import { quoted, runGuest, withoutGuest } from './guest.ts';
import { recordContainer, runContainer, startContainer } from './lab.ts';
import { type Workload, workloads } from './workloads.ts';

const skip = withoutGuest('apparmor');
const folder = mkdtempSync(join(tmpdir(), 'kguardian-apparmor-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Case {
  readonly name: string;
  /** Added to the profile's name where one program runs under several. */
  readonly variant?: string;
  readonly options?: Record<string, unknown>;
  /** False: the container may gain privileges. */
  readonly nnp?: false;
  /** Shell that succeeds when the program at `$ip` does its work; for a command: what it prints. */
  readonly smoke: { readonly check: string } | { readonly output: string };
  /** A command that tries to read /etc/shadow with the program's own means. */
  readonly intrusion: readonly string[] | null;
  /** Sockets besides those of connections, which only the `operations` sensor sees. */
  readonly sockets: readonly (readonly [family: string, kind: string])[];
  /** Refusals that are known, and that the program does its work without. */
  readonly beyond?: RegExp;
}

const cases: readonly Case[] = [
  {
    name: 'nginx',
    smoke: { check: 'curl -sf -m 5 http://$ip/ | grep hello' },
    intrusion: ['nginx', '-t', '-c', '/etc/shadow'],
    sockets: [['unix', 'stream']],
  },
  {
    name: 'redis',
    smoke: { check: 'redis-cli -h $ip ping | grep PONG' },
    intrusion: ['redis-server', '/etc/shadow'],
    sockets: [],
  },
  {
    name: 'postgres',
    smoke: { check: 'psql -h $ip -U postgres -Atc "select 40 + 2" | grep 42' },
    intrusion: ['sh', '-c', 'read line </etc/shadow'],
    sockets: [['unix', 'stream']],
    // It tries huge pages first, whose file has no name of its own, and goes on without. No recorder sees a call that fails.
    beyond: /operation="file_mmap" .* name="\/" .* requested_mask="wr"/,
  },
  {
    name: 'python3',
    smoke: { check: 'curl -sf -m 5 http://$ip:8000/index.html | grep hello' },
    intrusion: ['python3', '-c', 'open("/etc/shadow")'],
    sockets: [
      ['netlink', 'raw'],
      ['unix', 'stream'],
    ],
  },
  {
    name: 'node',
    smoke: { check: 'curl -sf -m 5 http://$ip:8001/ | grep "from node"' },
    intrusion: ['node', '-e', 'require("fs").readFileSync("/etc/shadow")'],
    sockets: [],
  },
  {
    name: 'go',
    smoke: { check: 'curl -sf -m 5 http://$ip:8002/ | grep "from go"' },
    intrusion: null,
    sockets: [],
  },
  { name: 'shell', smoke: { output: 'usr etc 1970' }, intrusion: ['sh', '-c', 'read line </etc/shadow'], sockets: [] },
  {
    name: 'shell',
    variant: '-children',
    options: { children: 'profile' },
    nnp: false,
    smoke: { output: 'usr etc 1970' },
    // What sh may start is confined by its own profile: the folders that ls lists are not those that cat reads.
    intrusion: ['sh', '-c', 'cat /etc/shadow'],
    sockets: [],
  },
];

/** What the guest tells of one container. */
interface Told {
  readonly name: string;
  readonly part: 'smoke' | 'second' | 'intrusion';
  readonly works: boolean;
  readonly denials: readonly string[];
}

async function recorded({ name, argv, flags, smoke }: Workload): Promise<Recording> {
  const id = `kg-aa-${name}`;
  return recordContainer(id, name, async () => {
    if (smoke.type === 'command') {
      assert.equal((await runContainer(id, [...flags, '--nnp'], argv)).code, 0);
      return;
    }
    const container = await startContainer(id, [...flags, '--nnp'], argv);
    try {
      await smoke.check(container.ip, 20_000);
    } finally {
      await container.remove();
    }
  });
}

/** What a recorder without the `operations` sensor did not see. */
function withSockets(recording: Recording, { sockets }: Case): Recording {
  if (recording.coverage.some(({ sensor, state }) => sensor === 'operations' && state === 'ran')) return recording;
  const [container] = recording.containers;
  assert.ok(container);
  const made = sockets.map(
    ([family, kind]): ObservationOf<'socket'> => ({
      ...{ type: 'socket', container: container.id, phase: 'program', program: null, family, kind, protocol: 0 },
      seen: { first: container.started, last: container.started, count: 1 },
    }),
  );
  return { ...recording, observations: [...recording.observations, ...made] };
}

function profileOf(recording: Recording, options: Record<string, unknown> = {}): string {
  const [baseline] = fold([recording]);
  assert.ok(baseline);
  const made = apparmor.generate({ baselines: [baseline], cluster: null }, apparmor.options.parse(options));
  assert.ok(made.type === 'artifacts', JSON.stringify(made));
  const text = made.artifacts[0]?.text ?? '';
  const { denied, offences } = replay(apparmor.evaluator(text), [recording]);
  assert.equal(denied, 0, JSON.stringify(offences));
  return text;
}

const preparation = String.raw`
mkdir -p /srv2; [ ! -e go-server ] || cp go-server /srv2/; chmod -R 755 /srv2
for profile in *.profile; do apparmor_parser -r -K -T "$profile" || exit 9; done
lines() { dmesg | wc -l; }
tell() { dmesg | tail -n +$(($4 + 1)) | grep -F 'apparmor="DENIED"' | jq -R . | jq -sc --arg name "$1" --arg part "$2" --argjson works "$3" '{name: $name, part: $part, works: $works, denials: .}'; }
serves() {
  start=$(lines); out=$(oci-run -d --name "$1" --apparmor "kguardian-$1" "$${'{'}@:4}" </dev/null) || { tell "$1" smoke false $start; return; }
  ip=$(jq -r .ip <<<"$out"); pid=$(jq -r .pid <<<"$out"); works=false
  for i in $(seq 120); do if eval "$2" >/dev/null 2>&1; then works=true; break; fi; sleep 0.5; done
  tell "$1" smoke $works $start
  start=$(lines); works=true; eval "$3" >/dev/null 2>&1 || works=false
  timeout 60 oci-run rm "$1" >/dev/null 2>&1
  tell "$1" second $works $start
}
prints() { start=$(lines); works=false; [ "$(oci-run --name "$1" --apparmor "kguardian-$1" "$${'{'}@:3}" 2>&1 | xargs)" != "$2" ] || works=true; tell "$1" smoke $works $start; }
intrudes() { start=$(lines); works=false; ! oci-run --name "$1-intrusion" --apparmor "kguardian-$1" "$${'{'}@:2}" >/dev/null 2>&1 || works=true; tell "$1" intrusion $works $start; }
`;

interface Job {
  readonly each: Case;
  readonly workload: Workload;
}

function script(jobs: readonly Job[]): string {
  const parts = jobs.flatMap(({ each: { name, variant = '', nnp = true, smoke, intrusion }, workload }) => {
    const flags = workload.flags.map((flag) => (flag.endsWith(':/srv:ro') ? '/srv2:/srv:ro' : flag));
    const run = [nnp ? '--nnp' : '--no-nnp', ...flags, '--', ...workload.argv].map(quoted).join(' ');
    const intruder =
      intrusion === null
        ? []
        : [`intrudes ${name}${variant} ${nnp ? '--nnp' : '--no-nnp'} -- ${intrusion.map(quoted).join(' ')}`];
    const start =
      'output' in smoke
        ? `prints ${name}${variant} ${quoted(smoke.output)} ${run}`
        : `serves ${name} ${quoted(smoke.check)} ${quoted(workload.second ?? 'true')} ${run}`;
    return [start, ...intruder];
  });
  return `${preparation}\n${parts.join('\n')}\n`;
}

function toldBy(output: string): Told[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{"name"'))
    .map((line) => JSON.parse(line) as Told);
}

if (skip !== false) test('real programs run under their AppArmor profiles', { skip }, () => undefined);
else
  describe('real programs under their AppArmor profiles, enforced by a 6.1 kernel', { timeout: 1_500_000 }, () => {
    let told: Told[] = [];
    before(async () => {
      const known = workloads(folder);
      const files: string[] = [`${folder}/go-server`];
      const jobs: Job[] = [];
      const recordings = new Map<string, Recording>();
      for (const each of cases) {
        const { name, variant = '', options } = each;
        const workload = known.find((one) => one.name === name);
        assert.ok(workload, name);
        const seen = recordings.get(name) ?? (await recorded(workload));
        recordings.set(name, seen);
        const file = `${folder}/${name}${variant}.profile`;
        const text = profileOf(withSockets(seen, each), options);
        writeFileSync(file, text.replaceAll(`kguardian-${name}`, `kguardian-${name}${variant}`));
        files.push(file);
        jobs.push({ each, workload });
      }
      // Two guests on two cores; initdb takes as long as all the others.
      const slow = (job: Job): boolean => ['postgres', 'shell'].includes(job.each.name);
      const guests = [jobs.filter(slow), jobs.filter((job) => !slow(job))];
      const outputs = await Promise.all(guests.map((each) => runGuest('apparmor', script(each), files, 1200)));
      told = outputs.flatMap(toldBy);
    });

    const about = (name: string, part: Told['part']): Told => {
      const found = told.find((each) => each.name === name && each.part === part);
      assert.ok(found, `the guest told nothing of ${name}, ${part}`);
      return found;
    };

    for (const { name: program, variant = '', smoke, intrusion, beyond } of cases) {
      const name = `${program}${variant}`;
      const unknown = (denials: readonly string[]): string[] => denials.filter((line) => beyond?.test(line) !== true);
      test(`${name} does its work with not one refusal${beyond === undefined ? '' : ' but those that are known'}`, () => {
        const { works, denials } = about(name, 'smoke');
        assert.deepEqual(unknown(denials), []);
        assert.ok(works);
      });
      if ('check' in smoke)
        test(`${name} does other work of its kind`, () => {
          const { works, denials } = about(name, 'second');
          assert.deepEqual(unknown(denials), []);
          assert.ok(works);
        });
      if (intrusion !== null)
        test(`${name} is refused /etc/shadow by the kernel`, () => {
          const { works, denials } = about(name, 'intrusion');
          assert.ok(!works);
          const refused = denials.filter(
            (line) => line.includes(`profile="kguardian-${name}`) && line.includes('name="/etc/shadow"'),
          );
          assert.ok(refused.length > 0, denials.join('\n'));
        });
    }
  });
