/** Which Kubernetes the cluster runs. */
import { json } from '#kubernetes/json.ts';
import { newestMinor, parseVersion, type Version } from '#posture/pss/level.ts';
import type { Api } from './api.ts';

/** Pinned, so that an upgrade of the cluster refuses nothing new. */
export async function serverVersion(api: Api): Promise<Version> {
  const { minor } = json(await api.get('/version'));
  const known = typeof minor === 'string' ? parseVersion(`v1.${minor.replace(/\D+$/, '')}`) : null;
  return known ?? newestMinor;
}
