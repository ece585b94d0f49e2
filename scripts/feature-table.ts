/** Writes the README's table of kinds from the list of kinds; `--check` fails when it is not what is there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { kinds } from '#policies/index.ts';
import { postures } from '#posture/index.ts';

const file = fileURLToPath(new URL('../README.md', import.meta.url));
const [begin, end] = ['<!-- kinds: written by scripts/feature-table.ts -->\n', '<!-- end of kinds -->'];

const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |\n`;
const table = [
  row(['kind', 'generated', 'evaluated, checked against', 'enforced in our tests']),
  '|---|---|---|---|\n',
  ...kinds.map(({ name, shown }) => row([`\`gen ${name}\``, shown.generated, shown.judged, shown.enforced])),
  ...postures.map(({ commands, shown }) =>
    row([commands.map((each) => `\`${each}\``).join(', '), shown.generated, shown.judged, shown.enforced]),
  ),
].join('');

const text = readFileSync(file, 'utf8');
const [from, to] = [text.indexOf(begin), text.indexOf(end)];
if (from < 0 || to < from) throw new Error(`README.md has no ${begin.trim()} … ${end}`);
const wanted = `${text.slice(0, from)}${begin}${table}${text.slice(to)}`;
if (wanted !== text) {
  if (process.argv.includes('--check'))
    throw new Error('the table of kinds in README.md is not that of the list of kinds: run make table');
  writeFileSync(file, wanted);
}
