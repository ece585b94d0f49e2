/** `kguardian score`: which of the listed attacks artifacts stop or tell of, each and all together. */
import type { Container, Recording } from '#observation/recording.ts';
import { attacksVersion } from '#proof/attacks/index.ts';
import { anyProgram, score, type Outcome, type Scored } from '#proof/score.ts';
import { type ArtifactFile, readArtifacts } from '../artifacts.ts';
import { type EvidenceFlags, findEvidence, onlySelected } from '../evidence.ts';
import { Failure } from '../failure.ts';
import { columns, count, tell } from '../story.ts';

interface Flags extends EvidenceFlags {
  readonly workload?: string;
  readonly kind?: string;
  readonly arch: 'x86_64' | 'aarch64';
  readonly program?: string;
  readonly failUnder?: string;
  readonly output: 'table' | 'wide' | 'json';
}

/** Exit code 1 when fewer are stopped than `--fail-under` says. */
export async function scoreArtifacts(files: readonly string[], flags: Flags): Promise<void> {
  const artifacts = await readArtifacts(files, flags.kind);
  const least = flags.failUnder === undefined ? 0 : Number(flags.failUnder);
  if (!Number.isInteger(least) || least < 0)
    throw new Failure(`--fail-under takes a number of attacks, not ${JSON.stringify(flags.failUnder)}`);
  const objects = artifacts.some(({ kind }) => kind.cluster === 'required');
  const asked = objects || (flags.from ?? []).length > 0;
  const found = asked ? await findEvidence(flags.workload, flags, { objects, since: false }) : null;
  const by = containerOf(found === null ? [] : onlySelected(found), flags.workload);
  if (objects && by.pod === undefined)
    throw new Failure('network policies are scored for a pod of a cluster: the recording holds none');
  const evaluators = artifacts.map((artifact) => artifact.evaluator(found?.cluster ?? null));
  const rows = score(evaluators, { arch: flags.arch, by, program: flags.program ?? anyProgram });
  print(rows, artifacts, flags.output);
  const stopped = rows.filter(({ all }) => all.outcome === 'stopped').length;
  const of = (wanted: Outcome['outcome']): number => rows.filter(({ all }) => all.outcome === wanted).length;
  const alerted = evaluators.some(({ alerts }) => alerts === true) ? `${of('told')} told of by alerts, ` : '';
  tell(
    `${stopped} of ${count(rows.length, 'attack')} stopped, ${alerted}${of('unknown')} unknown, ${of('open')} open (list ${attacksVersion})`,
  );
  if (stopped < least) process.exitCode = 1;
}

/** Whose code the attacker runs. */
function containerOf(recordings: readonly Recording[], workload: string | undefined): Container {
  const all = recordings.flatMap(({ containers }) => containers);
  const names = [...new Set(all.map((each) => `${each.pod?.namespace ?? ''}/${each.workload}/${each.name}`))];
  if (names.length > 1)
    throw new Failure(
      `the recording holds ${count(names.length, 'container')}; name one with ${workload === undefined ? '-w WORKLOAD' : '-c CONTAINER'}`,
    );
  return (
    all[0] ?? { type: 'container', id: 'attacked', workload: 'attacked', name: 'attacked', started: 0, fromStart: true }
  );
}

function print(rows: readonly Scored[], artifacts: readonly ArtifactFile[], output: Flags['output']): void {
  if (output === 'json') {
    for (const { attack, each, all } of rows) {
      const { id, title, source } = attack;
      const by = Object.fromEntries(each.map((outcome, at) => [artifacts[at]?.name ?? '', outcome]));
      process.stdout.write(`${JSON.stringify({ list: attacksVersion, id, title, source, artifacts: by, ...all })}\n`);
    }
    return;
  }
  const several = artifacts.length > 1;
  const heads = artifacts.map(({ kind }) => kind.name.toUpperCase());
  const word = ({ outcome }: Outcome): string => outcome;
  const lines = rows
    .filter(({ all }) => output === 'wide' || all.outcome !== 'stopped')
    .map(({ attack, each, all }) => [
      attack.id,
      attack.title,
      ...(several ? each.map(word) : []),
      word(all),
      ...(output === 'wide' ? [attack.source, all.rule ?? '-'] : [attack.source]),
    ]);
  const columnHeads = [
    'ATTACK',
    'WHAT',
    ...(several ? heads : []),
    several ? 'TOGETHER' : 'OUTCOME',
    'SOURCE',
    ...(output === 'wide' ? ['RULE'] : []),
  ];
  if (lines.length > 0) process.stdout.write(`${columns(columnHeads, lines)}\n`);
  if (several)
    for (const [at, { name }] of artifacts.entries()) {
      const of = (wanted: Outcome['outcome']): number => rows.filter(({ each }) => each[at]?.outcome === wanted).length;
      tell(`${name}: ${of('stopped')} stopped${of('told') > 0 ? `, ${of('told')} told of` : ''}`);
    }
}
