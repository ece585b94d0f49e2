/** The containers of this node from their cgroup's first moment until nothing of them is left to be sent. */
import { existsSync } from 'node:fs';
import type { Container } from '#observation/recording.ts';
import { counterparts } from '../cgroups.ts';
import type { Scope } from '../scope.ts';
import type { Birth } from './births.ts';
import { cgroupPlace } from './cgroup-path.ts';
import { type Known, type Verdict, verdict } from './naming.ts';

export interface Tracked {
  readonly birth: Birth;
  readonly id: string;
  readonly podUid: string;
  readonly firstOfPod: boolean;
  /** Null until it is named. */
  container: Container | null;
  /** When its cgroup was removed; null while it is there. */
  ended: number | null;
}

/** How containers left us without being sent, since the start. */
export interface Dismissals {
  sandbox: number;
  excluded: number;
  unnamed: number;
  /** Cgroups in the tree that hold no container of a pod. */
  other: number;
}

export class Containers {
  readonly dismissed: Dismissals = { sandbox: 0, excluded: 0, unnamed: 0, other: 0 };
  readonly #scope: Scope;
  readonly #mount: string;
  readonly #tracked = new Map<number, Tracked>();
  readonly #byCgroup = new Map<bigint, Tracked>();
  /** Pods whose first cgroup we saw. */
  readonly #pods = new Set<string>();
  readonly #unnamed: Tracked[] = [];

  constructor(scope: Scope, mount: string) {
    this.#scope = scope;
    this.#mount = mount;
  }

  begin(birth: Birth): void {
    const place = cgroupPlace(birth.path);
    if (place.type !== 'container' || place.nested) {
      this.dismissed.other += 1;
      this.#unwatch(birth);
      return;
    }
    const firstOfPod = birth.fromStart && !this.#pods.has(place.podUid);
    this.#pods.add(place.podUid);
    const { id, podUid } = place;
    const tracked: Tracked = { birth, id, podUid, firstOfPod, container: null, ended: null };
    this.#tracked.set(birth.subject, tracked);
    this.#byCgroup.set(birth.cgroup, tracked);
  }

  end(cgroup: bigint, at: number): void {
    const tracked = this.#byCgroup.get(cgroup);
    if (tracked !== undefined) tracked.ended = at;
  }

  /** Ends that the kernel could not tell. */
  lookForEnds(now: number): void {
    for (const tracked of this.#tracked.values())
      if (tracked.ended === null && !existsSync(this.#mount + tracked.birth.path)) tracked.ended = now;
  }

  /** Names whom it can; what is no container of ours is let go. Gives those that got their name now. */
  name(known: Known, now: number): Tracked[] {
    const named: Tracked[] = [];
    for (const tracked of this.#tracked.values()) {
      if (tracked.container !== null) continue;
      const { id, podUid, firstOfPod, birth } = tracked;
      // The runtime's own program may have been there before.
      const program = [...(this.#scope.subjects.of(birth.subject)?.programs.values() ?? [])].at(-1) ?? null;
      const { at, fromStart } = birth;
      const said = verdict({ id, podUid, at, fromStart, firstOfPod, program }, known, now);
      if (said.type === 'wait') continue;
      if (said.type === 'named') {
        tracked.container = said.container;
        const folder = this.#mount + birth.path;
        const usage = existsSync(folder) ? counterparts(folder) : null;
        Object.assign(this.#scope.subjects.of(birth.subject) ?? {}, { container: said.container.id, usage });
        named.push(tracked);
      } else this.#dismiss(tracked, said.type);
    }
    return named;
  }

  /** Lets one go whose facts were all handed on. */
  release(tracked: Tracked): void {
    this.#forget(tracked);
    this.#unwatch(tracked.birth);
  }

  /** Those with a name. */
  named(): (Tracked & { readonly container: Container })[] {
    return [...this.#tracked.values()].filter(
      (each): each is Tracked & { readonly container: Container } => each.container !== null,
    );
  }

  get waiting(): number {
    return this.#tracked.size - this.named().length;
  }

  /** Those that were let go because nobody named them, since the last call: for the log. */
  takeUnnamed(): Tracked[] {
    return this.#unnamed.splice(0);
  }

  #dismiss(tracked: Tracked, why: Exclude<Verdict['type'], 'named' | 'wait'>): void {
    this.dismissed[why] += 1;
    if (why === 'unnamed') this.#unnamed.push(tracked);
    this.#forget(tracked);
    this.#unwatch(tracked.birth);
  }

  #forget({ birth, podUid }: Tracked): void {
    this.#tracked.delete(birth.subject);
    this.#byCgroup.delete(birth.cgroup);
    for (const other of this.#tracked.values()) if (other.podUid === podUid) return;
    // The pod's tree may go on for other containers; one that is made then is not its first.
    const folder = this.#mount + birth.path;
    if (!existsSync(folder.slice(0, folder.lastIndexOf('/')))) this.#pods.delete(podUid);
  }

  #unwatch(birth: Birth): void {
    this.#scope.unwatch(birth.cgroup);
    this.#scope.release(birth.subject);
  }
}
