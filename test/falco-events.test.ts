/**
 * Falco's rules and their judge against real events: an engine of 2022 (Debian's sysdig, with its kernel module in the
 * lab's guest) sees two containers start, work and be attacked.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { fold } from '#baseline/fold.ts';
import { everything, made, onHost, recording, shop } from '#policies/falco/facts.cases.ts';
import { falco } from '#policies/falco/index.ts';
import { matcherOf } from '#policies/falco/judge/match.ts';
import { readCondition } from '#policies/falco/language/condition.ts';
import { anyProgram, score } from '#proof/score.ts';
import { triable } from './attack-tries.ts';
import { expected, older } from './falco-events-expected.ts';
import { fieldsAsked, randomConditions } from './falco-events-random.ts';
import {
  askable,
  capture,
  type Event,
  events,
  fieldsIn,
  holding,
  ids,
  marks,
  type Name,
  question,
  recorded,
  shortId,
} from './falco-events.ts';
import { withoutCapture } from './scap.ts';

const skip = withoutCapture();
const folder = mkdtempSync(join(tmpdir(), 'kguardian-falco-events-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const names: readonly Name[] = ['web', 'worker'];

async function prepared() {
  const capturing = capture(folder);
  const own = [];
  for (const name of names) {
    const recording = await recorded(name, folder);
    const [baseline] = fold([recording]);
    const [by] = recording.containers;
    assert.ok(baseline && by);
    const generated = falco.generate({ baselines: [baseline], cluster: null }, falco.options.parse({}));
    assert.ok(generated.type === 'artifacts', JSON.stringify(generated));
    own.push({ name, by, rules: generated.artifacts[0]?.text ?? '' });
  }
  return { file: await capturing, own };
}

/** Rules that speak of the same pod, and of what runs beside it, where nothing like it was recorded: they tell of much. */
const strange = (): string[] =>
  [shop, { ...onHost, workload: 'host', name: 'host' }].map(
    (by) => made(recording(everything, by)).artifacts[0]?.text ?? '',
  );
let once: ReturnType<typeof prepared> | null = null;
const ready = (): ReturnType<typeof prepared> => (once ??= prepared());

/** A file with one of the rules alone. */
function alone(rules: string, rule: string): string {
  const items = rules.split(/\n\n(?=- )/);
  return items.filter((item) => !item.startsWith('- rule:') || item.startsWith(`- rule: "${rule}"\n`)).join('\n\n');
}

const told = { deny: true, allow: false, unknown: null } as const;

test('the capture lost nothing, and holds thousands of events of the containers', {
  skip,
  timeout: 300_000,
}, async () => {
  const { file } = await ready();
  assert.match(readFileSync(join(file, '../capture'), 'utf8'), /^Driver Drops:0$/m);
  for (const [name, least] of [
    ['web', 3000],
    ['worker', 2000],
    ['stranger', 100],
  ] as const) {
    const found = await events(file, [], `evt.dir = < and container.id = ${shortId(ids[name])}`);
    const types = new Set(found.map((each) => each['evt.type']));
    assert.ok(found.length > least && types.size > 20, `${name}: ${found.length} events of ${types.size} types`);
  }
});

interface Asked {
  readonly event: Event;
  readonly query: ReturnType<typeof question>;
  /** The same for events that differ in nothing that is asked for. */
  readonly alike: string;
}

/** Of the containers, and of what runs beside them what rules are about. */
async function asked(file: string, fields: readonly string[], direction: '<' | '>'): Promise<Asked[]> {
  const about = 'container.id != host or evt.type in (execve, open, openat, connect, mount, socket)';
  const found = await events(
    file,
    fields.filter((field) => field !== 'evt.dir'),
    `evt.dir = ${direction} and (${about})`,
  );
  return found.map((event) => ({
    event,
    query: question(event),
    alike: JSON.stringify({ ...event, 'evt.num': null }),
  }));
}

test('each rule: our judge says of every event what the engine does', { skip, timeout: 300_000 }, async (t) => {
  const { file, own } = await ready();
  const counted = { asked: 0, told: 0, rules: 0 };
  const open = new Map<string, number>();
  const files = [...own.map((each) => each.rules), ...strange()].map((rules) => ({ rules, all: askable(rules) }));
  const fields = files.flatMap(({ all }) => all.flatMap(({ condition }) => fieldsIn(condition)));
  const seen = { '<': await asked(file, fields, '<'), '>': await asked(file, fields, '>') };
  for (const { rules, all } of files)
    for (const { rule, condition, direction } of all) {
      const judge = falco.evaluator(alone(rules, rule));
      const holds = await holding(file, condition);
      const wrong: string[] = [];
      const known = new Map<string, boolean | null>();
      for (const { event, query, alike } of seen[direction]) {
        const verdict = known.get(alike) ?? told[judge.answer(query).verdict];
        known.set(alike, verdict);
        const engine = holds.has(Number(event['evt.num']));
        counted.asked += 1;
        if (engine) counted.told += 1;
        if (verdict === null) open.set(rule, (open.get(rule) ?? 0) + 1);
        else if (verdict !== engine) wrong.push(`engine ${engine}, ours ${verdict}: ${JSON.stringify(event)}`);
      }
      assert.deepEqual(wrong.slice(0, 3), [], `${rule}: ${wrong.length} wrong`);
      counted.rules += 1;
    }
  t.diagnostic(JSON.stringify(counted));
  assert.deepEqual([...open], []);
  assert.ok(counted.rules === 40 && counted.asked > 200_000 && counted.told > 300, JSON.stringify(counted));
});

