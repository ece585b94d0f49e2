/** Baselines of a cluster → authorization policies, one for each workload that was watched and called. */
import { type Server, servers } from '#baseline/arrivals.ts';
import { clientsIn, type Identities } from '#baseline/clients.ts';
import { doubtsAbout } from '#baseline/doubts.ts';
import { windowLine } from '#baseline/evidence.ts';
import { leftOutOf } from '#baseline/left-out.ts';
import { meshMembers } from '#kubernetes/mesh-members.ts';
import { naming, namingFault } from '#kubernetes/naming.ts';
import { objectName } from '#kubernetes/names.ts';
import { workloadKey } from '#kubernetes/workload.ts';
import { plain, yamlDocument, type YamlMap } from '#kubernetes/yaml-text.ts';
import type { Artifact, Evidence, Generated } from '../kind.ts';
import { artifactPath, stems, withoutClashes } from '../names.ts';
import { type Draft, rulesOf } from './generate/draft.ts';
import { denyDefault, objectsOf } from './generate/objects.ts';
import type { Options } from './options.ts';
import { signs } from './signs.ts';

export function generate({ baselines, cluster }: Evidence, options: Options): Generated {
  if (cluster === null)
    return { type: 'abstained', reason: 'the cluster is not known, and policies name its pods and service accounts' };
  const members = meshMembers(cluster, signs, options.members);
  const clients = clientsIn(cluster, members, identitiesIn(options));
  const named = naming(cluster);
  const podsOf = Map.groupBy(cluster.pods, (pod) => workloadKey(pod.workload));
  const watched = servers(baselines);
  if (watched.length === 0) return { type: 'abstained', reason: 'no pod of a cluster was recorded' };

  const drafted: { draft: Draft; objects: readonly YamlMap[] }[] = [];
  const reasons: string[] = [];
  for (const server of watched) {
    const draft = draftOf(server);
    const objects = typeof draft === 'string' ? draft : objectsOf(draft, options, cluster);
    if (typeof draft === 'string') reasons.push(`${nameOf(server)}: no policy, ${draft}`);
    else if (typeof objects === 'string') reasons.push(`${nameOf(server)}: no policy, ${objects}`);
    else drafted.push({ draft, objects });
  }

  function draftOf(server: Server): Draft | string {
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
      return `no label tells its pods from those of ${own.also.join(', ')}, which the policy would be about, too`;
    if ((own.selector.matchExpressions ?? []).length > 0)
      return 'its controller selects its pods by expressions, and Istio takes labels alone';
    const inCluster = podsOf.get(workloadKey(workload)) ?? [];
    const made = rulesOf(server, clients, options, inCluster);
    if (typeof made === 'string') return made;
    const { kind, name } = workload;
    return {
      ...made,
      server,
      notes: [...doubts, ...made.notes, ...tlsNotes(made.mutualTls, options)],
      name: objectName(kind === 'Deployment' ? name : `${name}-${kind}`),
      matchLabels: own.selector.matchLabels ?? {},
    };
  }

  const { kept: drafts, clashing } = withoutClashes(drafted, ({ objects }) => objects);
  for (const { draft } of clashing)
    reasons.push(`${nameOf(draft.server)}: no policy, its objects would have the names of another workload's`);
  if (drafts.length === 0) return { type: 'abstained', reason: reasons.join('\n') };
  const general = [
    ...(members.assumed
      ? ["no pod bears a label of Istio: all but those in their node's network are taken to be in the mesh (--members)"]
      : []),
    ...modeNotes(options),
  ];
  const stem = stems(drafts.map(({ draft: { server, name } }) => ({ namespace: server.workload.namespace, name })));
  const artifacts = drafts.map(({ draft, objects }, at): Artifact => {
    const head = [
      `${nameOf(draft.server)}: ${windowLine(draft.server.baselines, 'network')}`,
      ...general,
      ...draft.notes,
    ];
    return {
      applied: 'object',
      path: artifactPath(stem[at] ?? draft.name, `istio.${options.output}`),
      text: textOf(objects, head, options),
    };
  });
  const companions = options.denyDefault
    ? [...new Set(drafts.map(({ draft }) => draft.server.workload.namespace))]
    : [];
  artifacts.push(
    ...companions.map(
      (namespace): Artifact => ({
        applied: 'object',
        path: artifactPath(`${namespace}-default-deny`, `istio.${options.output}`),
        text: textOf(
          [denyDefault(namespace, options)],
          ['Refuses what no other policy of the namespace lets through'],
          options,
        ),
      }),
    ),
  );
  const notes = drafts.flatMap(({ draft }) => draft.notes.map((note) => `${nameOf(draft.server)}: ${note}`));
  return {
    type: 'artifacts',
    artifacts: artifacts.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    notes: [...general, ...notes, ...reasons, ...denyNotes(options)],
    leftOut: leftOutOf(
      baselines,
      new Map(drafts.map(({ draft }) => [workloadKey(draft.server.workload), draft.leftOut])),
    ),
  };
}

function identitiesIn({ trustDomain, trustDomainAlias }: Options): Identities {
  const own = new Set([trustDomain, ...trustDomainAlias]);
  return {
    accountOf(identity) {
      const [, domain = '', namespace, name] =
        /^(?:spiffe:\/\/)?([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity) ?? [];
      return namespace === undefined || name === undefined || !own.has(domain) ? null : { namespace, name };
    },
    // What SPIFFE allows in an identity; a star would be a pattern.
    isLiteral: (identity) => /^(?:spiffe:\/\/)?[a-z0-9._-]+(\/[a-zA-Z0-9._-]+)+$/.test(identity),
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

function modeNotes({ mode, form }: Options): string[] {
  if (mode === 'enforce') return [];
  return [
    'dry run: proxies tell what they would refuse (shadow_denied); --mode enforce writes the same without the annotation',
    ...(form === 'ambient'
      ? ['ztunnel before Istio 1.25 enforces a policy in spite of its dry-run annotation (istio/istio#55414)']
      : []),
  ];
}

function tlsNotes(mutualTls: boolean, { mode }: Options): string[] {
  if (!mutualTls) return ['whether all of its clients used mutual TLS was not seen: no PeerAuthentication is written'];
  return mode === 'dry-run'
    ? ['all of its clients used mutual TLS: --mode enforce adds a PeerAuthentication, which has no dry run']
    : [];
}

function denyNotes({ denyDefault: wanted }: Options): string[] {
  return wanted ? ['the default deny is about workloads that were not watched, too'] : [];
}
