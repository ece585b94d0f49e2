/** What the schema and the webhook refuse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cluster } from '../../mesh.cases.ts';
import { linkerd } from '../index.ts';
import { identities, ids, nets, networks, policy, route, server, toServer } from './judge.cases.ts';

const account = { kind: 'ServiceAccount', name: 'web' };
const refused: readonly (readonly [what: string, object: object, message: RegExp])[] = [
  ['an unknown access policy', server({ accessPolicy: 'allow' }), /spec\.accessPolicy/],
  ['both selectors', server({ externalWorkloadSelector: {} }), /either podSelector or externalWorkloadSelector/],
  ['no selector', server({ podSelector: undefined }), /either podSelector or externalWorkloadSelector/],
  ['no port', server({ port: 0 }), /spec\.port/],
  ['another namespace', policy({ kind: 'Namespace', name: 'data' }, []), /cannot target another namespace: data/],
  ['a target of another kind', policy({ kind: 'Deployment', name: 'a' }, []), /invalid targetRef kind Deployment/],
  ['two identities', policy(toServer, [ids, { ...ids, name: 'b' }]), /only one MeshTLSAuthentication/],
  [
    'identities beside an account',
    policy(toServer, [ids, account]),
    /only one MeshTLSAuthentication or ServiceAccount/,
  ],
  ['two networks', policy(toServer, [nets, { ...nets, name: 'b' }]), /only a single NetworkAuthentication/],
  ['another requirement', policy(toServer, [{ kind: 'Secret', name: 'a' }]), /unsupported authentication kind Secret/],
  ['no identity', identities({ identities: [] }), /identities/],
  [
    'identities of both kinds',
    identities({ identities: ['*'], identityRefs: [account] }),
    /either identities or identityRefs/,
  ],
  ['an identity that is no name', identities({ identities: ['spiffe://a/b'] }), /no identity/],
  ['a star within', identities({ identities: ['a.*.b'] }), /no identity/],
  [
    'a reference to a Deployment',
    identities({ identityRefs: [{ kind: 'Deployment', name: 'a' }] }),
    /identityRefs\[0\]\.kind/,
  ],
  [
    'a Namespace in a namespace',
    identities({ identityRefs: [{ kind: 'Namespace', name: 'a', namespace: 'b' }] }),
    /cluster-scoped/,
  ],
  ['no networks', networks([]), /at least one network/],
  ['what is no network', networks([{ cidr: '10.0.0.0/40' }]), /not a network/],
  ['an exception outside', networks([{ cidr: '10.0.0.0/24', except: ['10.1.0.0/24'] }]), /does not include exception/],
  ['an exception of all', networks([{ cidr: '10.0.0.0/24', except: ['10.0.0.0/16'] }]), /completely negated/],
  ['a method of WebDAV', route([{ method: 'PROPFIND' }]), /method/],
  ['nine matches', route(Array.from({ length: 9 }, () => ({}))), /matches/],
  ['a path without a slash', route([{ path: { type: 'Exact', value: 'a' } }]), /begins with a slash/],
];
for (const [what, object, message] of refused)
  test(`linkerd refuses ${what}, with the path`, () => {
    assert.throws(() => linkerd.evaluator(JSON.stringify(object), {}, cluster), message);
  });