/** Of which rules each event is told, by number. */
async function alerts(file: string, rules: string): Promise<Map<number, Set<string>>> {
  const found = new Map<number, Set<string>>();
  for (const { rule, condition } of askable(rules))
    for (const number of await holding(file, condition)) {
      const of = found.get(number) ?? new Set();
      found.set(number, of.add(rule.replace(/ in .*/, '')));
    }
  return found;
}

/** In this engine alone what runtimes run as a copy of themselves is called so; today's resolve it. */
const unresolved = '/proc/self/exe';

test('the rules are silent about the workloads: their start by runc and crun, their work, and the start of a session', {
  skip,
  timeout: 300_000,
}, async (t) => {
  const { file, own } = await ready();
  for (const { name, rules } of own) {
    const { first } = await marks(file, name);
    const before = `container.id = ${shortId(ids[name])} and evt.num < ${first}`;
    const found = await events(file, ['proc.exepath', 'container.name', 'evt.args'], before);
    const told = await alerts(file, rules);
    const wrong = found.filter(
      (each) =>
        told.has(Number(each['evt.num'])) && each['proc.exepath'] !== unresolved && Number(each['evt.num']) < first,
    );
    assert.deepEqual(
      wrong.map((each) => JSON.stringify(each)),
      [],
      name,
    );
    const runtime = found.filter(
      (each) => /\/(runc|crun)$/.test(String(each['proc.exepath'])) && each['container.name'] !== null,
    );
    const work = found.filter((each) => /nginx|python/.test(String(each['proc.exepath'])));
    t.diagnostic(`${name}: ${found.length} events, ${runtime.length} of the runtime in a known container`);
    assert.ok(runtime.length > 50 && work.length > 500, `${name}: ${runtime.length}, ${work.length}`);
  }
});

test('attacks by what was taken over are told of by the rule that score names; of files, when they succeed', {
  skip,
  timeout: 300_000,
}, async (t) => {
  const { file, own } = await ready();
  const web = own.find(({ name }) => name === 'web') ?? assert.fail();
  const told = await alerts(file, web.rules);
  const { all } = await marks(file, 'web');
  const rows = score([falco.evaluator(web.rules)], { arch: 'x86_64', by: web.by, program: anyProgram });
  const different: string[] = [];
  const counted = { told: 0, silent: 0, failed: 0 };
  for (const { id } of triable) {
    const at = all.findIndex(({ attack }) => attack === id);
    const mark = all[at] ?? assert.fail(`${id} was not tried`);
    const from = all[at - 1]?.end ?? 0;
    const during = [...told].flatMap(([number, rules]) => (number > from && number <= mark.end ? [...rules] : []));
    const row = rows.find(({ attack }) => attack.id === id)?.all;
    const rule = row?.outcome === 'told' ? (row.rule ?? '').replace(/ in .*/, '') : null;
    if (rule === null && during.length === 0) counted.silent += 1;
    else if (rule !== null && during.includes(rule)) counted.told += 1;
    else if (mark.outcome !== 'done' && /file|path/.test(rule ?? '') && during.length === 0) counted.failed += 1;
    else different.push(id);
  }
  t.diagnostic(JSON.stringify(counted));
  assert.deepEqual(different.toSorted(), Object.keys(older).toSorted());
  assert.ok(counted.told >= 60 && counted.silent === 1, JSON.stringify(counted));
});

test("attacks in the worker's container are told of by the rules that are about them, and by no other", {
  skip,
  timeout: 300_000,
}, async () => {
  const { file, own } = await ready();
  const worker = own.find(({ name }) => name === 'worker') ?? assert.fail();
  const told = await alerts(file, worker.rules);
  const { first, all } = await marks(file, 'worker');
  const found = all.map(({ attack, end }, at) => {
    const from = all[at - 1]?.end ?? first;
    const during = [...told].flatMap(([number, rules]) => (number > from && number <= end ? [...rules] : []));
    return [attack, [...new Set(during)].toSorted()] as const;
  });
  const wanted = Object.entries(expected).map(([attack, rules]) => [attack, rules.toSorted()]);
  assert.deepEqual(found, wanted);
});

test('random conditions: our judge says of every event what the engine does', { skip, timeout: 300_000 }, async (t) => {
  const { file } = await ready();
  const scope = 'evt.dir = < and container.name in (app, worker)';
  const seen = await events(file, fieldsAsked, scope);
  const all = seen.map((each) => ({ number: Number(each['evt.num']), ...question(each) }));
  const counted = { conditions: 0, asked: 0, told: 0 };
  await fc.assert(
    fc.asyncProperty(randomConditions(seen), async (condition) => {
      const holds = await holding(file, `${scope} and (${condition})`);
      const matches = matcherOf(readCondition(condition, 'condition'), 'condition');
      const wrong = all.filter(({ number, type, fields: of }) => {
        const ours = matches({ types: [type], fields: of, without: [] }, { fields: of, bare: false });
        return ours !== holds.has(number);
      });
      counted.conditions += 1;
      counted.asked += all.length;
      counted.told += holds.size;
      assert.deepEqual(wrong.slice(0, 2), [], `${condition}: ${wrong.length} wrong, engine ${holds.size}`);
    }),
    { numRuns: 60 },
  );
  t.diagnostic(JSON.stringify(counted));
  assert.ok(counted.asked > 100_000 && counted.told > 10_000, JSON.stringify(counted));
});
