import { duration } from '#observation/duration.ts';
import type { Recording } from '#observation/recording.ts';
import { readRecordings } from '../recording-files.ts';
import { columns, count } from '../story.ts';

export async function inspect(file: string, { output }: { readonly output: 'table' | 'json' }): Promise<void> {
  for (const recording of await readRecordings([file])) {
    process.stdout.write(output === 'json' ? `${JSON.stringify(summary(recording))}\n` : table(recording));
  }
}

function summary({ header, containers, observations, coverage, end }: Recording) {
  const counts: Record<string, number> = {};
  for (const { type } of observations) counts[type] = (counts[type] ?? 0) + 1;
  return {
    by: header.by,
    node: header.node,
    started: new Date(header.started).toISOString(),
    ended: end === null ? null : new Date(end.ended).toISOString(),
    complete: end !== null,
    containers,
    observations: counts,
    coverage,
  };
}

function table(recording: Recording): string {
  const { header, containers, coverage, end } = recording;
  const facts = Object.entries(summary(recording).observations).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const window =
    end === null
      ? 'cut before its end: what happened after the last line is not here'
      : `ended after ${duration(end.ended - header.started)}`;
  const gaps = coverage.flatMap(({ sensor, gaps: each }) => each.map((gap) => [sensor, gap]));
  return `${[
    `${header.by}, Linux ${header.node.kernel} ${header.node.arch}, cgroups ${header.node.cgroups}`,
    `started ${new Date(header.started).toISOString()}, ${window}`,
    '',
    columns(
      ['WORKLOAD', 'CONTAINER', 'FROM START', 'COMMAND'],
      containers.map((each) => [
        each.workload,
        each.name,
        each.fromStart ? 'yes' : 'no',
        each.command?.join(' ') ?? '-',
      ]),
    ),
    '',
    columns(
      ['SENSOR', 'STATE', 'LOST', 'HOOKS'],
      coverage.map((each) => [each.sensor, each.state, String(each.lost), each.hook]),
    ),
    ...(gaps.length > 0 ? ['', columns(['SENSOR', 'DOES NOT SEE'], gaps)] : []),
    '',
    columns(
      ['OBSERVED', 'FACTS'],
      facts.map(([type, number]) => [type, String(number)]),
    ),
    count(recording.observations.length, 'fact'),
  ].join('\n')}\n`;
}
