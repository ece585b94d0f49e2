/** `kguardian record`: its story on standard error, the command's own output where it belongs. */
import { duration } from '#observation/duration.ts';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import type { Recorded, SensorState, Target } from '#agent/record.ts';
import { printable } from '#observation/text.ts';
import { Failure } from '../failure.ts';
import { mayWrite } from '../output-files.ts';
import { writeRecordingFile } from '../recording-files.ts';
import { count, dim, hideProgress, lossText, showProgress, tell } from '../story.ts';
import { milliseconds } from '../times.ts';
import { version } from '../version.ts';

interface Options {
  readonly name?: string;
  readonly output?: string;
  readonly duration?: string;
  readonly pid?: string;
  readonly cgroup?: string;
}

export async function record(argv: readonly string[], options: Options): Promise<void> {
  const target = await targetOf(argv, options);
  const name = options.name ?? nameOf(target);
  const file = options.output ?? `${name.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}.jsonl`;
  const durationMs = options.duration === undefined ? undefined : milliseconds('--duration', options.duration);
  if (file !== '-') await mayWrite(file);
  const stop = new AbortController();
  // The first asks us to end; the command gets it from the terminal as well. The second ends us as usual.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const recorded = await recordNow(target, name, stop.signal, durationMs);
  await writeRecordingFile(file, recorded.lines);
  tellEnd(recorded, file);
}

/** Loads the agent, which needs libbpf, only here. */
export async function recordNow(
  target: Target,
  name: string,
  signal: AbortSignal,
  durationMs?: number,
  onReady?: () => void,
): Promise<Recorded> {
  const agent = await import('#agent/record.ts');
  try {
    return await agent.record({
      target,
      name,
      by: `kguardian ${version}`,
      signal,
      ...(durationMs === undefined ? {} : { durationMs }),
      onReady(sensors) {
        tellSensors(sensors);
        onReady?.();
      },
      onSecond: (elapsed) => showProgress(`recording ${name}, ${duration(elapsed)}`),
    });
  } catch (error) {
    throw new Failure((error as Error).message, 2, error);
  } finally {
    hideProgress();
  }
}

function tellSensors(sensors: readonly SensorState[]): void {
  const ran = sensors.filter(({ available }) => available).map(({ sensor }) => sensor);
  tell(dim(`recording ${ran.join(', ')}`));
  for (const { sensor, available, hook } of sensors) if (!available) tell(`  ${sensor} is not recorded: ${hook}`);
}

function tellEnd({ lines, exit, because }: Recorded, file: string): void {
  const facts = lines.length - 2;
  const lost = lines.reduce((sum, line) => sum + (line.type === 'coverage' ? line.lost : 0), 0);
  if (because === 'duration') tell('ended after the given duration');
  if (exit !== null && ('signal' in exit || exit.code !== 0) && because === 'target ended') {
    tell('signal' in exit ? `the command was ended by ${exit.signal}` : `the command ended with status ${exit.code}`);
    process.exitCode = 1;
  }
  tell(`wrote ${file === '-' ? 'the recording' : printable(file)}: ${count(facts, 'line')}, ${lossText(lost)}`);
}

async function targetOf(argv: readonly string[], { pid, cgroup }: Options): Promise<Target> {
  const [program, ...rest] = argv;
  const given = [program, pid, cgroup].filter((each) => each !== undefined).length;
  if (given !== 1) throw new Failure('give one of: -- COMMAND, --pid PID, --cgroup PATH');
  if (pid !== undefined) {
    if (!/^[1-9]\d{0,9}$/.test(pid)) throw new Failure(`--pid takes a process number, not ${JSON.stringify(pid)}`);
    return { type: 'pid', pid: Number(pid) };
  }
  if (cgroup !== undefined) return { type: 'cgroup', folder: cgroup };
  const command = program ?? '';
  await startable(command);
  return { type: 'command', argv: [command, ...rest], stdout: 'inherit' };
}

/** Said before anything is set up, not by a shell in the middle of it. */
async function startable(command: string): Promise<void> {
  const places = command.includes('/')
    ? [command]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, command));
  let found = false;
  for (const place of places) {
    if (
      await access(place, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return;
    found ||= await access(place).then(
      () => true,
      () => false,
    );
  }
  throw new Failure(`cannot start ${JSON.stringify(command)}: ${found ? 'not executable' : 'no such program'}`);
}

function nameOf(target: Target): string {
  if (target.type === 'command') return basename(target.argv[0]);
  return target.type === 'pid' ? `pid-${target.pid}` : basename(target.folder);
}
