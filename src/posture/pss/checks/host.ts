/** Baseline: what lets a pod out to its node. */
import { sourcesOf } from '../defaults.ts';
import type { Container, Path, Placed } from '../pod.ts';
import { type Fault, fault, named, plural, quoted, sortedSet } from '../wording.ts';
import { badSetters } from './values.ts';
import type { Check } from './check.ts';

const hostNamespaces: Check = {
  id: 'hostNamespaces',
  level: 'baseline',
  versions: [
    {
      since: 0,
      run({ spec }) {
        const set = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
        if (set.length === 0) return null;
        return {
          reason: 'host namespaces',
          detail: set.map((field) => `${field}=true`).join(', '),
          faults: set.map((field) => fault(null, [field], true)),
        };
      },
    },
  ],
};

const hostPathVolumes: Check = {
  id: 'hostPathVolumes',
  level: 'baseline',
  versions: [
    {
      since: 0,
      run({ volumes }) {
        const faults = volumes.flatMap((volume, at) =>
          sourcesOf(volume).includes('hostPath') ? [fault(null, ['volumes', at, 'hostPath'], volume['hostPath'])] : [],
        );
        if (faults.length === 0) return null;
        const names = volumes.filter((each) => sourcesOf(each).includes('hostPath')).map(({ name }) => name ?? '');
        return {
          reason: 'hostPath volumes',
          detail: `${plural(names.length, 'volume')} ${quoted(names)}`,
          faults,
        };
      },
    },
  ],
};

const hostPorts: Check = {
  id: 'hostPorts',
  level: 'baseline',
  versions: [
    {
      since: 0,
      run({ containers }) {
        const faults: Fault[] = [];
        const bad = containers.filter((placed) => {
          const before = faults.length;
          for (const [at, { hostPort }] of (placed.container.ports ?? []).entries())
            if ((hostPort ?? 0) !== 0) faults.push(fault(placed, ['ports', at, 'hostPort'], hostPort));
          return faults.length > before;
        });
        if (bad.length === 0) return null;
        // Ordered as texts: "443" before "80".
        const ports = sortedSet(faults.map(({ value }) => String(value)));
        return {
          reason: 'hostPort',
          detail: `${named(bad)} ${plural(bad.length, 'uses', 'use')} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}`,
          faults,
        };
      },
    },
  ],
};

const hostProbesAndHostLifecycle: Check = {
  id: 'hostProbesAndHostLifecycle',
  level: 'baseline',
  versions: [
    {
      since: 34,
      run({ containers }) {
        const faults = containers.flatMap(hostsOf);
        if (faults.length === 0) return null;
        const bad = sortedSet(faults.map(({ container }) => container ?? ''));
        const hosts = sortedSet(faults.map(({ value }) => String(value)));
        const who = `${plural(bad.length, 'container')} ${quoted(bad)} ${plural(bad.length, 'uses', 'use')}`;
        return {
          reason: 'probe or lifecycle host',
          detail: `${who} probe or lifecycle ${plural(hosts.length, 'host')} ${quoted(hosts)}`,
          faults,
        };
      },
    },
  ],
};

function hostsOf(placed: Placed): Fault[] {
  const { container } = placed;
  const handlers: readonly (readonly [Path, Container['livenessProbe']])[] = [
    [['livenessProbe'], container.livenessProbe],
    [['readinessProbe'], container.readinessProbe],
    [['startupProbe'], container.startupProbe],
    [['lifecycle', 'postStart'], container.lifecycle?.postStart],
    [['lifecycle', 'preStop'], container.lifecycle?.preStop],
  ];
  return handlers.flatMap(([path, handler]) =>
    (['httpGet', 'tcpSocket'] as const).flatMap((action) => {
      const host = handler?.[action]?.host ?? '';
      return host === '' ? [] : [fault(placed, [...path, action, 'host'], host)];
    }),
  );
}

const privileged: Check = {
  id: 'privileged',
  level: 'baseline',
  versions: [
    {
      since: 0,
      run(pod) {
        const found = badSetters(
          pod,
          ['privileged'],
          (each) => each.privileged,
          (value) => value === true,
          false,
        );
        if (found === null) return null;
        const { who, faults } = found;
        return { reason: 'privileged', detail: `${who} must not set securityContext.privileged=true`, faults };
      },
    },
  ],
};

const windowsHostProcess: Check = {
  id: 'windowsHostProcess',
  level: 'baseline',
  versions: [
    {
      since: 0,
      run(pod) {
        const path = ['windowsOptions', 'hostProcess'];
        const found = badSetters(
          pod,
          path,
          (each) => each.windowsOptions?.hostProcess,
          (value) => value === true,
          true,
        );
        if (found === null) return null;
        const { who, faults } = found;
        return {
          reason: 'hostProcess',
          detail: `${who} must not set securityContext.windowsOptions.hostProcess=true`,
          faults,
        };
      },
    },
  ],
};

export const hostChecks: readonly Check[] = [
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbesAndHostLifecycle,
  privileged,
  windowsHostProcess,
];
