/** Recording a command of this host from a test. */
import { fold } from '#baseline/fold.ts';
import type { Baseline } from '#baseline/baseline.ts';
import { record, type Recorded } from '#agent/record.ts';
import type { Observation, ObservationOf } from '#observation/observation.ts';
import { readRecording } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import { writeRecording } from '#observation/writing.ts';

export interface HostRecording {
  readonly recording: Recording;
  readonly exit: Recorded['exit'];
  /** The observations of one type. */
  readonly of: <T extends Observation['type']>(type: T) => ObservationOf<T>[];
  /** Everything lost, over all sensors. */
  readonly lost: number;
}

/** Records until the command and its children have ended, at most a minute. */
export async function recordCommand(
  argv: readonly [string, ...string[]],
  during?: () => Promise<void>,
): Promise<HostRecording> {
  const stop = new AbortController();
  let meanwhile: Promise<void> = Promise.resolve();
  const recorded = await record({
    target: { type: 'command', argv, stdout: 'ignore' },
    name: 'test',
    by: 'test',
    signal: stop.signal,
    durationMs: 60_000,
    onReady() {
      if (during === undefined) return;
      meanwhile = during().finally(() => stop.abort());
      meanwhile.catch(() => undefined);
    },
  });
  await meanwhile;
  return hostRecording(recorded);
}

export async function hostRecording({ lines, exit }: Recorded): Promise<HostRecording> {
  const recording = await readRecording(writeRecording(lines));
  return {
    recording,
    exit,
    of: <T extends Observation['type']>(type: T) =>
      recording.observations.filter((each): each is ObservationOf<T> => each.type === type),
    lost: recording.coverage.reduce((sum, each) => sum + each.lost, 0),
  };
}

export function baselineOf({ recording }: HostRecording): Baseline {
  const [baseline] = fold([recording]);
  if (baseline === undefined) throw new Error('nothing was recorded');
  return baseline;
}
