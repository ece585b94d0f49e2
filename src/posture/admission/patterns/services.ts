/** How the cluster is reached from outside, and what it stores on. */
import { json, list, text } from '#kubernetes/json.ts';
import { type Candidate, type Pattern, shown, used, within } from '../candidate.ts';
import { any, type Cel, cel } from '../rule/cel.ts';
import { type Rule, targets, type Target } from '../rule/rule.ts';
import type { Manifest } from '../subjects.ts';
import { listIn, mapIn } from './pods.ts';

const spec = (object: Manifest): Manifest => json(object['spec']);
const reads = (...fields: readonly string[]): Rule['reads'] => fields.map((each) => ({ path: ['spec', each] }));

const typeOf = (object: Manifest): string => text(spec(object)['type']) ?? 'ClusterIP';
const serviceTypes = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'];

export const services: Pattern = (groups, minUses) => {
  const own = within(groups, targets.services);
  // There are four types: one that a few services have is what the rule is to keep few.
  const known = used(own, Math.max(minUses, own.length / 10), (object) => [typeOf(object)]);
  const other = serviceTypes.find((each) => !known.includes(each));
  const types: Candidate = {
    widening: null,
    reads: reads('type'),
    id: 'service-types',
    targets: targets.services,
    holds: cel`object.?spec.?type.orValue("ClusterIP") in ${known}`,
    message: `the type of a service must be ${shown(known)}`,
    passes: (object) => known.includes(typeOf(object)),
    spoil: (object) => (mapIn(object, 'spec')['type'] = other),
  };
  return [
    ...(known.length === 0 || other === undefined ? [] : [types]),
    {
      widening: null,
      reads: reads('externalIPs'),
      id: 'service-external-ips',
      targets: targets.services,
      holds: cel`size(object.?spec.?externalIPs.orValue([])) == 0`,
      message: 'externalIPs must not be used',
      passes: (object) => list(spec(object)['externalIPs']).length === 0,
      spoil: (object) => (mapIn(object, 'spec')['externalIPs'] = ['192.0.2.1']),
    },
  ];
};

const hostsOf = (object: Manifest): string[] => [
  ...list(spec(object)['rules']).map((each) => text(json(each)['host']) ?? ''),
  ...list(spec(object)['tls']).flatMap((each) => list(json(each)['hosts']).map(String)),
];

/** `.shop.example` of `www.shop.example`; a name of two labels stands for itself. */
function domainOf(host: string): string {
  return host.split('.').length > 2 ? host.slice(host.indexOf('.')) : host;
}

/** RFC 8555: a name is proved without TLS, and so before the certificate. */
const challenges = '/.well-known/acme-challenge/';

function onlyChallenges(object: Manifest): boolean {
  const paths = list(spec(object)['rules']).map((each) => list(json(json(each)['http'])['paths']));
  return (
    paths.length > 0 &&
    paths.every(
      (own) => own.length > 0 && own.every((each) => text(json(each)['path'])?.startsWith(challenges) === true),
    )
  );
}

