/** What the server serves, in its own words: /version, /api, /apis and the resources of each group. */
import { groupVersionOf, type Resource } from './resources.ts';

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

/** The answer for a path of discovery; null where it is none. */
export function discovery(path: string, resources: readonly Resource[]): object | null {
  if (path === '/version') {
    return { major: '1', minor: '36', gitVersion: 'v1.36.2', platform: 'linux/amd64', goVersion: 'go1.26.10' };
  }
  if (path === '/api') {
    const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1:6443' }];
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
  }
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups(resources) };
  const groupVersion = path === '/api/v1' ? 'v1' : /^\/apis\/([^/]+\/[^/]+)$/.exec(path)?.[1];
  if (groupVersion !== undefined) return resourceList(groupVersion, resources);
  const group = /^\/apis\/([^/]+)$/.exec(path)?.[1];
  const found = groups(resources).find(({ name }) => name === group);
  return found === undefined ? null : { kind: 'APIGroup', apiVersion: 'v1', ...found };
}

function groups(resources: readonly Resource[]) {
  const versions = Map.groupBy(
    resources.filter(({ group }) => group !== ''),
    ({ group }) => group,
  );
  return [...versions].map(([name, all]) => {
    const each = [...new Set(all.map(({ version }) => version))].map((version) => ({
      groupVersion: `${name}/${version}`,
      version,
    }));
    return { name, versions: each, preferredVersion: each[0] };
  });
}

function resourceList(groupVersion: string, all: readonly Resource[]): object | null {
  const own = all.filter((each) => groupVersionOf(each) === groupVersion);
  if (own.length === 0) return null;
  const resources = own.map(({ plural, kind, namespaced }) => ({
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs: kind.endsWith('Review') ? ['create'] : verbs,
  }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}
