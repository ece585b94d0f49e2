/** Usage whose history misleads: levels, ends and begins of what was looked at, replicas that replace others. */
import assert from 'node:assert/strict';
import type { Replica } from '../series.ts';
import { figuresOf } from './advice.ts';
import { replay } from '../judge/replay.ts';
import {
  began,
  type Case,
  day,
  drawn,
  flat,
  hour,
  mebibyte,
  mentions,
  minute,
  near,
  number,
  replica,
  silentOf,
  usage,
  week,
} from './drawing.cases.ts';

const fiveMinutes = 5 * minute;
const later = (own: Replica, seconds: number): Replica => ({
  ...own,
  cpu: own.cpu.map(([at, value]) => [at + seconds, value]),
  memory: own.memory.map(([at, value]) => [at + seconds, value]),
});
const killed = usage([
  replica(
    { length: day, cpu: flat(0.2), memory: flat(300) },
    {
      oom: [
        [began + hour, 700 * mebibyte],
        [began + 2 * hour, 512 * mebibyte],
      ],
    },
  ),
]);
const risen = {
  length: 5 * day,
  step: fiveMinutes,
  cpu: flat(0.2),
  memory: (at: number) => (at <= 2 * day ? 100 : 300),
};

export const historyCases: readonly Case[] = [
  {
    what: 'what never uses CPU has no new level',
    usage: usage([replica({ length: 5 * day, step: fiveMinutes, cpu: flat(0), memory: flat(300) })]),
    holds(advice) {
      silentOf(advice, 'shift');
      assert.match(advice.cpu.request.because, /\(5 d of 1 replica\)/);
    },
  },
  {
    what: 'a fall is seen behind a rise',
    usage: usage([
      replica({
        length: week,
        step: fiveMinutes,
        cpu: (at) => (at <= day ? 0.1 : at <= 3 * day ? 2 : 0.3),
        memory: (at) => (at <= day ? 100 : at <= 3 * day ? 2000 : 300),
      }),
    ]),
    holds(advice) {
      near(advice.cpu.request, 0.3);
      near(advice.memory.limit, 330 * mebibyte);
    },
  },
  {
    what: 'of two falls the last one counts',
    usage: usage([
      replica({
        length: week,
        step: fiveMinutes,
        cpu: (at) => (at <= day ? 2 : at <= 4 * day ? 1 : 0.3),
        memory: flat(300),
      }),
    ]),
    holds: (advice) => near(advice.cpu.request, 0.3),
  },
  {
    what: 'two hours that ten replicas were watched for are no day',
    usage: usage(
      Array.from({ length: 10 }, () =>
        replica({
          length: 3 * day + 2 * hour,
          step: fiveMinutes,
          cpu: (at) => ((at - 1) % day < 2 * hour ? 0.1 : 1),
          memory: flat(300),
        }),
      ),
    ),
    holds: (advice) => silentOf(advice, 'shift'),
  },
  {
    what: 'of kills at several sizes the largest was not enough either, and our own judge sees none',
    usage: killed,
    holds(advice) {
      near(advice.memory.limit, 840 * mebibyte);
      mentions(advice, 'oom', /2 times, last at 512 MiB on .* and before at 700 MiB: at least 840 MiB/);
      assert.match(advice.memory.limit.because, /^840 MiB, since 700 MiB was not enough$/);
      assert.equal(replay(figuresOf(advice), killed.replicas).memory.oomKills, 0);
    },
  },
  {
    what: 'memory that rose forgets neither a kill of before',
    usage: usage([replica(risen, { oom: [[began + hour, 1024 * mebibyte]] })]),
    holds(advice) {
      mentions(advice, 'shift', /^memory went from 100 MiB to 300 MiB/);
      near(advice.memory.limit, 1024 * 1.2 * mebibyte);
    },
  },
  {
    what: 'nor the peak that the kernel saw',
    usage: usage([replica(risen, { peak: 500 * mebibyte })]),
    holds: (advice) => near(advice.memory.limit, 550 * mebibyte),
  },
  {
    what: 'the begin of what is looked at is no start of what was there before',
    usage: usage([
      replica({
        length: week + hour,
        cpu: (at) => (at <= hour + 3 * minute ? 2 : 0.05),
        memory: flat(300),
      }),
    ]),
    holds(advice) {
      assert.equal(advice.startup, null);
      silentOf(advice, 'startup');
    },
  },
  {
    what: 'a start that was told of does not make another one certain',
    usage: usage([
      replica({ length: day, cpu: flat(0.05), memory: flat(300) }, { starts: [began] }),
      replica({ length: day, cpu: (at) => (at <= 3 * minute ? 2 : 0.05), memory: flat(300) }),
    ]),
    holds(advice) {
      mentions(advice, 'startup', /^the begin of the series looks like a start/);
      assert.equal(advice.startup?.guessed, true);
    },
  },
  {
    what: 'replicas that replaced others rule, however many those were',
    usage: usage([
      ...Array.from({ length: 30 }, (_, at) => ({
        ...later(replica({ length: 2 * hour, cpu: flat(0.2), memory: flat(200) }), Math.floor(at / 3) * 2 * hour),
        name: `old-${at}`,
      })),
      ...[0, 1, 2].map((at) => ({
        ...later(replica({ length: 3 * hour, cpu: flat(1), memory: flat(900) }), 20 * hour),
        name: `new-${at}`,
      })),
    ]),
    holds(advice) {
      near(advice.cpu.request, 1);
      near(advice.memory.request, 900 * mebibyte);
      assert.match(advice.cpu.request.because, /set by new-\d of 3 that run now/);
    },
  },
  {
    what: 'hours that samples an hour apart stand for are those before them, and all busy ones are told',
    usage: usage([
      replica({
        length: 4 * day,
        step: hour,
        // Samples at 9, 10, 19 and 20 o'clock.
        cpu: (at) => ([9, 10, 19, 20].includes((at / hour) % 24) ? 1 : 0.1),
        memory: flat(300),
      }),
    ]),
    holds: (advice) => mentions(advice, 'cycle', /busy from 8 to 10 h and 18 to 20 h UTC/),
  },
  {
    what: 'a hole is no time that was seen',
    usage: usage(
      [replica({ length: week, step: fiveMinutes, cpu: flat(0.2), memory: flat(300) })].map((own) => ({
        ...own,
        cpu: own.cpu.filter(([at]) => at <= began + day || at > began + 6 * day),
        memory: own.memory.filter(([at]) => at <= began + day || at > began + 6 * day),
      })),
    ),
    holds: (advice) => mentions(advice, 'period', /^2 d 10 min were seen of the 7 d that were asked for/),
  },
  {
    what: 'what was seen is told as it was measured, without what waiting for a limit adds',
    usage: usage([
      replica(
        { length: 30 * minute, cpu: flat(0.5), memory: flat(300) },
        { throttled: drawn(30 * minute, minute, flat(0.4)) },
      ),
    ]),
    holds({ cpu: { request } }) {
      assert.deepEqual(request.state === 'no-opinion' ? request.seen : null, [0.5, 0.5]);
    },
  },
  {
    what: 'memory that is sampled without CPU is not called sparse for that',
    usage: usage([{ ...replica({ length: day, step: 4 * minute, cpu: flat(0), memory: flat(300) }), cpu: [] }]),
    holds: (advice) => silentOf(advice, 'sparse'),
  },
  {
    what: 'a day alone does not tell how days differ',
    usage: usage([replica({ length: day, cpu: flat(0.2), memory: flat(300) })]),
    holds: (advice) =>
      assert.match(advice.memory.request.because, /300 MiB, without a margin: how peaks differ from day to day is not/),
  },
  {
    what: 'more memory than a double writes in twelve digits is rounded up all the same',
    usage: usage([replica({ length: day, cpu: flat(0.2), memory: flat(1_200_000.5) })]),
    holds(advice) {
      assert.equal(number(advice.memory.limit) % mebibyte, 0);
      near(advice.memory.limit, 1_200_000.5 * mebibyte * 1.1, 1.001);
    },
  },
];
