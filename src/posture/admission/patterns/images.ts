/** Where images come from, and whether they are pinned. */
import { text } from '#kubernetes/json.ts';
import { type Pattern, shown, used } from '../candidate.ts';
import { any, type Cel, cel } from '../rule/cel.ts';
import type { Manifest } from '../subjects.ts';
import { containersOf, ofContainers } from './pods.ts';

const hub = 'docker.io';

/**
 * Registry and first folder, `registry.example/team/`; the registry alone for an image right below it. It ends in `/`:
 * `registry.example/team` would let in `registry.example/team-evil`.
 */
export function prefixOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const [host, path] = hasHost ? [first, rest] : [hub, [first, ...rest]];
  if (path.length > 1) return `${host}/${path[0] ?? ''}/`;
  return host === hub ? `${hub}/library/` : `${host}/`;
}

/** An image `i` below the prefix, in each way in which runtimes let it be written. */
function below(prefix: string): Cel {
  const long = cel`i.startsWith(${prefix})`;
  if (prefix === `${hub}/library/`)
    return any([long, cel`i.startsWith("library/")`, cel`!i.contains("/")`, cel`i.matches("^docker[.]io/[^/]*$")`]);
  return prefix.startsWith(`${hub}/`) ? any([long, cel`i.startsWith(${prefix.slice(hub.length + 1)})`]) : long;
}

const imageOf = (container: Manifest): string => text(container['image']) ?? '';
const images = (object: Manifest): string[] => containersOf(object).map(imageOf);
const image = cel`c.?image.orValue("")`;

export const registries: Pattern = (groups, minUses) => {
  const seen = used(groups, minUses, (object) => images(object).flatMap((each) => (each === '' ? [] : prefixOf(each))));
  // A whole registry makes its folders needless.
  const prefixes = seen.filter((each) => !seen.some((other) => other !== each && each.startsWith(other)));
  if (prefixes.length === 0) return [];
  const covers = (each: string): boolean => prefixes.some((prefix) => prefixOf(each).startsWith(prefix));
  const plain = prefixes.filter((each) => !each.startsWith(`${hub}/`));
  const ways = [
    ...(plain.length === 0 ? [] : [cel`${plain}.exists(p, i.startsWith(p))`]),
    ...prefixes.filter((each) => each.startsWith(`${hub}/`)).map(below),
  ];
  return [
    ofContainers({
      id: 'image-registries',
      holds: cel`[${image}].all(i, i != "" && (${any(ways)}))`,
      message: `images must come from ${shown(prefixes)}`,
      widening: 'all images below a prefix, not only those that are there',
      passes: (container) => imageOf(container) !== '' && covers(imageOf(container)),
      spoil: (container) => (container['image'] = 'evil.invalid/x/y:1'),
    }),
  ];
};

const digest = /@sha256:[0-9a-f]{64}$/;
const pinned = /(@sha256:[0-9a-f]{64}|:[^/:@]+)$/;

export const pins: Pattern = () => [
  ofContainers({
    id: 'image-digests',
    holds: cel`${image}.matches("@sha256:[0-9a-f]{64}$")`,
    message: 'images must be named by their digest',
    passes: (container) => digest.test(imageOf(container)),
    spoil: (container) => (container['image'] = 'registry.invalid/x:1'),
  }),
  ofContainers({
    id: 'image-tags',
    holds: cel`${image}.matches("(@sha256:[0-9a-f]{64}|:[^/:@]+)$") && !${image}.endsWith(":latest")`,
    message: 'images must have a tag other than latest, or a digest',
    passes: (container) => pinned.test(imageOf(container)) && !imageOf(container).endsWith(':latest'),
    spoil: (container) => (container['image'] = 'registry.invalid/x:latest'),
  }),
];
