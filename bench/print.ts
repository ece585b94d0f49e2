/** What all parts print with. */
export const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);

export function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Columns; the first is the row's name, the others are figures. */
export function table(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  for (const row of rows)
    print(
      `  ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('   ')}`,
    );
  print();
}
