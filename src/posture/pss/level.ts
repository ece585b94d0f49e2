/** Levels and versions of the Pod Security Standards, as namespace labels write them. */

/** From the loosest to the strictest. */
export const levels = ['privileged', 'baseline', 'restricted'] as const;
export type Level = (typeof levels)[number];

/** The newest minor version of Kubernetes whose policy is known here; later ones are judged as this one, as upstream does. */
export const newestMinor = 37;

/** The minor version of 1.x, or whatever is newest. */
export type Version = number | 'latest';

/** Null for what an API server refuses in a label: only `latest` and `v1.N` are versions. */
export function parseVersion(text: string): Version | null {
  if (text === 'latest') return text;
  const minor = /^v1\.(\d|[1-9]\d*)$/.exec(text)?.[1];
  return minor === undefined ? null : Number(minor);
}

export function versionText(version: Version): string {
  return version === 'latest' ? version : `v1.${version}`;
}

/** The version whose checks are run. */
export function minorOf(version: Version): number {
  return version === 'latest' ? newestMinor : Math.min(version, newestMinor);
}
