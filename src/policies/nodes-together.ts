/** Rows of reach without a row for each node. */
import type { Reach } from './kind.ts';

/** Nodes are many and mostly treated alike: those that are share a line. */
export function nodesTogether(found: readonly Reach[]): Reach[] {
  const isNode = ({ peer }: Reach): boolean => peer.startsWith('node ');
  const groups = Map.groupBy(found.filter(isNode), ({ ports, verdict, rule }) =>
    JSON.stringify([ports, verdict, rule]),
  );
  const joint = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const names = group.map(({ peer }) => peer.slice('node '.length));
    const peer =
      names.length === 1 ? first.peer : names.length <= 3 ? `nodes ${names.join(', ')}` : `${names.length} nodes`;
    return [{ ...first, peer }];
  });
  return [...found.filter((each) => !isNode(each)), ...joint];
}
