/** `kguardian audit pss`: the level of pods and templates, what stricter levels refuse, and what is known of the way there. */
import { stringify } from 'yaml';
import type { Baseline } from '#baseline/baseline.ts';
import { fold } from '#baseline/fold.ts';
import { placesIn } from '#posture/documents.ts';
import { audit, type Audited, observations } from '#posture/pss/audit.ts';
import { violationText } from '#posture/pss/evaluate.ts';
import { type Level, levels } from '#posture/pss/level.ts';
import { UnreadablePod } from '#posture/pss/pod.ts';
import { remedyText, type Row, rowObject, sourceText, type Unread } from '#posture/pss/report/finding.ts';
import { junit } from '#posture/pss/report/junit.ts';
import { sarif } from '#posture/pss/report/sarif.ts';
import { openCluster } from '../../cluster/open.ts';
import { type EvidenceFlags, findEvidence } from '../../evidence.ts';
import { Failure } from '../../failure.ts';
import { readRecordings } from '../../recording-files.ts';
import { columns, count, tell } from '../../story.ts';
import { version as ourVersion } from '../../version.ts';
import { type Found, type Manifests, manifestsIn, manifestsOf } from './manifests.ts';
import { fileTexts } from '../../file-texts.ts';
import { versionFlag } from './version-flag.ts';

export interface AuditFlags extends EvidenceFlags {
  readonly filename?: readonly string[];
  readonly pssVersion: string;
  readonly level: Level;
  readonly output: 'table' | 'json' | 'yaml' | 'sarif' | 'junit';
  readonly failOn?: Level;
}

/** Exit code 1 for what `--fail-on` names, 2 when something could not be read. */
export async function auditPods(name: string | undefined, flags: AuditFlags): Promise<void> {
  const version = versionFlag(flags.pssVersion);
  const { manifests, baselines } = await given(flags);
  const observed = observations(baselines);
  const rows: Row[] = [];
  const unread: Unread[] = [...manifests.unread];
  for (const found of manifests.pods.filter((each) => isNamed(each, name)))
    try {
      const audited = audit(found.source.pod, flags.level, version, observed(found.source));
      const { file, line, source, part } = found;
      rows.push({ file, line, source, audited, lineOf: part === undefined ? undefined : placesIn(part) });
    } catch (error) {
      if (!(error instanceof UnreadablePod)) throw error;
      unread.push({ ...found, what: `${sourceText(found.source)}: ${error.message}` });
    }
  if (name !== undefined && rows.length + unread.length === 0)
    throw new Failure(`nothing that makes pods is called ${JSON.stringify(name)}`);
  const once = distinct(rows);
  print(once, unread, flags);
  told(once, unread, manifests.unknownKinds, baselines);
  if (unread.length > 0) process.exitCode = 2;
  else if (once.some(({ audited }) => isBelow(audited, flags.failOn))) process.exitCode = 1;
}

/** Manifests and what was observed, of files or a cluster. */
export async function given(
  flags: EvidenceFlags & { readonly filename?: readonly string[] },
): Promise<{ manifests: Manifests; baselines: readonly Baseline[] }> {
  const files = flags.filename ?? [];
  if (files.length > 0) return { manifests: manifestsIn(await fileTexts(files)), baselines: await recorded(flags) };
  const cluster = openCluster(flags, 'manifests with -f FILE');
  try {
    const api = cluster.api();
    const manifests = await manifestsOf(api, flags.allNamespaces === true ? null : api.namespace);
    return { manifests, baselines: flags.from === undefined ? await observedInCluster(flags) : await recorded(flags) };
  } finally {
    cluster.close();
  }
}

/** Of recordings in files. */
export async function recorded({ from = [] }: EvidenceFlags): Promise<readonly Baseline[]> {
  return from.length === 0 ? [] : fold(await readRecordings(from));
}

/** Observations are of use and not needed: without a broker the manifests are judged all the same. */
async function observedInCluster(flags: EvidenceFlags): Promise<readonly Baseline[]> {
  try {
    const { recordings } = await findEvidence(undefined, { ...flags, all: true }, { objects: false, since: false });
    return fold(recordings);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    tell(`nothing observed is taken into account: ${error.message}`);
    return [];
  }
}

function isNamed({ source }: Found, name: string | undefined): boolean {
  return name === undefined || source.name === name.split('/').at(-1);
}

/** Replicas and their template, where nothing changed them on the way, are one row. */
function distinct(rows: readonly Row[]): Row[] {
  const seen = new Set<string>();
  return rows.filter((row) => {
    if (row.file !== null) return true;
    const key = JSON.stringify([sourceText(row.source), row.audited.violations.map(violationText)]);
    const known = seen.has(key);
    seen.add(key);
    return !known;
  });
}

function isBelow({ current }: Audited, failOn: Level | undefined): boolean {
  return failOn !== undefined && levels.indexOf(current) < levels.indexOf(failOn);
}

function print(rows: readonly Row[], unread: readonly Unread[], { output, level, pssVersion }: AuditFlags): void {
  process.stdout.write(written(rows, unread, output, `Pod Security Standards ${level}:${pssVersion}`));
}

function written(rows: readonly Row[], unread: readonly Unread[], output: AuditFlags['output'], title: string): string {
  if (output === 'junit') return junit(rows, unread, title);
  if (output === 'sarif') return `${JSON.stringify(sarif(rows, unread, ourVersion), null, 2)}\n`;
  const whole = { pods: rows.map(rowObject), unread };
  if (output === 'json') return `${JSON.stringify(whole, null, 2)}\n`;
  if (output === 'yaml') return stringify(JSON.parse(JSON.stringify(whole)), { lineWidth: 0 });
  if (rows.length === 0) return '';
  const heads = ['POD', 'CURRENT PSS LEVEL', 'RECOMMENDED', 'VIOLATIONS', 'SUGGESTED FIXES'];
  return `${columns(heads, rows.flatMap(lines))}\n`;
}

/** A line for each remedy; what stands in the line above is not repeated. */
function lines({ source, audited }: Row): string[][] {
  const head = [sourceText(source), audited.current, audited.recommended.level];
  if (audited.violations.length === 0) return [[...head, '-', '-']];
  return audited.violations.flatMap((violation, at) => {
    const fixes = audited.plan.remedies.filter(({ check }) => check === violation.check).map(remedyText);
    return (fixes.length === 0 ? ['-'] : fixes).map((fix, nth) => [
      ...(at === 0 && nth === 0 ? head : ['', '', '']),
      nth === 0 ? violationText(violation) : '',
      fix,
    ]);
  });
}

function told(
  rows: readonly Row[],
  unread: readonly Unread[],
  unknownKinds: ReadonlyMap<string, number>,
  baselines: readonly Baseline[],
): void {
  for (const { file, line, what } of unread) tell(`${file ?? 'cluster'}${line === null ? '' : `:${line}`}: ${what}`);
  for (const [what, number] of unknownKinds)
    tell(`not judged, since it is not known to make pods: ${number} × ${what}`);
  const of = (level: Level): number => rows.filter(({ audited }) => audited.current === level).length;
  const watched = rows.filter(({ audited }) => audited.observed).length;
  const evidence = baselines.length === 0 ? '' : `; ${watched} of ${rows.length} were observed`;
  const bad = unread.length === 0 ? '' : `, ${unread.length} could not be read`;
  tell(
    `${count(rows.length, 'pod or template').replace('pod or templates', 'pods or templates')}: ${of('restricted')} restricted, ${of('baseline')} baseline, ${of('privileged')} privileged${bad}${evidence}`,
  );
}
