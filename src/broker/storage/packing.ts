/**
 * Rows as they cross between threads: by column, keys end to end in one piece. Copying each key by itself would cost
 * more than storing it.
 */
export type Value = Uint8Array | string | number | null;
type Packed = { readonly bytes: Uint8Array; readonly each: number } | readonly Value[];

export interface PackedRows {
  readonly count: number;
  readonly columns: readonly Packed[];
}

export function pack(count: number, width: number, at: (row: number, column: number) => Value): PackedRows {
  const columns: Packed[] = [];
  for (let column = 0; column < width; column += 1) {
    const first = count > 0 ? at(0, column) : null;
    const keys = first instanceof Uint8Array ? packedKeys(count, first.length, (row) => at(row, column)) : null;
    columns.push(keys ?? Array.from({ length: count }, (_, row) => at(row, column)));
  }
  return { count, columns };
}

/** Null where they are not all of one length. */
function packedKeys(count: number, each: number, at: (row: number) => Value): Packed | null {
  const bytes = new Uint8Array(count * each);
  for (let row = 0; row < count; row += 1) {
    const key = at(row);
    if (!(key instanceof Uint8Array) || key.length !== each) return null;
    bytes.set(key, row * each);
  }
  return { bytes, each };
}

export function valueAt({ columns }: PackedRows, row: number, column: number): Value {
  const values = columns[column];
  if (values === undefined) return null;
  if ('bytes' in values) return values.bytes.subarray(row * values.each, (row + 1) * values.each);
  return values[row] ?? null;
}
