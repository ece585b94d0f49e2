/** How long rules take to be found in a cluster's objects, written, and proved by their text; how that grows. */
import { clusterOf, existingOf } from '#posture/admission/cluster.cases.ts';
import { forms } from '#posture/admission/forms.ts';
import { mine, miningDefaults } from '#posture/admission/mine.ts';
import { prove } from '#posture/admission/prove.ts';
import { print, rounds, table } from './print.ts';

const sizes = [1000, 3000, 10_000];

/** Of this process alone: other work on the machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function bench(): void {
  const least = sizes.map(() => [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  const rules = sizes.map(() => 0);
  for (let round = 0; round < Math.min(rounds, 2); round += 1)
    for (const [at, size] of sizes.entries()) {
      // Five workloads of each kind break each pattern: their names are the exceptions.
      const objects = existingOf(clusterOf(size, undefined, Math.ceil(size / 35)));
      const began = cpuMs();
      const { proposals } = mine(objects, {
        ...miningDefaults,
        maxExceptions: size,
        scope: { except: ['kube-system'] },
      });
      const mined = cpuMs();
      const text = proposals.map(({ rule }) => forms.vap.write(rule, 'watch')).join('');
      const { faults } = prove(forms.vap.judge(text), proposals, objects, forms.vap.nameOf);
      const proved = cpuMs();
      if (faults.length > 0) throw new Error(faults[0]);
      rules[at] = proposals.length;
      least[at] = [mined - began, proved - mined].map((each, which) => Math.min(each, least[at]?.[which] ?? each));
    }
  print('Rules of admission from a cluster: objects of seven kinds, up to 20 exceptions a rule; CPU time');
  table([
    ['objects', 'rules', 'found', 'written and proved', 'a judgement'],
    ...sizes.map((size, at) => {
      const [found = 0, proved = 0] = least[at] ?? [];
      const each = (proved * 1000) / (size * (rules[at] ?? 1));
      return [
        String(size),
        String(rules[at]),
        `${(found / 1000).toFixed(2)} s`,
        `${(proved / 1000).toFixed(2)} s`,
        `${each.toFixed(1)} µs`,
      ];
    }),
  ]);
}
