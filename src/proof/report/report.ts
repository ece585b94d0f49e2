/** What is known of each container, what could be written for it, how that was proved, and what attacks are left. */
import type { Baseline } from '#baseline/baseline.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Container, Recording, Sensor } from '#observation/recording.ts';
import type { Evaluator } from '#policies/kind.ts';
import { containerName } from '#policies/names.ts';
import { shortReason, type Unit } from '../everything.ts';
import { beyond, explain } from '../explain.ts';
import { onlyOf } from '../generate.ts';
import { replay } from '../replay.ts';
import { anyProgram, type Outcome, score, type Scored } from '../score.ts';

export interface Report {
  readonly attacksVersion: number;
  readonly workloads: readonly WorkloadReport[];
}

export interface WorkloadReport {
  /** `shop-web-app`, as its files are called. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly runs: number;
  /** Runs that were watched from their first instruction on, and those whose recording has its end. */
  readonly fromStart: number;
  readonly complete: number;
  readonly sensors: readonly SensorReport[];
  readonly kinds: readonly KindReport[];
  /** Null where nothing was written, so that nothing stops anything. */
  readonly attacks: AttackReport | null;
}

export interface SensorReport {
  readonly sensor: Sensor;
  /** Runs in which it ran, of `WorkloadReport.runs`. */
  readonly ran: number;
  readonly lost: number;
  /** What it cannot see here, or why it did not run. */
  readonly gaps: readonly string[];
}

export interface KindReport {
  readonly kind: string;
  readonly state: 'proved' | 'refused' | 'abstained';
  /** Why there is nothing, or what it would refuse. */
  readonly reason: string | null;
  readonly files: readonly string[];
  /** Observations of this container, replayed. */
  readonly allowed: number;
  readonly denied: number;
  readonly unknown: number;
  /** Null where an artifact speaks of others too. */
  readonly permissions: { readonly observed: number; readonly grounded: number; readonly bare: number } | null;
  readonly notes: readonly string[];
  /** Listed attacks that this kind alone stops, or tells of; null where it has not been written. */
  readonly stopped: number | null;
  readonly told: number | null;
}

export interface AttackReport {
  readonly stopped: number;
  /** Not stopped, and an alert is raised. */
  readonly told: number;
  readonly unknown: number;
  readonly all: number;
  /** What is not surely stopped by all kinds together. */
  readonly left: readonly {
    readonly title: string;
    readonly source: string;
    readonly outcome: Exclude<Outcome['outcome'], 'stopped'>;
  }[];
}