export const ingresses: Pattern = (groups, minUses) => {
  const own = within(groups, targets.ingresses);
  const known = used(own, minUses, (object) => hostsOf(object).flatMap((each) => (each === '' ? [] : domainOf(each))));
  const [suffixes, exact] = [
    known.filter((each) => each.startsWith('.')),
    known.filter((each) => !each.startsWith('.')),
  ];
  const isKnown: Cel = any([
    ...(exact.length === 0 ? [] : [cel`h in ${exact}`]),
    ...(suffixes.length === 0 ? [] : [cel`${suffixes}.exists(s, h.endsWith(s))`]),
  ]);
  const passes = (host: string): boolean => exact.includes(host) || suffixes.some((each) => host.endsWith(each));
  const hosts: Candidate = {
    reads: reads('rules', 'tls'),
    id: 'ingress-hosts',
    targets: targets.ingresses,
    // Without rules everything goes to the default backend, whatever the host.
    holds: cel`size(object.?spec.?rules.orValue([])) > 0 && object.?spec.?rules.orValue([]).all(r, [r.?host.orValue("")].all(h, ${isKnown})) && object.?spec.?tls.orValue([]).all(t, t.?hosts.orValue([]).all(h, ${isKnown}))`,
    message: `hosts of an ingress must be of ${shown(known)}`,
    widening: 'all hosts of a domain, not only those that are there',
    passes: (object) => list(spec(object)['rules']).length > 0 && hostsOf(object).every(passes),
    spoil: (object) => listIn(mapIn(object, 'spec'), 'rules').push({ host: 'evil.invalid' }),
  };
  return [
    ...(known.length === 0 ? [] : [hosts]),
    {
      widening: 'what only answers ACME challenges, which come before there is a certificate',
      reads: reads('tls', 'rules'),
      id: 'ingress-tls',
      targets: targets.ingresses,
      holds: cel`size(object.?spec.?tls.orValue([])) > 0 || (size(object.?spec.?rules.orValue([])) > 0 && object.?spec.?rules.orValue([]).all(r, size(r.?http.?paths.orValue([])) > 0 && r.?http.?paths.orValue([]).all(p, p.?path.orValue("").startsWith(${challenges}))))`,
      message: 'an ingress must have tls',
      passes: (object) => list(spec(object)['tls']).length > 0 || onlyChallenges(object),
      spoil: (object) => delete mapIn(object, 'spec')['tls'],
    },
    ...oneOf(own, minUses, {
      id: 'ingress-classes',
      targets: targets.ingresses,
      field: 'ingressClassName',
    }),
  ];
};

const classOf = (claim: unknown): string => text(spec(json(claim))['storageClassName']) ?? '';
const templatesOf = (object: Manifest): string[] => list(spec(object)['volumeClaimTemplates']).map(classOf);

export const storage: Pattern = (groups, minUses) => {
  const claims = within(groups, targets.claims);
  const sets = within(groups, targets.statefulSets);
  const known = used(sets, minUses, templatesOf);
  const templates: Candidate = {
    widening: null,
    reads: reads('volumeClaimTemplates'),
    id: 'storage-classes-of-templates',
    targets: targets.statefulSets,
    holds: cel`object.?spec.?volumeClaimTemplates.orValue([]).all(v, v.?spec.?storageClassName.orValue("") in ${known})`,
    message: `the storageClassName of volumeClaimTemplates must be ${classes(known)}`,
    concerns: (object) => templatesOf(object).length > 0,
    passes: (object) => templatesOf(object).every((each) => known.includes(each)),
    spoil: (object) =>
      listIn(mapIn(object, 'spec'), 'volumeClaimTemplates').push({
        spec: { storageClassName: 'kguardian-counter-example' },
      }),
  };
  return [
    ...oneOf(claims, minUses, {
      id: 'storage-classes',
      targets: targets.claims,
      field: 'storageClassName',
    }),
    ...(known.length === 0 ? [] : [templates]),
  ];
};

interface Choice {
  readonly id: string;
  readonly targets: readonly Target[];
  /** Of the spec. */
  readonly field: string;
}

/** One of the values in use; none at all is a value, too. */
function oneOf(groups: Parameters<typeof used>[0], minUses: number, choice: Choice): Candidate[] {
  const { id, targets: own, field } = choice;
  const read = (object: Manifest): string => text(spec(object)[field]) ?? '';
  const known = used(groups, minUses, (object) => [read(object)]);
  if (known.length === 0) return [];
  return [
    {
      widening: null,
      reads: reads(field),
      id,
      targets: own,
      holds: cel`object.?spec.?${{ cel: field }}.orValue("") in ${known}`,
      message: `${field} must be ${classes(known)}`,
      passes: (object) => known.includes(read(object)),
      spoil: (object) => (mapIn(object, 'spec')[field] = 'kguardian-counter-example'),
    },
  ];
}

function classes(known: readonly string[]): string {
  return shown(known.map((each) => (each === '' ? 'unset' : each)));
}
