import { parseVersion, type Version } from '#posture/pss/level.ts';
import { Failure } from '../../failure.ts';

export function versionFlag(text: string): Version {
  const version = parseVersion(text);
  if (version === null) throw new Failure(`--pss-version takes latest or v1.N, not ${JSON.stringify(text)}`);
  return version;
}
