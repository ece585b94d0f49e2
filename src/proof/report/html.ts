/** A report as one HTML file: no script, nothing loaded from elsewhere, light and dark. */
import { firstOf } from '#baseline/evidence.ts';
import { duration } from '#observation/duration.ts';
import { htmlText, runsText, timeText } from './markup.ts';
import type { AttackReport, KindReport, Report, SensorReport, WorkloadReport } from './report.ts';

const style = `
:root { color-scheme: light dark; --ink: light-dark(#1c2430, #e4e8ee); --soft: light-dark(#5b6675, #9aa5b4);
  --paper: light-dark(#fff, #14181d); --line: light-dark(#dde2e8, #2c333c); --good: light-dark(#1f7a48, #4cb782);
  --open: light-dark(#a4570b, #e59f4e); --bad: light-dark(#b3261e, #f2786d); --told: light-dark(#2f6fa8, #6aa9e0); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto; max-width: 68rem; padding: 0 1rem; }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem }
table { border-collapse: collapse; width: 100%; margin: .75rem 0 } th { text-align: left; font-weight: 600; color: var(--soft) }
td, th { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
th { white-space: nowrap } .wide { overflow-x: auto }
.bar { display: block; width: 9rem; height: .7rem } .good { fill: var(--good) } .open { fill: var(--open) } .bad { fill: var(--bad) } .told { fill: var(--told) } .rest { fill: var(--line) }
.soft { color: var(--soft) } .word { font-weight: 600 } .proved { color: var(--good) } .refused { color: var(--bad) } .abstained { color: var(--open) }
ul { padding-left: 1.2rem } @media print { body { margin: 0; max-width: none } .wide { overflow-x: visible } }`;

export function reportHtml({ workloads, attacksVersion }: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>kguardian: what is known, written and proved</title>
<style>${style}</style>
</head>
<body>
<h1>What is known, written and proved</h1>
${table(
  ['workload', 'observed', 'runs', 'lost', 'kinds proved', `attacks stopped (list ${attacksVersion})`],
  workloads.map((each, at) => overview(each, at)),
)}
${workloads.map((each, at) => section(each, at)).join('\n')}
</body>
</html>
`;
}

/** Cells are HTML. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, all: readonly string[]): string =>
    `<tr>${all.map((each) => `<${tag}>${each}</${tag}>`).join('')}</tr>`;
  // A narrow window moves the table, and no word is broken.
  return `<div class="wide"><table><thead>${cells('th', heads)}</thead><tbody>\n${rows.map((each) => cells('td', each)).join('\n')}\n</tbody></table></div>`;
}

/** Parts of a whole side by side, each with its class; what is left over is the rest. */
function bar(parts: readonly (readonly [count: number, colour: string])[], all: number, label: string): string {
  let at = 0;
  const boxes = parts.map(([count, colour]) => {
    const width = all === 0 ? 0 : (count / all) * 100;
    const box = `<rect class="${colour}" x="${at.toFixed(2)}" width="${width.toFixed(2)}" height="10"/>`;
    at += width;
    return box;
  });
  return `<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="${htmlText(label)}"><rect class="rest" width="100" height="10"/>${boxes.join('')}</svg>`;
}

function overview(each: WorkloadReport, at: number): string[] {
  const proved = each.kinds.filter(({ state }) => state === 'proved').length;
  const lost = each.sensors.reduce((sum, sensor) => sum + sensor.lost, 0);
  return [
    `<a href="#w${at}">${htmlText(each.name)}</a>`,
    `${timeText(each.from)}<br><span class="soft">for ${duration(each.to - each.from)}</span>`,
    String(each.runs),
    lost === 0 ? '0' : `<span class="refused">${lost}</span>`,
    `${proved} of ${each.kinds.length}`,
    each.attacks === null ? '–' : attackBar(each.attacks),
  ];
}

function attackBar({ stopped, told, unknown, all }: AttackReport): string {
  const label = `${stopped} of ${all} stopped, ${told} told of, ${unknown} unknown`;
  return `${bar(
    [
      [stopped, 'good'],
      [told, 'told'],
      [unknown, 'open'],
    ],
    all,
    label,
  )}<span class="soft">${label}</span>`;
}

function section(
  { name, runs, fromStart, complete, sensors, kinds, attacks, from, to }: WorkloadReport,
  at: number,
): string {
  return `<h2 id="w${at}">${htmlText(name)}</h2>
<p>Observed from ${timeText(from)} to ${timeText(to)} (${duration(to - from)}), in ${runsText(runs)}: ${fromStart} from the first instruction on, ${complete} to the end.</p>
${table(
  ['sensor', 'ran in', 'lost', 'does not see'],
  sensors.map((each) => sensorRow(each, runs)),
)}
${table(['kind', 'state', 'replay of what was observed', 'permissions', 'stops alone', 'tells of'], kinds.map(kindRow))}
${list(kinds.flatMap(({ kind, notes }) => notes.map((note) => `${kind}: ${note}`)))}
${attacks === null ? '' : `<p>${attackBar(attacks)}</p>\n${left(attacks)}`}`;
}

function sensorRow({ sensor, ran, lost, gaps }: SensorReport, runs: number): string[] {
  return [
    sensor,
    `${bar([[ran, 'good']], runs, `${ran} of ${runsText(runs)}`)}<span class="soft">${ran} of ${runs}</span>`,
    String(lost),
    gaps.length === 0 ? '–' : htmlText(gaps.join('; ')),
  ];
}

function kindRow({
  kind,
  state,
  reason,
  files,
  allowed,
  denied,
  unknown,
  permissions,
  stopped,
  told,
}: KindReport): string[] {
  const all = allowed + denied + unknown;
  const replayed = `${allowed} of ${all} allowed${denied > 0 ? `, ${denied} refused` : ''}${unknown > 0 ? `, ${unknown} unknown` : ''}`;
  const parts = [
    [allowed, 'good'],
    [unknown, 'open'],
    [denied, 'bad'],
  ] as const;
  return [
    `<span class="word">${kind}</span><br><span class="soft">${htmlText(firstOf(files, 3))}</span>`,
    `<span class="${state}">${state}</span>${reason === null ? '' : `<br>${htmlText(reason)}`}`,
    state === 'proved' ? `${bar(parts, all, replayed)}<span class="soft">${replayed}</span>` : '–',
    permissions === null
      ? '–'
      : `${permissions.observed} observed<br><span class="soft">${permissions.grounded} with another reason, ${permissions.bare} with none</span>`,
    stopped === null ? '–' : String(stopped),
    told === null ? '–' : String(told),
  ];
}

function left({ left: all }: AttackReport): string {
  return list(all.map(({ title, source, outcome }) => `${outcome}: ${title} (${source})`));
}

function list(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((each) => `<li>${htmlText(each)}</li>`).join('')}</ul>`;
}
