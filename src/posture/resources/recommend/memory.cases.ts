/** The same for memory. */
import assert from 'node:assert/strict';
import type { Replica, Sample } from '../series.ts';
import {
  type Case,
  began,
  day,
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

const oom = (at: number, size: number): Sample => [began + at, size * mebibyte];
const quiet = { length: day, cpu: flat(0.2), memory: flat(300) };

export const memoryCases: readonly Case[] = [
  {
    what: 'memory that leaks without an end gets no figure',
    usage: usage([
      replica({
        length: 4 * day,
        step: 5 * minute,
        cpu: flat(0.1),
        memory: (second) => 200 + (1643 * second) / (4 * day),
      }),
    ]),
    holds(advice) {
      assert.deepEqual([advice.memory.request.state, advice.memory.limit.state], ['no-opinion', 'no-opinion']);
      mentions(advice, 'leak', /^memory grows by 411 MiB a day and nothing ended that/);
      near(advice.cpu.request, 0.1);
    },
  },
  {
    what: 'a leak that restarts end is bounded by them, as long as they come',
    usage: usage([
      replica({
        length: 6 * day,
        step: 5 * minute,
        cpu: flat(0.1),
        memory: (second) => 200 + (900 * (second % day)) / day,
      }),
    ]),
    holds(advice) {
      near(advice.memory.limit, 1095 * 1.1 * mebibyte);
      mentions(advice, 'leak', /until a restart, 6 times/);
      assert.ok(advice.confidence < 0.5);
    },
  },
  {
    what: 'a leak that left behind what restarts ended is bounded by none of them',
    usage: usage([
      replica({
        length: 6 * day,
        step: 5 * minute,
        cpu: flat(0.1),
        memory: (second) => 200 + (300 * (second < 3 * day ? second % day : second - 3 * day)) / day,
      }),
    ]),
    holds(advice) {
      assert.equal(advice.memory.limit.state, 'no-opinion');
    },
  },
  {
    what: 'pods that leak until rollouts end them are bounded by these',
    usage: usage(
      [0, 1, 2].map((at) => {
        const own = replica({
          length: day,
          step: 5 * minute,
          cpu: flat(0.1),
          memory: (second) => 200 + (900 * second) / day,
        });
        const later = (samples: Replica['cpu']): Replica['cpu'] =>
          samples.map(([when, value]) => [when + at * day, value]);
        return { ...own, name: `web-${at}`, cpu: later(own.cpu), memory: later(own.memory) };
      }),
    ),
    holds(advice) {
      mentions(advice, 'leak', /until a restart, 2 times/);
      near(advice.memory.limit, 1100 * 1.1 * mebibyte);
    },
  },
  {
    what: 'memory that rises for half a day is told, and not yet called a leak',
    usage: usage(
      [replica({ length: 12 * hour, cpu: flat(0.1), memory: (second) => 200 + second / hour })].map(steeper),
    ),
    holds(advice) {
      mentions(advice, 'leak', /to the end of what was seen: its peak is not known/);
      assert.equal(advice.memory.limit.state, 'number');
      assert.ok(advice.confidence < 0.2, `${advice.confidence}`);
    },
  },
  {
    what: 'a cache that fills is no leak',
    usage: usage([
      replica({
        length: 4 * day,
        step: 5 * minute,
        cpu: flat(0.1),
        memory: (second) => 900 - 600 * Math.exp(-second / (8 * hour)),
      }),
    ]),
    holds(advice) {
      silentOf(advice, 'leak');
      near(advice.memory.request, 899 * mebibyte, 1.3);
    },
  },
  {
    what: 'memory that follows the day is no leak',
    usage: usage([
      replica({
        length: week,
        step: 5 * minute,
        cpu: (second) => 0.55 + 0.5 * Math.sin((second / day) * 2 * Math.PI),
        memory: (second) => 400 + 100 * Math.sin((second / day) * 2 * Math.PI),
      }),
    ]),
    holds(advice) {
      silentOf(advice, 'leak', 'shift', 'burst');
      near(advice.memory.request, 500 * mebibyte);
      mentions(advice, 'cycle', /busy from 0 to 12 h UTC/);
    },
  },
  {
    what: 'peaks that differ from day to day get a wider margin',
    usage: usage([
      replica({
        length: 7 * day,
        step: 5 * minute,
        cpu: flat(0.1),
        memory: (second) => 300 + 100 * (Math.floor((second - 1) / day) % 2) * Number(second % day < hour),
      }),
    ]),
    holds(advice) {
      // 400 and 300 in turn: a standard deviation of 53 of 343.
      assert.ok(number(advice.memory.limit) > 500 * mebibyte && number(advice.memory.limit) < 540 * mebibyte);
      assert.match(advice.memory.request.because, /and 3\d %, twice the deviation of its days' peaks/);
    },
  },
  {
    what: 'an hour of another day is no other peak',
    usage: usage([
      replica({ length: day + hour, step: minute, cpu: flat(0.1), memory: (second) => (second < hour ? 100 : 400) }),
    ]),
    holds(advice) {
      near(advice.memory.limit, 440 * mebibyte);
    },
  },
  {
    what: 'a kill says that more was needed than any sample shows',
    usage: usage([replica(quiet, { oom: [oom(12 * hour, 512)] })]),
    holds(advice) {
      near(advice.memory.limit, 614.4 * mebibyte);
      near(advice.memory.request, 614.4 * mebibyte);
      mentions(advice, 'oom', /no sample shows more than 300 MiB, so its peak was not seen/);
    },
  },
  {
    what: 'a kill of something small leaves room in bytes',
    usage: usage([replica({ ...quiet, memory: flat(40) }, { oom: [oom(12 * hour, 64)] })]),
    holds(advice) {
      near(advice.memory.limit, 164 * mebibyte);
    },
  },
  {
    what: 'of several kills the last one counts',
    usage: usage([replica(quiet, { oom: [oom(9 * hour, 512), oom(12 * hour, 700)] })]),
    holds(advice) {
      near(advice.memory.limit, 840 * mebibyte);
      mentions(advice, 'oom', /killed for want of memory 2 times, last at 700 MiB/);
    },
  },
  {
    what: 'a kill at a level that is gone is gone with it',
    usage: usage([
      replica(
        { length: week, step: 5 * minute, cpu: flat(0.2), memory: (second) => (second < 2 * day ? 1800 : 300) },
        { oom: [oom(day, 2000)] },
      ),
    ]),
    holds(advice) {
      near(advice.memory.limit, 330 * mebibyte);
      silentOf(advice, 'oom');
    },
  },
  {
    what: 'memory at its limit would be more without one',
    usage: usage([replica({ length: day, cpu: flat(0.2), memory: flat(510) })], {
      cpu: { request: null, limit: null },
      memory: { request: null, limit: 512 * mebibyte },
    }),
    holds(advice) {
      near(advice.memory.limit, 614.4 * mebibyte);
      mentions(advice, 'at-limit', /reached 510 MiB of a limit of 512 MiB/);
    },
  },
  {
    what: 'a peak that only the kernel saw is below the limit',
    usage: usage([replica(quiet, { peak: 450 * mebibyte })]),
    holds(advice) {
      near(advice.memory.limit, 495 * mebibyte);
      near(advice.memory.request, 300 * mebibyte);
      assert.match(advice.memory.limit.because, /450 MiB as the kernel saw it between samples/);
    },
  },
];

function steeper(one: Replica): Replica {
  return { ...one, memory: one.memory.map(([at, value]) => [at, value + ((at - began) / hour) * 20 * mebibyte]) };
}
