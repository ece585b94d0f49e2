/** Baseline → Falco rules that are silent on what was seen and tell of what else the same container does. */
import type { Baseline, Claim } from '#baseline/baseline.ts';
import { doubtsAbout } from '#baseline/doubts.ts';
import type { Sensor } from '#observation/recording.ts';
import type { Artifact, Evidence, Generated } from '../kind.ts';
import { artifactPath, containerName } from '../names.ts';
import { calls, families, programPaths, programs } from './generate/activities.ts';
import { Changing } from './generate/changing.ts';
import type { Drafted } from './generate/draft.ts';
import { files } from './generate/files.ts';
import { network } from './generate/network.ts';
import { notesOf } from './generate/notes.ts';
import { scopeOf } from './generate/scope.ts';
import { customFile, overrideFile } from './generate/write.ts';
import type { Options } from './options.ts';

/** What each sensor's facts are called, and which rules there are only with it. */
const sensors = [
  { sensor: 'programs', what: 'programs', rules: 'programs and users' },
  { sensor: 'files', what: 'file accesses', rules: 'files' },
  { sensor: 'network', what: 'flows', rules: 'connections and ports' },
  { sensor: 'syscalls', what: 'system calls', rules: 'privileged calls' },
  { sensor: 'operations', what: 'sockets', rules: 'kinds of sockets' },
] as const satisfies readonly { sensor: Sensor; what: string; rules: string }[];

export function generate({ baselines: [baseline] }: Evidence, options: Options): Generated {
  if (baseline === undefined) return { type: 'abstained', reason: 'nothing was recorded' };
  const ran = sensors.filter(({ sensor }) => didRun(baseline, sensor));
  if (ran.length === 0) return { type: 'abstained', reason: 'no sensor that rules are made from was running' };
  const doubts = [...new Set(ran.flatMap(({ sensor, what }) => doubtsAbout([baseline], sensor, what)))];
  if (doubts.length > 0 && !options.allowLoss)
    return { type: 'abstained', reason: `${doubts.join('; ')} (--allow-loss goes ahead all the same)` };
  const watched = baseline.facts.flatMap(({ claim }) => (isWatched(claim) ? claim : []));
  if (watched.length === 0) return { type: 'abstained', reason: 'nothing that the program did was recorded' };
  const found = programPaths(watched);
  const seen = ran.some(({ sensor }) => sensor === 'programs');
  // Where programs are known, the runtime is told apart from them, and needs no exceptions but for what it starts.
  const claims = watched.filter((claim) => !(seen && isOfRuntime(claim)));
  const scope = scopeOf(baseline);
  const drafted = ran.map(({ sensor }) => draftOf(sensor, claims, scope.id, baseline, options));
  const rules = drafted.flatMap((each) => each.rules);
  const contents = { scope, rules, programs: seen ? found : null };
  const runs = `${baseline.instances.length} ${baseline.instances.length === 1 ? 'run' : 'runs'}`;
  const head = [
    `Written by kguardian from ${runs} of ${scope.title}: silent on what was seen there, an alert on what else it does.`,
  ];
  const own = containerName(baseline);
  const custom: Artifact = { path: artifactPath(own, 'falco.yaml'), text: customFile({ ...contents, head }) };
  const changes = [`Changes lists, the scope and exceptions of ${custom.path}. Load it after that.`];
  const artifacts: Artifact[] = [custom];
  if (options.form === 'override') {
    const text = overrideFile({ ...contents, head: [...head, ...changes] });
    artifacts.push({ path: artifactPath(own, 'falco-override.yaml'), text, judged: false });
  }
  const without = sensors.filter((each) => !ran.includes(each));
  const missing = without.map(({ what, rules: about }) => `${what} were not recorded: there is no rule about ${about}`);
  const notes = [
    ...doubts,
    ...scope.notes,
    ...missing,
    ...(seen ? [] : ["programs were not recorded: what the container's runtime does at each start is told of, too"]),
    ...drafted.flatMap((each) => each.notes),
    ...notesOf(baseline, claims),
  ];
  return { type: 'artifacts', artifacts, notes };
}

function draftOf(
  sensor: (typeof sensors)[number]['sensor'],
  claims: readonly Claim[],
  id: string,
  baseline: Baseline,
  options: Options,
): Drafted {
  switch (sensor) {
    case 'programs':
      return programs(claims, id);
    case 'files': {
      const pods = baseline.instances.flatMap(({ pod }) => pod?.name ?? []);
      return files(claims, id, options.exact ? null : new Changing(baseline.workload, pods), options.fold);
    }
    case 'network':
      return network(claims, [...new Set(options.clusterNetwork)].toSorted());
    case 'syscalls':
      return calls(claims, id);
    case 'operations':
      return families(claims);
  }
}

function didRun({ coverage }: Baseline, wanted: Sensor): boolean {
  return coverage.some(({ sensor, state }) => sensor === wanted && state === 'ran');
}

function isOfRuntime(claim: Claim): boolean {
  return 'phase' in claim && claim.phase === 'runtime' && claim.type !== 'exec';
}

/** Before the container's filter stands, the runtime is at work alone; Falco does not know the container yet. */
function isWatched(claim: Claim): boolean {
  return 'phase' in claim && claim.phase !== 'setup';
}
