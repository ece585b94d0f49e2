/** All patterns that are looked for. */
import type { Pattern } from '../candidate.ts';
import { ephemeralContainers, hostNamespaces, hostPaths, hostPorts, tokens } from './host.ts';
import { pins, registries } from './images.ts';
import { defaultNamespace, objectLabels, podLabels } from './metadata.ts';
import { probes, replicas, requests } from './resources.ts';
import { capabilities, flags, profiles, users } from './rights.ts';
import { ingresses, services, storage } from './services.ts';

export const patterns: readonly Pattern[] = [
  registries,
  pins,
  capabilities,
  flags,
  users,
  ...profiles,
  hostNamespaces,
  hostPaths,
  hostPorts,
  tokens,
  ephemeralContainers,
  ...requests,
  probes,
  replicas,
  services,
  ingresses,
  storage,
  ...objectLabels,
  podLabels,
  defaultNamespace,
];
