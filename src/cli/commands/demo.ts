/**
 * `kguardian demo`: the main job on a real workload. Where this machine allows no recording, the bundled
 * recording of the same nginx takes its place, and the table says so.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fold } from '#baseline/fold.ts';
import type { Line, Recording } from '#observation/recording.ts';
import { readRecording } from '#observation/reading.ts';
import { writeRecording } from '#observation/writing.ts';
import { kinds } from '#policies/index.ts';
import { explain } from '#proof/explain.ts';
import { evaluatorOf } from '../artifacts.ts';
import { enforce, type Enforcement } from '../demo/enforcement.ts';
import { prepareNginx, untilServing, visitAll } from '../demo/nginx.ts';
import { whyNot } from '../demo/possible.ts';
import { bundledRecording, readRecordings, writeRecordingFile } from '../recording-files.ts';
import { writeAtomically } from '../output-files.ts';
import { columns, count, tell } from '../story.ts';
import { generateAll } from './gen.ts';
import { recordNow } from './record.ts';

interface Flags {
  readonly outputDir: string;
  readonly recording?: string;
}

/** Whoever interrupts it finds no nginx, no container and no temporary folder left; the second time it ends at once. */
export async function demo(flags: Flags): Promise<void> {
  const stop = new AbortController();
  let by: NodeJS.Signals | null = null;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      by = signal;
      stop.abort();
    });
  try {
    await show(flags, stop.signal);
  } finally {
    if (by !== null) process.kill(process.pid, by);
  }
}

async function show({ outputDir, recording: given }: Flags, interrupted: AbortSignal): Promise<void> {
  const rows: [string, string][] = [];
  const obstacle = given === undefined ? await whyNot.record() : null;
  let recording: Recording;
  if (given !== undefined || obstacle !== null) {
    const file = given ?? bundledRecording;
    if (obstacle !== null) tell(`cannot record here: ${obstacle}; going on with the bundled recording of a real nginx`);
    recording = (await readRecordings([file]))[0] as Recording;
    rows.push([
      'recorded',
      obstacle === null
        ? `nothing now: ${file} was given`
        : `nothing now (${obstacle}): a bundled real recording was used`,
    ]);
  } else {
    recording = await recordNginx(outputDir, interrupted);
    const counts = Map.groupBy(recording.observations, ({ type }) => type);
    const parts = [...counts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([type, facts]) => `${facts.length} ${type}`);
    rows.push(['recorded', parts.join(', ')]);
  }
  interrupted.throwIfAborted();
  const written = await writePolicies(recording, outputDir, rows);
  const lost = recording.coverage.reduce((sum, each) => sum + each.lost, 0);
  const blind = recording.coverage.filter(({ state }) => state === 'unavailable').map(({ sensor }) => sensor);
  rows.push(['lost', `${count(lost, 'fact')}${blind.length > 0 ? `; not recorded: ${blind.join(', ')}` : ''}`]);
  interrupted.throwIfAborted();
  const profile = written.get('seccomp');
  const cannotEnforce = await whyNot.enforce();
  if (profile === undefined || cannotEnforce !== null)
    rows.push(['enforced', `no: ${cannotEnforce ?? 'no seccomp profile'}`]);
  else rows.push(...enforcementRows(await enforce(profile)));
  interrupted.throwIfAborted();
  process.stdout.write(`${columns(['WHAT', 'RESULT'], rows)}\n`);
}

async function recordNginx(outputDir: string, interrupted: AbortSignal): Promise<Recording> {
  const folder = await mkdtemp(join(tmpdir(), 'kguardian-demo-'));
  try {
    const nginx = await prepareNginx(folder);
    const stop = new AbortController();
    tell(`starting nginx on 127.0.0.1:${nginx.port} and recording it`);
    let visits: Promise<void> = Promise.resolve();
    const recorded = await recordNow(
      { type: 'command', argv: nginx.argv, stdout: 'ignore' },
      'nginx',
      AbortSignal.any([stop.signal, interrupted]),
      60_000,
      () => {
        visits = drive().finally(() => stop.abort());
        // Awaited below; until then a failure must not end the process.
        visits.catch(() => undefined);
      },
    );
    async function drive(): Promise<void> {
      await untilServing(nginx, 10_000);
      for (let round = 0; round < 3; round += 1) {
        const { right, of, wrong } = await visitAll(nginx);
        if (wrong !== null) throw new Error(`nginx answered ${right} of ${of} requests as expected: ${wrong}`);
      }
    }
    interrupted.throwIfAborted();
    await visits;
    const lines: readonly Line[] = recorded.lines;
    await writeRecordingFile(join(outputDir, 'nginx.jsonl.zst'), lines);
    return await readRecording(writeRecording(lines));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes what every kind gives; the texts by kind. */
async function writePolicies(
  recording: Recording,
  outputDir: string,
  rows: [string, string][],
): Promise<Map<string, string>> {
  const written = new Map<string, string>();
  const baselines = fold([recording]);
  // What runs on this host is no pod of a cluster.
  for (const kind of kinds.filter((each) => each.cluster === 'unused')) {
    const options = kind.options.parse({});
    for (const { artifact, proof } of generateAll(kind, baselines, options, [recording], null)) {
      const file = join(outputDir, artifact.path);
      await writeAtomically(file, artifact.text);
      written.set(kind.name, artifact.text);
      if (artifact.wider !== undefined)
        rows.push(['written', `${file}: the same in a form that can only say it wider`]);
      else {
        const explained = explain(evaluatorOf(file, artifact.text, kind, options), [recording]);
        const evident = explained.filter(({ evidence }) => evidence !== null).length;
        rows.push([
          'written',
          `${file}: ${count(explained.length, 'permission')}, ${evident} observed, ${explained.length - evident} for the runtime`,
        ]);
      }
      rows.push([
        'proved',
        `${kind.name}: replay allows ${proof.allowed} of ${proof.allowed + proof.denied + proof.unknown} observations`,
      ]);
    }
  }
  return written;
}

function enforcementRows({ served, of, refused, without }: Enforcement): [string, string][] {
  return [
    ['enforced', `nginx in runc under the profile: ${served} of ${of} requests answered as before`],
    ['refused', `symlink, which nginx never called: ${refused} under the profile; ${without} without it`],
  ];
}