export function reportOf(
  units: readonly Unit[],
  recordings: readonly Recording[],
  cluster: Cluster | null,
  attacksVersion: number,
): Report {
  // What is about many workloads is read once.
  const judged = units.flatMap((unit): Judged[] => {
    const evaluator = evaluatorOf(unit, cluster);
    return [...Map.groupBy(unit.baselines, containerName)].flatMap(([name, [baseline]]) =>
      baseline === undefined ? [] : [{ name, unit, baseline, evaluator }],
    );
  });
  const named = Map.groupBy(judged, ({ name }) => name);
  const workloads = [...named].map(([name, own]) => workloadOf(name, own, recordings));
  return { attacksVersion, workloads: workloads.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

interface Judged {
  readonly name: string;
  readonly unit: Unit;
  readonly baseline: Baseline;
  readonly evaluator: Evaluator | null;
}

/** `judged` are the kinds about one container: its baseline is the same in each. */
function workloadOf(name: string, judged: readonly Judged[], recordings: readonly Recording[]): WorkloadReport {
  const [first] = judged;
  if (first === undefined) throw new Error('a group has a member');
  const { baseline } = first;
  const { instances, coverage } = baseline;
  const own = recordings.map((recording) => onlyOf({ baselines: [baseline] }, recording));
  const by = own.flatMap(({ containers }) => containers)[0];
  const evaluators = judged.flatMap(({ evaluator }) => (evaluator === null ? [] : [evaluator]));
  const rows = by === undefined || evaluators.length === 0 ? null : scored(evaluators, by, baseline);
  let at = 0;
  return {
    name,
    from: Math.min(...instances.map(({ started }) => started), ...coverage.map((each) => each.from)),
    to: Math.max(...instances.map(({ started }) => started), ...coverage.map((each) => each.to)),
    runs: instances.length,
    fromStart: instances.filter((each) => each.fromStart).length,
    complete: instances.filter((each) => each.complete).length,
    sensors: sensorsOf(baseline),
    kinds: judged.map(({ unit, evaluator }) => {
      const column = evaluator === null ? null : at++;
      const of = (wanted: Outcome['outcome']): number | null =>
        rows === null || column === null ? null : rows.filter(({ each }) => each[column]?.outcome === wanted).length;
      return kindOf(unit, evaluator, own, { stopped: of('stopped'), told: of('told') });
    }),
    attacks: rows === null ? null : attacksOf(rows),
  };
}

function scored(evaluators: readonly Evaluator[], by: Container, { instances }: Baseline): Scored[] {
  return score(evaluators, { arch: instances[0]?.arch ?? 'x86_64', by, program: anyProgram });
}

/** All that decides together, as one; of several forms of the same the first. */
function evaluatorOf({ kind, proved }: Unit, cluster: Cluster | null): Evaluator | null {
  if (proved.type !== 'proved') return null;
  const judged = proved.artifacts.flatMap(({ artifact }) => (artifact.judged === false ? [] : [artifact.text]));
  const text = kind.unit === 'cluster' ? judged.join('') : (judged[0] ?? '');
  return kind.evaluator(text, {}, cluster);
}

function sensorsOf({ instances, coverage }: Baseline): SensorReport[] {
  return [...Map.groupBy(coverage, ({ sensor }) => sensor)]
    .map(([sensor, all]): SensorReport => {
      const ran = new Set(all.filter(({ state }) => state === 'ran').map(({ instance }) => instance));
      const gaps = all.flatMap((each) => (each.state === 'ran' ? each.gaps : [`not recorded: ${each.hook}`]));
      return {
        sensor,
        ran: instances.filter(({ id }) => ran.has(id)).length,
        lost: all.reduce((sum, { lost }) => sum + lost, 0),
        gaps: [...new Set(gaps)].toSorted(),
      };
    })
    .toSorted((a, b) => (a.sensor < b.sensor ? -1 : 1));
}

function kindOf(
  { kind, proved }: Unit,
  evaluator: Evaluator | null,
  own: readonly Recording[],
  attacks: Pick<KindReport, 'stopped' | 'told'>,
): KindReport {
  const none = { files: [], allowed: 0, denied: 0, unknown: 0, permissions: null, notes: [], ...attacks };
  if (proved.type === 'abstained')
    return { ...none, kind: kind.name, state: 'abstained', reason: shortReason(proved.reason) };
  const files = proved.artifacts.map(({ artifact }) => artifact.path);
  if (proved.type === 'refused' || evaluator === null)
    return {
      ...none,
      kind: kind.name,
      state: 'refused',
      reason: `would refuse what was observed: ${files.join(', ')}`,
    };
  const { allowed, denied, unknown } = replay(evaluator, own);
  const explained = kind.unit === 'container' ? explain(evaluator, own) : null;
  const idle = explained === null ? null : beyond(explained);
  return {
    kind: kind.name,
    state: 'proved',
    reason: null,
    files,
    ...{ allowed, denied, unknown },
    permissions:
      explained === null || idle === null
        ? null
        : {
            observed: explained.length - idle.grounded.length - idle.ungrounded.length,
            grounded: idle.grounded.length,
            bare: idle.ungrounded.length,
          },
    notes: proved.notes,
    ...attacks,
  };
}

function attacksOf(rows: readonly Scored[]): AttackReport {
  const of = (wanted: string): Scored[] => rows.filter(({ all }) => all.outcome === wanted);
  const left = rows.flatMap(({ attack: { title, source }, all: { outcome } }) =>
    outcome === 'stopped' ? [] : [{ title, source, outcome }],
  );
  return {
    stopped: of('stopped').length,
    told: of('told').length,
    unknown: of('unknown').length,
    all: rows.length,
    left,
  };
}
