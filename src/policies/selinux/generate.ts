/** Baseline → SELinux policy: the types, rules and labels that what was observed needs. */
import type { Baseline, Claim } from '#baseline/baseline.ts';
import { doubtsAbout } from '#baseline/doubts.ts';
import type { Observation } from '#observation/observation.ts';
import type { Artifact, Evidence, Generated } from '../kind.ts';
import { artifactPath, containerName } from '../names.ts';
import { compare, type Draft, Rules } from './generate/draft.ts';
import { addFiles, directoriesAmong, fileFacts, guardOf } from './generate/files.ts';
import { inherited } from './generate/inherited.ts';
import { type Labels, mayBeEntry, mountLabels, pathLabels } from './generate/labels.ts';
import { type Left, notesOf } from './generate/notes.ts';
import { guarded } from './generate/places.ts';
import { addProcesses } from './generate/processes.ts';
import { type ExecFact, programsOf } from './generate/programs.ts';
import { addOthers } from './generate/sockets.ts';
import type { Options } from './options.ts';
import { policyFiles } from './write/files.ts';

/** Of an image's layers on the node (container-selinux), below the type of the mount. */
const layersType = 'container_ro_file_t';
const sensors = [
  ['files', 'file facts'],
  ['programs', 'program starts'],
  ['capabilities', 'capability checks'],
] as const;

export function generate({ baselines: [baseline] }: Evidence, options: Options): Generated {
  if (baseline === undefined) return { type: 'abstained', reason: 'nothing was recorded' };
  const evidence = baseline.facts.filter(({ claim }) => isEvidence(claim));
  const doubts = [
    ...new Set([...sensors.flatMap(([sensor, what]) => doubtsAbout([baseline], sensor, what)), ...lostFlows(baseline)]),
  ];
  if (evidence.length === 0)
    return {
      type: 'abstained',
      reason: 'nothing was recorded that SELinux decides about: no start, no file, no socket of the program',
    };
  if (doubts.length > 0 && !options.allowLoss)
    return { type: 'abstained', reason: `${doubts.join('; ')} (--allow-loss goes ahead all the same)` };
  const mount =
    options.labels === 'auto'
      ? baseline.place !== null || options.inherit.length > 0 || options.output.startsWith('spo')
      : options.labels === 'mount';
  if (options.domains === 'per-program' && mount)
    return {
      type: 'abstained',
      reason:
        'programs of an image with one label cannot be told apart: --domains per-program goes with --labels paths',
    };
  if (options.output === 'spo' && !mount)
    return {
      type: 'abstained',
      reason: 'a SelinuxProfile declares no types of files: --labels paths goes with --output spo-raw, cil or te',
    };
  if (options.output === 'te' && options.inherit.length > 0)
    return { type: 'abstained', reason: 'blocks are of CIL: --inherit goes with --output cil, spo or spo-raw' };
  const { draft, left, leftOut } = drafted(baseline, options, mount);
  const own = containerName(baseline);
  const notes = [...doubts, ...notesOf(baseline, draft, left, { mount, options })];
  const artifacts = policyFiles(draft, own, baseline, options, notes).map(
    ({ suffix, module, text, judged, applied }): Artifact => ({
      path: module === undefined ? artifactPath(own, suffix) : `${module}.${suffix}`,
      text,
      ...(judged === undefined ? {} : { judged }),
      ...(applied === undefined ? {} : { applied }),
    }),
  );
  return { type: 'artifacts', artifacts, notes, ...(left.length === 0 ? {} : { leftOut }) };
}

function isEvidence(claim: Claim): boolean {
  if (!('phase' in claim) || claim.phase !== 'program') return false;
  return ['exec', 'file', 'flow', 'listen', 'socket', 'capability'].includes(claim.type);
}

/** Flows are not required, but those that were lost are missing. */
function lostFlows(baseline: Baseline): string[] {
  return doubtsAbout([baseline], 'network', 'flows').filter((each) => each.includes('lost'));
}

function drafted(
  baseline: Baseline,
  options: Options,
  mount: boolean,
): { draft: Draft; left: Left[]; leftOut: (observation: Observation) => boolean } {
  const execs = baseline.facts.flatMap(({ claim }): ExecFact[] =>
    claim.type === 'exec' && claim.phase === 'program' ? [claim] : [],
  );
  const programs = programsOf(
    execs,
    options.domains === 'per-program',
    mount || options.entry === 'standard' ? () => false : mayBeEntry,
  );
  const all = fileFacts(baseline);
  const labels: Labels = mount ? mountLabels(options.imageType) : pathLabels(all, programs, options.pathType);
  const directories = directoriesAmong(all);
  const starter = options.starter === '' ? (mount ? 'container_runtime_t' : 'init_t') : options.starter;
  const [rules, dontaudit] = [new Rules(), new Rules()];
  const left: Left[] = [];
  const kept = all.filter((fact) => {
    const guard = guardOf(fact, labels, directories);
    if (guard !== null) left.push({ type: guard, why: guarded[guard] ?? '', path: fact.path });
    return guard === null;
  });
  const guardedPaths = new Set(left.map(({ path }) => path));
  const transitions = [
    ...addProcesses(
      rules,
      dontaudit,
      baseline,
      programs,
      labels,
      { type: starter, byExecutable: !mount },
      { fileSystem: mount ? options.imageType : 'fs_t', type: mount ? options.imageType : null },
    ),
    ...addFiles(rules, kept, labels, programs, directories),
  ];
  addOthers(
    rules,
    baseline.facts.map(({ claim }) => claim),
    programs,
    labels,
    options.portType,
  );
  // An image has its first program inside, whether its start was seen or not.
  if (mount) {
    rules.add('@process', options.imageType, 'file', 'entrypoint execute getattr map open read');
    // Below overlayfs lie the image's layers: memory of a mapped file that is protected anew is checked against them.
    rules.add('@process', layersType, 'file', 'execute map read');
  }
  const granted = options.inherit.length === 0 ? () => false : inherited(blocksOf(options), options.imageType, starter);
  const allow = rules.sorted(granted);
  const contexts = labels.contexts();
  const files = [
    ...new Set([
      ...contexts.map(({ type }) => type),
      ...transitions.map(({ result }) => result),
      ...allow.map(({ target }) => target),
    ]),
  ]
    .filter((each) => each.startsWith('@') && each !== '@self' && !programs.domains.includes(each))
    .toSorted(compare);
  const draft: Draft = {
    domains: programs.domains,
    files,
    entries: files.filter((each) => /^@(exec|.*_exec)$/.test(each)),
    allow,
    dontaudit: options.inherit.length === 0 ? dontaudit.sorted() : [],
    transitions: [...new Map(transitions.map((each) => [JSON.stringify(each), each])).values()].toSorted((a, b) =>
      compare(JSON.stringify(a), JSON.stringify(b)),
    ),
    contexts,
    inherit: blocksOf(options),
    permissive: options.mode === 'permissive',
    constrained: mount && options.inherit.length === 0,
  };
  return { draft, left, leftOut: (observation) => observation.type === 'file' && guardedPaths.has(observation.path) };
}

/** `container` brings the process's type; the others add to it. A SelinuxProfile cannot do without. */
function blocksOf({ inherit, output }: Options): string[] {
  const named = [...new Set(inherit)].toSorted();
  return (named.length > 0 || output === 'spo') && !named.includes('container') ? ['container', ...named] : named;
}
