/** Regular expressions of a policy: API servers read them by RE2, the library here by JavaScript. */
import type { ASTNode } from '@marcbachmann/cel-js';

const readers = new Set(['matches', 'find', 'findAll']);
/** Flags, named groups, anchors, classes by name and quotations: what both read differs there. Groups are common. */
const foreign = /\(\?(?!:)|\\[AzQECpPZGkK1-9]|\[\[:/;

/** The first literal that the two would not read alike; null where there is none. */
export function foreignPattern(node: ASTNode): string | null {
  if (node.op === 'rcall' && readers.has(node.args[0])) {
    const [pattern] = node.args[2];
    if (pattern?.op === 'value' && typeof pattern.args === 'string' && foreign.test(pattern.args)) return pattern.args;
  }
  return nodesIn(node.args).reduce<string | null>((found, each) => found ?? foreignPattern(each), null);
}

/** Below one node: its arguments are values, nodes and lists of either. */
function nodesIn(value: unknown): ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  // What has an operator is a node of the library's.
  return typeof value === 'object' && value !== null && 'op' in value ? [value as ASTNode] : [];
}
