/** Baselines of a cluster → Servers and who may call them, for each workload that was watched and called. */
import { type Server, servers } from '#baseline/arrivals.ts';
import { callersOf } from '#baseline/callers.ts';
import { clientsIn, type Identities } from '#baseline/clients.ts';
import { doubtsAbout } from '#baseline/doubts.ts';
import { windowLine } from '#baseline/evidence.ts';
import { leftOutOf } from '#baseline/left-out.ts';
import { meshMembers } from '#kubernetes/mesh-members.ts';
import { naming, namingFault } from '#kubernetes/naming.ts';
import { isObjectName, objectName } from '#kubernetes/names.ts';
import { workloadKey } from '#kubernetes/workload.ts';
import { plain, yamlDocument, type YamlMap } from '#kubernetes/yaml-text.ts';
import type { Artifact, Evidence, Generated } from '../kind.ts';
import { artifactPath, stems, withoutClashes } from '../names.ts';
import { objectsOf, type Place } from './generate/objects.ts';
import { patch } from './generate/patch.ts';
import { type Ports, portsOf } from './generate/ports.ts';
import type { Options } from './options.ts';
import { proxyPorts, signs } from './signs.ts';

interface Draft extends Pick<Ports, 'notes' | 'leftOut'> {
  readonly server: Server;
  readonly place: Place;
  readonly objects: readonly YamlMap[];
}

export function generate({ baselines, cluster }: Evidence, options: Options): Generated {
  if (cluster === null)
    return { type: 'abstained', reason: 'the cluster is not known, and policies name its pods and service accounts' };
  const members = meshMembers(cluster, signs, options.members);
  const clients = clientsIn(cluster, members, identitiesIn(options));
  const named = naming(cluster);
  const podsOf = Map.groupBy(cluster.pods, (pod) => workloadKey(pod.workload));
  const watched = servers(baselines);
  if (watched.length === 0) return { type: 'abstained', reason: 'no pod of a cluster was recorded' };

  const draftOf = (server: Server): Draft | string => {
    const { workload, pods } = server;
    const doubts = doubtsAbout(server.baselines, 'network', 'flows');
    if (doubts.length > 0 && !options.allowLoss) return `${doubts.join('; ')} (--allow-loss goes ahead all the same)`;
    if (!pods.some((pod) => members.has(pod))) return 'its pods are not in the mesh';
    const own = named(
      workload,
      pods.map(({ labels }) => labels),
    );
    if (own.type === 'unnamed') return own.reason;
    const fault = namingFault(workload, own.selector);
    if (fault !== null) return fault;
    if (own.also.length > 0)
      return `no label tells its pods from those of ${own.also.join(', ')}, which the Servers would be about, too`;
    const inCluster = podsOf.get(workloadKey(workload)) ?? [];
    const callers = callersOf(server, clients, inCluster, proxyPorts);
    if (callers.callers.length === 0)
      return ['nobody was seen calling it whom an authorization could name', ...callers.notes].join('; ');
    if (options.mode === 'enforce' && callers.nameless.length > 0)
      return `enforced it would refuse ${callers.nameless.join('; ')}`;
    const { ports, notes, leftOut } = portsOf(callers, inCluster, cluster, options);
    const { kind, name, namespace } = workload;
    const called = objectName(kind === 'Deployment' ? name : `${name}-${kind}`);
    const place: Place = { namespace, name: called, selector: own.selector };
    return {
      server,
      place,
      objects: ports.flatMap((port) => objectsOf(place, port, options)),
      leftOut,
      notes: [...new Set([...doubts, ...callers.notes, ...notes])],
    };
  };

  const drafted = watched.map((server) => ({ server, draft: draftOf(server) }));
  const { kept: drafts, clashing } = withoutClashes(
    drafted.flatMap(({ draft }) => (typeof draft === 'string' ? [] : [draft])),
    ({ objects }) => objects,
  );
  const reasons = drafted.flatMap(({ server, draft }) =>
    typeof draft === 'string' ? [`${nameOf(server)}: no policy, ${draft}`] : [],
  );
  for (const { server } of clashing)
    reasons.push(`${nameOf(server)}: no policy, its objects would have the names of another workload's`);
  if (drafts.length === 0) return { type: 'abstained', reason: reasons.join('\n') };
  const general = [
    ...(members.assumed
      ? [
          "no pod bears a label of Linkerd: all but those in their node's network are taken to be in the mesh (--members)",
        ]
      : []),
    ...modeNotes(options),
  ];
  const names = stems(drafts.map(({ place }) => place));
  const artifacts = drafts.flatMap((draft, at): Artifact[] => {
    const { server, objects, notes } = draft;
    const head = [`${nameOf(server)}: ${windowLine(server.baselines, 'network')}`, ...general, ...notes];
    const stem = names[at] ?? draft.place.name;
    const policy: Artifact = {
      applied: 'object',
      path: artifactPath(stem, `linkerd.${options.output}`),
      text: textOf(objects, head, options),
    };
    const beside = options.denyDefault ? patch(server.workload, options.mode === 'audit' ? 'audit' : 'deny') : null;
    if (beside === null) return [policy];
    const words = ['A patch of the workload for its ports without a Server; kubectl patch --patch-file takes it'];
    return [
      policy,
      {
        path: artifactPath(stem, `linkerd-patch.${options.output}`),
        text: textOf([beside], words, options),
        judged: false,
        applied: 'patch',
      },
    ];
  });
  const notes = drafts.flatMap((draft) => draft.notes.map((note) => `${nameOf(draft.server)}: ${note}`));
  return {
    type: 'artifacts',
    artifacts: artifacts.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    notes: [...general, ...notes, ...reasons],
    leftOut: leftOutOf(
      baselines,
      new Map(drafts.map(({ server, leftOut }) => [workloadKey(server.workload), leftOut])),
    ),
  };
}

function identitiesIn({ trustDomain, controlNamespace }: Options): Identities {
  const end = `.serviceaccount.identity.${controlNamespace}.${trustDomain}`;
  return {
    accountOf(identity) {
      if (!identity.endsWith(end)) return null;
      const own = identity.slice(0, -end.length);
      // A namespace has no dot; an account may have some.
      const at = own.lastIndexOf('.');
      return at <= 0 ? null : { namespace: own.slice(at + 1), name: own.slice(0, at) };
    },
    isLiteral: isObjectName,
  };
}

function textOf(objects: readonly YamlMap[], head: readonly string[], { output }: Options): string {
  return objects
    .map((object, at) =>
      output === 'json' ? `${JSON.stringify(plain(object))}\n` : yamlDocument(at === 0 ? head : [], object),
    )
    .join('');
}

function nameOf({ workload: { kind, namespace, name } }: Server): string {
  return `${kind} ${namespace}/${name}`;
}

function modeNotes({ mode, denyDefault }: Options): string[] {
  return [
    ...(mode === 'audit'
      ? [
          'audit: Servers let through what no authorization is for, and log it; --mode enforce writes the same with deny',
        ]
      : []),
    ...(denyDefault
      ? []
      : [
          'ports without a Server let through what the default inbound policy does, by default everybody (--deny-default)',
        ]),
  ];
}
