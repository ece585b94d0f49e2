/** Containers as the kernel tells of them: cgroups made and removed below the pods' tree (bpf/containers.bpf.c). */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { decodeText } from '#observation/text.ts';
import { unifiedMount } from '../cgroups.ts';
import { CONTAINER_MADE, GROUND_BASE, GROUND_PODS, readContainerEvent, sizeOfContainerEvent } from '../layouts.gen.ts';
import type { BpfMap } from '../libbpf/map.ts';
import type { BpfObject } from '../libbpf/object.ts';
import type { Ring } from '../libbpf/ring.ts';
import type { Scope } from '../scope.ts';
import { cgroupPlace } from './cgroup-path.ts';
import { outsidersOf } from './outsiders.ts';

/** A cgroup that holds a container, or that could. */
export interface Birth {
  readonly subject: number;
  readonly cgroup: bigint;
  /** From the root of the v2 tree. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** False for one that was there before us. */
  readonly fromStart: boolean;
}

/** Numbers that the kernel may give out between two looks. */
const lentAtOnce = 256;
const deepest = 16;

export class Births {
  readonly #scope: Scope;
  readonly #object: BpfObject;
  readonly #sessions: BpfObject;
  readonly #ring: Ring;
  readonly #spare: BpfMap;
  readonly #grounds: BpfMap;
  readonly #mount: string;
  readonly #base: string;
  #lent = 0;
  #made: Birth[] = [];
  #removed: { cgroup: bigint; at: number }[] = [];

  /** `base`: the folder in which kubelet makes its tree. Nothing is seen before `attach`. */
  constructor(scope: Scope, base: string) {
    this.#scope = scope;
    this.#mount = unifiedMount();
    this.#base = base;
    this.#object = scope.open('containers').load();
    this.#sessions = scope.open('sessions').load();
    this.#spare = this.#object.map('spare_subjects');
    this.#grounds = this.#object.map('grounds');
    this.#ring = this.#object.ring('container_events', (sample) => this.#take(sample));
  }

  /** Hooks, as the start tells them. After the sensors: who ends is told by them first. */
  attach(): string {
    for (const object of [this.#object, this.#sessions]) {
      for (const program of object.programs().keys()) object.attach(program);
    }
    this.#lend();
    return [...new Set([...this.#object.programs().values(), ...this.#sessions.programs().values()])].join(', ');
  }

  /** Watches the tree from here on, and what is in it already: that comes back as births. */
  lookAround(): Birth[] {
    const found: Birth[] = [];
    this.#ground(this.#base, GROUND_BASE);
    this.#walk(this.#base, 0, found);
    return found;
  }

  /** What was made and removed since the last time, in that order of telling. */
  drain(): { made: Birth[]; removed: { cgroup: bigint; at: number }[] } {
    if (!this.#ring.drain()) return { made: [], removed: [] };
    this.#lend();
    const told = { made: this.#made, removed: this.#removed };
    this.#made = [];
    this.#removed = [];
    return told;
  }

  /** Containers that got no number, and sessions that were not noted. */
  lost(): number {
    return Number(this.#object.counts().lost + this.#sessions.counts().lost);
  }

  maps(): readonly BpfMap[] {
    return [this.#grounds];
  }

  #take(sample: DataView): void {
    const event = readContainerEvent(sample, 0);
    const at = this.#scope.time(event.time);
    if (event.type !== CONTAINER_MADE) {
      this.#removed.push({ cgroup: event.cgroup, at });
      return;
    }
    this.#lent -= 1;
    const bytes = new Uint8Array(
      sample.buffer,
      sample.byteOffset + sizeOfContainerEvent,
      Math.max(0, event.pathBytes - 1),
    );
    const path = decodeText(bytes);
    this.#made.push({ subject: event.subject, cgroup: event.cgroup, path, at, fromStart: true });
  }

  #lend(): void {
    for (; this.#lent < lentAtOnce; this.#lent += 1) {
      const subject = this.#scope.subjects.take();
      if (subject === null) return;
      if (!this.#spare.push(new Uint8Array(Uint32Array.of(subject.number).buffer))) {
        this.#scope.release(subject.number);
        return;
      }
    }
  }

  #walk(folder: string, depth: number, found: Birth[]): void {
    if (depth > deepest) return;
    for (const name of folders(folder)) {
      const below = `${folder}/${name}`;
      const path = below.slice(this.#mount.length);
      const place = cgroupPlace(path);
      if (place.type === 'container') {
        const birth = this.#running(below, path);
        if (birth !== null) found.push(birth);
        continue;
      }
      if (place.type === 'ground') this.#ground(below, GROUND_PODS);
      this.#walk(below, depth + 1, found);
    }
  }

  /** One that was there before us; null when the kernel told of it already, or it ended meanwhile. */
  #running(folder: string, path: string): Birth | null {
    try {
      const { ino, ctimeMs } = statSync(folder, { bigint: true });
      const pids = processes(folder);
      const subject = this.#scope.addSubject(null, {
        host: false,
        started: pids.length > 0,
        usage: null,
        apart: true,
      });
      // Before anything of it is watched: what a session does between the two would be the program's.
      const outsiders = outsidersOf(pids).filter((pid) => this.#scope.noteOutsider(subject, pid));
      if (!this.#scope.watchIfNew(ino, subject)) {
        for (const pid of outsiders) this.#scope.forgetOutsider(pid);
        this.#scope.release(subject);
        return null;
      }
      for (const below of descendants(folder)) this.#scope.watchIfNew(statSync(below, { bigint: true }).ino, subject);
      // Those that came while we looked; from now on the kernel notes them.
      for (const pid of outsidersOf(processes(folder))) this.#scope.noteOutsider(subject, pid);
      return { subject, cgroup: ino, path, at: Number(ctimeMs), fromStart: false };
    } catch {
      return null;
    }
  }

  #ground(folder: string, kind: number): void {
    try {
      const { ino } = statSync(folder, { bigint: true });
      this.#grounds.update(new Uint8Array(BigUint64Array.of(ino).buffer), new Uint8Array(Uint32Array.of(kind).buffer));
    } catch {
      // It was removed while we looked.
    }
  }
}

function folders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function descendants(folder: string): string[] {
  return folders(folder).flatMap((name) => [`${folder}/${name}`, ...descendants(`${folder}/${name}`)]);
}

function processes(folder: string): number[] {
  return [folder, ...descendants(folder)].flatMap((each) =>
    readFileSync(`${each}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number),
  );
}
