/**
 * `make bench`, or `make bench PARTS="recorder"`: figures side by side in one run. Ratios matter; machines are
 * noisy, so every figure is the least of several rounds, and the rounds of all candidates are interleaved.
 */
import { cpus, release } from 'node:os';
import { print, rounds } from './print.ts';

const parts: Readonly<Record<string, () => Promise<{ bench(): void | Promise<void> }>>> = {
  recorder: () => import('./recorder.ts'),
  'command-line': () => import('./command-line.ts'),
  agent: () => import('./agent.ts'),
  broker: () => import('./broker.ts'),
  network: () => import('./network.ts'),
  mesh: () => import('./mesh.ts'),
  posture: () => import('./posture.ts'),
  falco: () => import('./falco.ts'),
  resources: () => import('./resources.ts'),
  rbac: () => import('./rbac.ts'),
  admission: () => import('./admission.ts'),
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in parts));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are: ${Object.keys(parts).join(', ')}`);
print(
  `Linux ${release()}, ${process.arch}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}, least of ${rounds} rounds\n`,
);
for (const [name, load] of Object.entries(parts)) {
  if (chosen.length === 0 || chosen.includes(name)) await (await load()).bench();
}
