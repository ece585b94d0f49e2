/** Baselines of a cluster → authorization policies, one for each workload that was watched and called. */
import type { Identities } from '#baseline/clients.ts';
import type { Artifact, Evidence, Generated } from '../kind.ts';
import { generateForMesh, type Subject, textOf, type Written } from '../mesh-generate.ts';
import { artifactPath } from '../names.ts';
import { type Draft, rulesOf } from './generate/draft.ts';
import { denyDefault, objectsOf } from './generate/objects.ts';
import type { Options } from './options.ts';
import { proxyPorts, signs } from './signs.ts';

export function generate(evidence: Evidence, options: Options): Generated {
  const made = generateForMesh(evidence, options, {
    ...{ name: 'istio', title: 'Istio', signs, proxyPorts, identities: identitiesIn(options) },
    general: modeNotes(options),
    write(subject, cluster): Written | string {
      const { server, name, selector, callers } = subject;
      if ((selector.matchExpressions ?? []).length > 0)
        return 'its controller selects its pods by expressions, and Istio takes labels alone';
      const rules = rulesOf(callers, options);
      if (typeof rules === 'string') return rules;
      const draft: Draft = { ...rules, server, name, matchLabels: selector.matchLabels ?? {} };
      const objects = objectsOf(draft, options, cluster);
      if (typeof objects === 'string') return objects;
      return { objects, leftOut: rules.leftOut, notes: [...rules.notes, ...tlsNotes(rules.mutualTls, options)] };
    },
    beside: (written) => (options.denyDefault ? defaults(written, options) : []),
  });
  if (made.type === 'abstained' || !options.denyDefault) return made;
  return { ...made, notes: [...made.notes, 'the default deny is about workloads that were not watched, too'] };
}

/** One for each namespace. */
function defaults(written: readonly { readonly subject: Subject }[], options: Options): Artifact[] {
  return [...new Set(written.map(({ subject: { server } }) => server.workload.namespace))].map((namespace) => ({
    applied: 'object',
    path: artifactPath(`${namespace}-default-deny`, `istio.${options.output}`),
    text: textOf(
      [denyDefault(namespace, options)],
      ['Refuses what no other policy of the namespace lets through'],
      options.output,
    ),
  }));
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
