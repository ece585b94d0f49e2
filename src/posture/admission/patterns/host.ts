/** What pods take of their node and of the cluster: namespaces, paths, ports, tokens, debug containers. */
import { json, list, text, whole } from '#kubernetes/json.ts';
import { type Pattern, shown, used } from '../candidate.ts';
import { cel } from '../rule/cel.ts';
import { targets } from '../rule/rule.ts';
import type { Manifest } from '../subjects.ts';
import { containersOf, listIn, ofContainers, ofPods, specOf } from './pods.ts';

export const hostNamespaces: Pattern = () => [
  ofPods({
    id: 'host-namespaces',
    holds: cel`!variables.podSpec.?hostNetwork.orValue(false) && !variables.podSpec.?hostPID.orValue(false) && !variables.podSpec.?hostIPC.orValue(false)`,
    message: 'hostNetwork, hostPID and hostIPC must not be set',
    passes: (spec) => ['hostNetwork', 'hostPID', 'hostIPC'].every((field) => spec[field] !== true),
    spoil: (spec) => (spec['hostPID'] = true),
  }),
];

const pathsOf = (spec: Manifest): string[] =>
  list(spec['volumes']).flatMap((volume) => {
    const { hostPath } = json(volume);
    return hostPath === undefined || hostPath === null ? [] : [text(json(hostPath)['path']) ?? ''];
  });

export const hostPaths: Pattern = (groups, minUses) => {
  // The root holds all other paths: a rule that takes it protects from nothing.
  const known = used(groups, minUses, (object) => pathsOf(specOf(object))).filter((each) => !/^\/*$/.test(each));
  const volumes = cel`variables.podSpec.?volumes.orValue([])`;
  return [
    ofPods({
      id: 'host-paths',
      holds:
        known.length === 0
          ? cel`${volumes}.all(v, !has(v.hostPath))`
          : cel`${volumes}.all(v, !has(v.hostPath) || v.hostPath.?path.orValue("") in ${known})`,
      message: known.length === 0 ? 'hostPath volumes must not be used' : `hostPath must be one of ${shown(known)}`,
      passes: (spec) => pathsOf(spec).every((each) => known.includes(each)),
      spoil: (spec) =>
        listIn(spec, 'volumes').push({ name: 'host', hostPath: { path: '/etc/kguardian-counter-example' } }),
    }),
  ];
};

const portsOf = (container: Manifest): number[] =>
  list(container['ports']).flatMap((each) => {
    const port = whole(json(each)['hostPort']) ?? 0;
    return port === 0 ? [] : [port];
  });

/** On the node's network each port is the host's: then that is the matter, not the port. */
const isOnNode = (object: Manifest): boolean => specOf(object)['hostNetwork'] === true;

export const hostPorts: Pattern = (groups, minUses) => {
  const known = used(groups, minUses, (object) => (isOnNode(object) ? [] : containersOf(object).flatMap(portsOf)));
  const spare = [65_535, 65_534].find((each) => !known.includes(each)) ?? 1;
  return [
    ofContainers({
      id: 'host-ports',
      holds: cel`variables.podSpec.?hostNetwork.orValue(false) || c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) in ${[0, ...known]})`,
      message: known.length === 0 ? 'hostPort must not be used' : `hostPort must be one of ${shown(known)}`,
      passes: (container, object) => isOnNode(object) || portsOf(container).every((each) => known.includes(each)),
      spoil: (container) => (container['ports'] = [{ containerPort: spare, hostPort: spare }]),
    }),
  ];
};

export const tokens: Pattern = () => [
  ofPods({
    id: 'token-automount',
    holds: cel`variables.podSpec.?automountServiceAccountToken.orValue(true) == false`,
    message: 'automountServiceAccountToken must be false in each pod',
    passes: (spec) => spec['automountServiceAccountToken'] === false,
    spoil: (spec) => (spec['automountServiceAccountToken'] = true),
  }),
  ofPods({
    id: 'own-service-account',
    holds: cel`!(variables.podSpec.?serviceAccountName.orValue("") in ["", "default"])`,
    message: 'each pod must name a service account other than default',
    passes: (spec) => !['', 'default'].includes(text(spec['serviceAccountName']) ?? ''),
    spoil: (spec) => (spec['serviceAccountName'] = 'default'),
  }),
];

export const ephemeralContainers: Pattern = () => [
  ofPods({
    id: 'ephemeral-containers',
    targets: targets.pods,
    holds: cel`size(variables.podSpec.?ephemeralContainers.orValue([])) == 0`,
    message: 'ephemeral containers (kubectl debug) must not be added',
    passes: (spec) => list(spec['ephemeralContainers']).length === 0,
    spoil: (spec) => listIn(spec, 'ephemeralContainers').push({ name: 'debug', image: 'x' }),
  }),
];
