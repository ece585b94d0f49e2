/** How long a command takes from the shell's prompt and back. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { print, rounds, table } from './print.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export function bench(): void {
  const rows = [['', 'ms']];
  for (const argv of [['--help'], ['gen', 'seccomp', '--from', here('../recordings/nginx.jsonl.zst')]]) {
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round += 1) {
      const began = performance.now();
      execFileSync(here('../bin/kguardian'), argv, { stdio: 'ignore' });
      least = Math.min(least, performance.now() - began);
    }
    rows.push([`kguardian ${argv.slice(0, 2).join(' ')}`, least.toFixed(0)]);
  }
  print('Start of the command line');
  table(rows);
}
