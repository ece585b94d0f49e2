/** What Falco knows of the container that an event comes from. */
import type { Container } from '#observation/recording.ts';
import type { Field, Labelled } from './event.ts';

/** `missing`: Kubernetes' fields are not there, as right after a start, or where the runtime could not be asked. */
export type Metadata = 'present' | 'missing';

const known = new WeakMap<Container, Map<Metadata, Labelled>>();

/** The same for the same container, so that what was found out of one is found out once. */
export function labelledOf(by: Container, metadata: Metadata): Labelled {
  const of = known.get(by) ?? new Map<Metadata, Labelled>();
  known.set(by, of);
  const found = of.get(metadata) ?? described(by, metadata);
  of.set(metadata, found);
  return found;
}

function described({ id, name, image, imageDigest, pod }: Container, metadata: Metadata): Labelled {
  const fields: Record<string, Field> = { 'container.id': id, 'container.name': name, ...imageFields(image) };
  if (imageDigest !== undefined) fields['container.image.digest'] = imageDigest;
  if (pod !== undefined) {
    fields['k8s.ns.name'] = pod.namespace;
    fields['k8s.pod.name'] = pod.name;
    fields['k8s.pod.uid'] = pod.uid;
    for (const [key, value] of Object.entries(pod.labels)) fields[`k8s.pod.label.${key}`] = value;
  }
  return { fields, bare: metadata === 'missing' || pod === undefined };
}

/** `registry:5000/shop/web:1.2@sha256:…`. A name without a registry is Docker Hub's. */
export function imageFields(image: string | undefined): Record<string, Field> {
  if (image === undefined || image === '') return {};
  const [, name = '', tag] = /^([^@]*?)(?::([^:/@]+))?(?:@.*)?$/.exec(image) ?? [];
  const [first = ''] = name.split('/');
  const hosted = name.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  const repository = hosted ? name : `docker.io/${name.includes('/') ? '' : 'library/'}${name}`;
  return { 'container.image.repository': repository, ...(tag === undefined ? {} : { 'container.image.tag': tag }) };
}
