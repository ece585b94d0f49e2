/** Types of volumes, and what lies behind them. */
import { allowedVolumes } from '../../pss/checks/rights.ts';
import type { Level } from '../../pss/level.ts';
import { literals, quoted } from '../cel.ts';
import type { Constraint } from '../constraints.ts';
import type { PspSpec } from '../psp.ts';

/** As the API of 1.24 and later has them. */
const types = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'glusterfs',
  'hostPath',
  'image',
  'iscsi',
  'nfs',
  'persistentVolumeClaim',
  'photonPersistentDisk',
  'portworxVolume',
  'projected',
  'quobyte',
  'rbd',
  'scaleIO',
  'secret',
  'storageos',
  'vsphereVolume',
];

const tokenVolume =
  '(has(v.projected) && has(v.projected.sources) && v.projected.sources.exists(s, has(s.serviceAccountToken)) && v.projected.sources.all(s, has(s.serviceAccountToken) || has(s.configMap) || has(s.downwardAPI)))';

export function volumeConstraints(spec: PspSpec, level: Level): Constraint[] {
  const found: Constraint[] = [];
  const every = (condition: string): string => `!has(object.spec.volumes) || object.spec.volumes.all(v, ${condition})`;
  const byLevel = typesOf(level);
  const allowed = types.filter((each) => spec.volumes.includes('*') || spec.volumes.includes(each));
  if (byLevel.some((each) => !allowed.includes(each))) {
    const conditions = allowed.map((each) => `has(v.${each})`);
    if (!allowed.includes('projected') && allowed.includes('secret')) conditions.push(tokenVolume);
    found.push({
      message: `volumes must be of the types ${allowed.join(', ') || 'none'}`,
      expression: every(conditions.length === 0 ? 'false' : conditions.join(' || ')),
    });
  }
  if (byLevel.includes('hostPath') && allowed.includes('hostPath') && spec.allowedHostPaths.length > 0)
    found.push({
      message: `hostPath must be below ${spec.allowedHostPaths.map(pathText).join(', ')}`,
      expression: every(`!has(v.hostPath) || ${spec.allowedHostPaths.map(isBelow).join(' || ')}`),
    });
  const drivers = (spec.allowedFlexVolumes ?? []).map(({ driver }) => driver);
  if (byLevel.includes('flexVolume') && allowed.includes('flexVolume') && drivers.length > 0)
    found.push({
      message: `flexVolume drivers must be among ${drivers.join(', ')}`,
      expression: every(`!has(v.flexVolume) || v.flexVolume.driver in ${literals(drivers)}`),
    });
  const csi = (spec.allowedCSIDrivers ?? []).map(({ name }) => name);
  if (allowed.includes('csi') && csi.length > 0)
    found.push({
      message: `CSI drivers of inline volumes must be among ${csi.join(', ')}`,
      expression: every(`!has(v.csi) || v.csi.driver in ${literals(csi)}`),
    });
  return found;
}

/** What the level lets in. */
function typesOf(level: Level): readonly string[] {
  if (level === 'restricted') return [...allowedVolumes];
  return level === 'baseline' ? types.filter((each) => each !== 'hostPath') : types;
}

type HostPath = PspSpec['allowedHostPaths'][number];

function pathText({ pathPrefix, readOnly }: HostPath): string {
  return `${pathPrefix}${readOnly ? ' (read only)' : ''}`;
}

/** By whole segments. */
function isBelow({ pathPrefix, readOnly }: HostPath): string {
  const prefix = `${pathPrefix.replace(/\/+$/, '')}/`;
  const below = `(v.hostPath.path + "/").startsWith(${quoted(prefix)})`;
  if (!readOnly) return below;
  return `(${below} && variables.containers.all(c, !has(c.volumeMounts) || c.volumeMounts.all(m, m.name != v.name || (has(m.readOnly) && m.readOnly))))`;
}
