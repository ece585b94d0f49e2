/** A report as Markdown. */
import { duration } from '#observation/duration.ts';
import { markdownText, runsText, timeText } from './markup.ts';
import type { KindReport, Report, WorkloadReport } from './report.ts';

export function reportMarkdown({ workloads, attacksVersion }: Report): string {
  return [
    '# What is known, written and proved',
    '',
    '| workload | observed | runs | lost | kinds proved | attacks stopped |',
    '|---|---|---|---|---|---|',
    ...workloads.map((each) => overview(each)),
    ...workloads.flatMap((each) => ['', ...section(each, attacksVersion)]),
    '',
  ].join('\n');
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const lostOf = ({ sensors }: WorkloadReport): number => sensors.reduce((sum, { lost }) => sum + lost, 0);

function overview(each: WorkloadReport): string {
  const proved = each.kinds.filter(({ state }) => state === 'proved').length;
  return row([
    markdownText(each.name),
    `${timeText(each.from)}, for ${duration(each.to - each.from)}`,
    String(each.runs),
    String(lostOf(each)),
    `${proved} of ${each.kinds.length}`,
    each.attacks === null ? '–' : `${each.attacks.stopped} of ${each.attacks.all}`,
  ]);
}

function section(each: WorkloadReport, attacksVersion: number): string[] {
  const { name, runs, fromStart, complete, sensors, kinds, attacks } = each;
  return [
    `## ${markdownText(name)}`,
    '',
    `Observed from ${timeText(each.from)} to ${timeText(each.to)} (${duration(each.to - each.from)}), in ${runsText(runs)}: ${fromStart} from the first instruction on, ${complete} to the end.`,
    '',
    '| sensor | ran in | lost | does not see |',
    '|---|---|---|---|',
    ...sensors.map(({ sensor, ran, lost, gaps }) =>
      row([sensor, `${ran} of ${runsText(runs)}`, String(lost), gaps.map(markdownText).join('; ') || '–']),
    ),
    '',
    '| kind | state | replay | permissions | stops alone | tells of |',
    '|---|---|---|---|---|---|',
    ...kinds.map(kindRow),
    ...notes(kinds),
    ...(attacks === null
      ? []
      : [
          '',
          `Of ${attacks.all} listed attacks (list ${attacksVersion}) ${attacks.stopped} are stopped by all kinds together; of the others ${attacks.told} raise an alert, ${attacks.unknown} are unknown.`,
          ...(attacks.left.length === 0 ? [] : ['']),
          ...attacks.left.map(({ title, source, outcome }) => `- ${outcome}: ${title} (${markdownText(source)})`),
        ]),
  ];
}

function kindRow({ kind, state, reason, allowed, denied, unknown, permissions, stopped, told }: KindReport): string {
  const replayed =
    state === 'proved'
      ? `${allowed} of ${allowed + denied + unknown} allowed${unknown > 0 ? `, ${unknown} unknown` : ''}`
      : '–';
  const granted =
    permissions === null
      ? '–'
      : `${permissions.observed} observed, ${permissions.grounded} with another reason, ${permissions.bare} with none`;
  return row([
    kind,
    reason === null ? state : `${state}: ${markdownText(reason)}`,
    replayed,
    granted,
    stopped === null ? '–' : String(stopped),
    told === null ? '–' : String(told),
  ]);
}

function notes(kinds: readonly KindReport[]): string[] {
  const all = kinds.flatMap(({ kind, notes: said }) => said.map((note) => `- ${kind}: ${markdownText(note)}`));
  return all.length === 0 ? [] : ['', ...all];
}
