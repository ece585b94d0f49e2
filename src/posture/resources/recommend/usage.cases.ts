/** Usage of every shape on which recommenders are known to fail, each with what a good answer to it must say: CPU, and both. */
import assert from 'node:assert/strict';
import type { Replica } from '../series.ts';
import {
  type Case,
  began,
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

export const usageCases: readonly Case[] = [
  {
    what: 'flat usage is requested as it is, without the width of a bucket',
    usage: usage([replica({ length: day, cpu: flat(0.2), memory: flat(256) })]),
    holds(advice) {
      assert.deepEqual([number(advice.cpu.request), number(advice.memory.request)], [0.2, 256 * mebibyte]);
      near(advice.memory.limit, 256 * 1.1 * mebibyte, 1.01);
      assert.equal(advice.cpu.limit.state, 'unset');
    },
  },
  {
    what: 'load that fell for good is forgotten, and that is said',
    usage: usage([
      replica({
        length: 8 * day,
        step: 5 * minute,
        cpu: (second) => (second < 2 * day ? 1.6 : 0.2),
        memory: (second) => (second < 2 * day ? 1800 : 300),
      }),
    ]),
    holds(advice) {
      near(advice.cpu.request, 0.2);
      near(advice.memory.request, 300 * mebibyte);
      near(advice.memory.limit, 330 * mebibyte);
      mentions(advice, 'shift', /^CPU went from 1\.6 cores to 0\.2 cores/);
      mentions(advice, 'shift', /^memory went from 1\.76 GiB to 300 MiB/);
    },
  },
  {
    what: 'a weekend is no new level',
    usage: usage([
      replica({
        length: 11 * day,
        step: 5 * minute,
        // A sample is of the time before it.
        cpu: (second) => (isWeekend(second - 1) ? 0.1 : 1),
        memory: flat(300),
      }),
    ]),
    holds(advice) {
      near(advice.cpu.request, 1);
      silentOf(advice, 'shift');
      mentions(
        advice,
        'cycle',
        /^CPU follows the week: at most 0\.1\d* cores in the mean of Sat, Sun, at least 1 core on other days \(UTC\)$/,
      );
    },
  },
  {
    what: 'load that doubled counts as it is now',
    usage: usage([
      replica({
        length: 8 * day,
        step: 5 * minute,
        cpu: (second) => (second < 6 * day ? 0.4 : 0.8),
        memory: flat(300),
      }),
    ]),
    holds(advice) {
      near(advice.cpu.request, 0.8);
      mentions(advice, 'shift', /from 0\.40?\d? cores to 0\.8 cores/);
    },
  },
  {
    what: 'load that rose in the last hours counts, although it is little of the time',
    usage: usage([
      replica({
        length: week,
        step: 5 * minute,
        cpu: (second) => (second < week - 4 * hour ? 0.4 : 0.8),
        memory: flat(300),
      }),
    ]),
    holds(advice) {
      near(advice.cpu.request, 0.8);
    },
  },
  {
    what: 'rare bursts are no request, and are told',
    usage: usage([
      replica({
        length: week,
        cpu: (second) => (Math.floor(second / minute) % 100 === 0 ? 4 : 0.1),
        memory: flat(300),
      }),
    ]),
    holds(advice) {
      near(advice.cpu.request, 0.1);
      mentions(advice, 'burst', /^bursts of up to 4 cores in (0\.99\d?|1) % of the time, 40 times/);
    },
  },
  {
    what: 'a start is apart: steady requests, a limit that lets it pass',
    usage: usage([
      replica({
        length: day,
        cpu: (second) => (second <= 3 * minute ? 2 : 0.05),
        memory: (second) => (second <= 3 * minute ? 700 : 300),
      }),
    ]),
    holds(advice) {
      near(advice.cpu.request, 0.05);
      near(advice.memory.request, 300 * mebibyte);
      near(advice.memory.limit, 770 * mebibyte);
      assert.deepEqual(advice.startup, { seconds: 180, cpu: 2, memory: 700 * mebibyte, times: 1, guessed: true });
      mentions(advice, 'startup', /up to 2 cores and 700 MiB for 3 min/);
    },
  },
  {
    what: 'a start that was told of is found in the middle, too',
    usage: usage([
      replica(
        {
          length: day,
          cpu: (second) => (second % (8 * hour) <= 4 * minute && second > hour ? 1 : 0.05),
          memory: flat(300),
        },
        { starts: [began + 8 * hour, began + 16 * hour] },
      ),
    ]),
    holds(advice) {
      near(advice.cpu.request, 0.05);
      assert.deepEqual([advice.startup?.cpu, advice.startup?.times, advice.startup?.guessed], [1, 2, false]);
    },
  },
  {
    what: 'five minutes are no ground for figures; what was seen is told',
    usage: usage([replica({ length: 5 * minute, cpu: flat(0.5), memory: flat(1024) })]),
    holds(advice) {
      for (const figure of [advice.cpu.request, advice.cpu.limit, advice.memory.request, advice.memory.limit])
        assert.equal(figure.state, 'no-opinion');
      const { request } = advice.cpu;
      assert.deepEqual(request.state === 'no-opinion' ? request.seen : null, [0.5, 0.5]);
      assert.match(request.because, /^only 5 min were seen.*1 h are the least \(--min-period\)/);
      assert.ok(advice.confidence < 0.005, `${advice.confidence}`);
    },
  },
  {
    what: 'what is small gets little, and the floor is told',
    usage: usage([replica({ length: day, cpu: flat(0.003), memory: flat(12) })]),
    holds(advice) {
      assert.deepEqual(
        [number(advice.cpu.request), number(advice.memory.request), number(advice.memory.limit)],
        [0.005, 16 * mebibyte, 16 * mebibyte],
      );
      mentions(advice, 'floor', /0\.003 cores of CPU would do; the request is the floor of 0\.005 cores/);
      mentions(advice, 'floor', /12 MiB of memory would do; the request is the floor of 16 MiB/);
    },
  },
  {
    what: 'one hot replica of five is named',
    usage: usage(
      [2, 0.1, 0.1, 0.1, 0.1].map((cores, at) =>
        replica({ length: day, cpu: flat(cores), memory: flat(300) }, { name: `web-${at}` }),
      ),
    ),
    holds(advice) {
      near(advice.cpu.request, 2);
      mentions(
        advice,
        'skew',
        /^web-0 needs 2 cores of CPU, the middle of 5 replicas 0\.1 cores: a matter of sharding or balancing/,
      );
    },
  },
  {
    what: 'one hot replica of twenty does not rule the others',
    usage: usage(
      Array.from({ length: 20 }, (_, at) =>
        replica(
          { length: day, step: 5 * minute, cpu: flat(at === 7 ? 2 : 0.1), memory: flat(at === 7 ? 900 : 300) },
          { name: `web-${at}` },
        ),
      ),
    ),
    holds(advice) {
      near(advice.cpu.request, 0.1);
      mentions(advice, 'skew', /^web-7 needs 2 cores of CPU/);
      near(advice.memory.request, 300 * mebibyte);
      near(advice.memory.limit, 990 * mebibyte);
      mentions(advice, 'skew', /^web-7 needs 900 MiB of memory, the middle of 20 replicas 300 MiB/);
    },
  },
  {
    what: 'a job of ten minutes an hour gets what it needs then',
    usage: usage([
      replica({ length: 3 * day, cpu: (second) => (second % hour < 10 * minute ? 1.5 : 0.01), memory: flat(300) }),
    ]),
    holds(advice) {
      near(advice.cpu.request, 1.5);
    },
  },
  {
    what: 'usage that waits for its limit was higher than it looks',
    usage: usage([
      replica({ length: day, cpu: flat(0.5), memory: flat(300) }, { throttled: drawn(day, minute, flat(0.4)) }),
    ]),
    holds(advice) {
      near(advice.cpu.request, 0.7);
      mentions(advice, 'throttled', /in 100 % of the time/);
      assert.match(advice.cpu.request.because, /at least/);
      assert.ok(advice.confidence < 0.3);
    },
  },
  {
    what: 'jobs of ten minutes are seen for as long as all of them together, and what they hold at their end is no leak',
    usage: usage(
      Array.from({ length: 48 }, (_, run) => {
        const own = replica({ length: 10 * minute, step: 30, cpu: flat(1.5), memory: (second) => 100 + second / 3 });
        const later = (samples: Replica['cpu']): Replica['cpu'] =>
          samples.map(([at, value]) => [at + run * hour, value]);
        return {
          ...own,
          name: `job-${run}`,
          cpu: later(own.cpu),
          memory: later(own.memory),
          starts: [began + run * hour],
        };
      }),
    ),
    holds(advice) {
      near(advice.cpu.request, 1.5);
      near(advice.memory.limit, 330 * mebibyte);
      silentOf(advice, 'leak', 'startup');
    },
  },
  {
    what: 'ten replicas that were watched for the same half hour were watched for half an hour',
    usage: usage(
      Array.from({ length: 10 }, (_, at) =>
        replica({ length: 30 * minute, cpu: flat(0.5), memory: flat(300) }, { name: `web-${at}` }),
      ),
    ),
    holds(advice) {
      assert.match(advice.cpu.request.because, /^only 30 min were seen/);
    },
  },
  {
    what: 'samples far apart miss what is between them',
    usage: usage([replica({ length: 7 * day, step: hour, cpu: flat(0.5), memory: flat(300) })]),
    holds(advice) {
      near(advice.cpu.request, 0.5);
      mentions(advice, 'sparse', /^a sample stands for 1 h: shorter peaks are not seen$/);
      assert.ok(advice.confidence < 0.3, `${advice.confidence}`);
    },
  },
  {
    what: 'nothing at all is no zero',
    usage: usage([]),
    holds(advice) {
      assert.equal(advice.cpu.request.because, 'there are no samples of CPU');
      assert.equal(advice.memory.limit.state, 'no-opinion');
      assert.equal(advice.confidence, 0);
    },
  },
];

/** The 4th and 5th day are Saturday and Sunday, as are those a week later. */
function isWeekend(second: number): boolean {
  return [3, 4].includes(Math.floor(second / day) % 7);
}
