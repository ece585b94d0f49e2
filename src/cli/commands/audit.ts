/** `kguardian audit <kind>`: what policies, deployed or not yet, would have let through and refused of what was recorded. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Recording } from '#observation/recording.ts';
import { printable } from '#observation/text.ts';
import type { Evaluator, PolicyKind } from '#policies/kind.ts';
import { audit, type Audit, type Audited } from '#proof/audit.ts';
import { evaluatorOf } from '../artifacts.ts';
import { type OpenCluster, openCluster } from '../cluster/open.ts';
import { type EvidenceFlags, findEvidence, onlySelected } from '../evidence.ts';
import { Failure } from '../failure.ts';
import { policiesInForce } from '../policies-in-force.ts';
import { columns, count, hideProgress, showProgress, tell } from '../story.ts';
import { milliseconds } from '../times.ts';

export interface AuditFlags extends EvidenceFlags {
  readonly filename?: readonly string[];
  readonly output: 'table' | 'json';
  readonly failOn?: 'deny' | 'unknown';
  readonly watch?: boolean;
  readonly interval: string;
}

/** Exit code 1 for what `--fail-on` names. */
export async function auditKind(
  kind: PolicyKind,
  workload: string | undefined,
  given: Record<string, unknown> & AuditFlags,
): Promise<void> {
  const fromFiles = (given.from ?? []).length > 0 || given.flows !== undefined;
  if (fromFiles && given.watch === true)
    throw new Failure('--watch asks a broker for what comes in; a recording in a file does not change');
  const flags = workload === undefined && !fromFiles && given.selector === undefined ? { ...given, all: true } : given;
  const cluster = fromFiles ? null : openCluster(flags, 'a recording with --from FILE');
  try {
    const { text, said } = await policiesInForce(kind, given.filename ?? [], cluster?.api() ?? null);
    const wants = { objects: kind.cluster === 'required', since: false };
    const found = await findEvidence(workload, flags, wants);
    const evaluator = evaluatorOf(given.filename?.[0] ?? 'the deployed policies', text, kind, given, found.cluster);
    const result = audit(evaluator, onlySelected(found));
    print(result.rows, given.output);
    tell(`${sums(result)}; judged by ${said}`);
    if (failing(result, given.failOn)) process.exitCode = 1;
    if (given.watch === true && cluster !== null) await watch({ kind, workload, flags, cluster, shown: result });
  } finally {
    cluster?.close();
  }
}

function print(rows: readonly Audited[], output: AuditFlags['output'], heads = true): void {
  if (output === 'json') {
    for (const { first, last, ...row } of rows)
      process.stdout.write(
        `${JSON.stringify({ ...row, first: new Date(first).toISOString(), last: new Date(last).toISOString() })}\n`,
      );
    return;
  }
  if (rows.length === 0) return;
  const cells = rows.map(({ about, verdict, count: seen, last, rule }) => [
    verdict,
    about,
    String(seen),
    `${new Date(last).toISOString().slice(0, 19)}Z`,
    rule,
  ]);
  const text = heads
    ? columns(['VERDICT', 'WHAT', 'SEEN', 'LAST', 'RULE'], cells)
    : cells.map((row) => row.map(printable).join('   ')).join('\n');
  process.stdout.write(`${text}\n`);
}

function sums({ rows, notGoverned }: Audit): string {
  const of = (verdict: string): number => rows.filter((row) => row.verdict === verdict).length;
  const open = notGoverned === 0 ? '' : `, ${count(notGoverned, 'observation')} that no policy has a say about`;
  return `${of('allow')} allowed, ${of('deny')} refused, ${of('unknown')} unknown${open}`;
}

function failing({ rows }: Audit, failOn: AuditFlags['failOn']): boolean {
  const bad = failOn === 'unknown' ? ['deny', 'unknown'] : failOn === 'deny' ? ['deny'] : [];
  return rows.some(({ verdict }) => bad.includes(verdict));
}

interface Watched {
  readonly kind: PolicyKind;
  readonly workload: string | undefined;
  readonly flags: Record<string, unknown> & AuditFlags;
  readonly cluster: OpenCluster;
  readonly shown: Audit;
}

/** Pods come and go, and so do policies: both are read again after this time. */
const refreshMs = 60_000;
/** How far back a round asks: what agents send may take so long, and repeats are not written more often. */
const overlapMs = 120_000;

/** What is new, or was seen again, until somebody ends us. */
async function watch({ kind, workload, flags, cluster, shown }: Watched): Promise<void> {
  const every = milliseconds('--interval', flags.interval);
  const keyOf = ({ about, verdict, rule }: Audited): string => JSON.stringify([about, verdict, rule]);
  const last = new Map(shown.rows.map((row) => [keyOf(row), row.last]));
  const scopes = await cluster.scopes(workload);
  const broker = await cluster.broker();
  let read: { readonly at: number; readonly evaluator: Evaluator } | null = null;
  for (;;) {
    showProgress(`watching, ${count(last.size, 'line')} so far`);
    await sleep(every);
    if (read === null || Date.now() - read.at > refreshMs) {
      const { text } = await policiesInForce(kind, flags.filename ?? [], cluster.api());
      const objects = kind.cluster === 'required' ? await cluster.objects() : null;
      read = { at: Date.now(), evaluator: evaluatorOf('the policies', text, kind, flags, objects) };
    }
    const since = new Date(Date.now() - overlapMs - every).toISOString();
    const recordings: Recording[] = [];
    for (const scope of scopes) recordings.push(...(await broker.recordings({ ...scope, since })));
    const news = audit(read.evaluator, recordings).rows.filter((row) => row.last > (last.get(keyOf(row)) ?? 0));
    for (const row of news) last.set(keyOf(row), row.last);
    hideProgress();
    print(news, flags.output, false);
  }
}
