/** Baselines of a cluster → Servers and who may call them, for each workload that was watched and called. */
import type { Identities } from '#baseline/clients.ts';
import { isObjectName } from '#kubernetes/names.ts';
import type { Artifact, Evidence, Generated } from '../kind.ts';
import { generateForMesh, textOf } from '../mesh-generate.ts';
import { artifactPath } from '../names.ts';
import { objectsOf } from './generate/objects.ts';
import { patch } from './generate/patch.ts';
import { portsOf } from './generate/ports.ts';
import type { Options } from './options.ts';
import { proxyPorts, signs } from './signs.ts';

export function generate(evidence: Evidence, options: Options): Generated {
  return generateForMesh(evidence, options, {
    ...{ name: 'linkerd', title: 'Linkerd', signs, proxyPorts, identities: identitiesIn(options) },
    general: modeNotes(options),
    write({ server, name, selector, callers, pods }, cluster) {
      const { ports, notes, leftOut } = portsOf(callers, pods, cluster, options);
      const place = { namespace: server.workload.namespace, name, selector };
      return {
        objects: ports.flatMap((port) => objectsOf(place, port, options)),
        leftOut,
        notes: [...callers.notes, ...notes],
      };
    },
    beside: (written) =>
      written.flatMap(({ subject: { server }, stem }): Artifact[] => {
        const own = options.denyDefault ? patch(server.workload, options.mode === 'audit' ? 'audit' : 'deny') : null;
        if (own === null) return [];
        const head = ['A patch of the workload for its ports without a Server; kubectl patch --patch-file takes it'];
        const path = artifactPath(stem, `linkerd-patch.${options.output}`);
        return [{ path, text: textOf([own], head, options.output), judged: false, applied: 'patch' }];
      }),
  });
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
