/** One BPF object file: opened, given shared maps, loaded, attached, closed. */
import { closeSync, openSync, readSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import { type Counts, readCounts } from '../layouts.gen.ts';
import * as libbpf from './libbpf.ts';
import type { Pointer } from './libbpf.ts';
import { BpfMap } from './map.ts';
import { Ring } from './ring.ts';

/** A refused step: what was attempted, on what, and the kernel's reason. */
export class BpfError extends Error {
  readonly errno: number;
  constructor(what: string, errno: number, said: readonly string[] = []) {
    super(`${what}: ${missingHook(said) ?? reason(errno)}${verdictOf(said)}`);
    this.name = 'BpfError';
    this.errno = errno;
  }
}

const EPERM = 1;
const EACCES = 13;

function reason(errno: number): string {
  if (errno === EPERM)
    return 'permission denied (CAP_BPF and CAP_PERFMON are needed, CAP_NET_ADMIN for network programs)';
  if (errno === EACCES) return 'refused by the verifier';
  return errno === 0 ? 'failed' : getSystemErrorMessage(-errno);
}

/** libbpf finds hooks by their types: one that is missing is named in what it says. */
function missingHook(said: readonly string[]): string | null {
  const name = /failed to find kernel BTF type ID of '(\w+)'/.exec(said.join('\n'))?.[1];
  if (name !== undefined) return `this kernel has no hook ${name}`;
  return /failed to find valid kernel BTF/.test(said.join('\n'))
    ? 'this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)'
    : null;
}

/** The line of the verifier's log that says why: the last one before its statistics. */
function verdictOf(said: readonly string[]): string {
  const lines = said.flatMap((text) => text.split('\n')).map((text) => text.trim());
  const statistics = lines.findLastIndex((text) => text.startsWith('processed '));
  const why = statistics > 0 ? lines[statistics - 1] : undefined;
  return why === undefined || why === '' ? '' : ` (${why})`;
}

export class BpfObject {
  readonly name: string;
  readonly #object: Pointer;
  readonly #links: Pointer[] = [];
  readonly #rings: Ring[] = [];
  #closed = false;

  constructor(path: string, name: string) {
    this.name = name;
    libbpf.takeSaid();
    const object = libbpf.openFile(path, null);
    if (object === null) throw new BpfError(`cannot open ${path}; run 'make build'`, libbpf.errno(), libbpf.takeSaid());
    this.#object = object;
  }

  /** Names and sections of the programs, `record_syscall` → `tp_btf/sys_enter`. */
  programs(): Map<string, string> {
    const found = new Map<string, string>();
    for (const program of this.#programs()) found.set(libbpf.programName(program), libbpf.programSection(program));
    return found;
  }

  /** Before `load`: leaves a program out. */
  without(program: string): this {
    libbpf.setAutoload(this.#program(program), false);
    return this;
  }

  /** Before `load`: uses a map that another object made, if this one has a map of that name. */
  share(name: string, map: BpfMap): this {
    const own = libbpf.findMap(this.#object, name);
    if (own !== null && libbpf.reuseMap(own, map.fd) < 0) {
      throw new BpfError(`cannot share the map ${name} with ${this.name}`, libbpf.errno());
    }
    return this;
  }

  has(map: string): boolean {
    return libbpf.findMap(this.#object, map) !== null;
  }

  /** Before `load`: another size than the source's. */
  resize(name: string, entries: number): this {
    const map = libbpf.findMap(this.#object, name);
    if (map === null || libbpf.setMapMaxEntries(map, entries) < 0) {
      throw new BpfError(`cannot resize the map ${name} of ${this.name}`, libbpf.errno());
    }
    return this;
  }

  load(): this {
    libbpf.takeSaid();
    const code = libbpf.loadObject(this.#object);
    if (code < 0) throw new BpfError(`cannot load the ${this.name} programs`, -code, libbpf.takeSaid());
    return this;
  }

  map(name: string): BpfMap {
    const map = libbpf.findMap(this.#object, name);
    if (map === null) throw new Error(`the BPF object ${this.name} has no map ${name}`);
    return new BpfMap(
      name,
      libbpf.mapFd(map),
      libbpf.mapKeySize(map),
      libbpf.mapValueSize(map),
      libbpf.mapMaxEntries(map),
    );
  }

  /** What the programs of this object counted so far. */
  counts(): Counts {
    const value = this.map('.data.counts').lookup(new Uint8Array(4));
    if (value === null) throw new Error(`the BPF object ${this.name} counts nothing`);
    return readCounts(new DataView(value.buffer), 0);
  }

  attach(program: string): this {
    return this.#keep(program, libbpf.attachProgram(this.#program(program)), 'its hook');
  }

  /** Attaches a cgroup program to the cgroup v2 folder, beside those of others. */
  attachToCgroup(program: string, folder: string): this {
    const fd = openSync(folder, 'r');
    try {
      return this.#keep(program, libbpf.attachToCgroup(this.#program(program), fd), folder);
    } finally {
      closeSync(fd);
    }
  }

  /** Runs an iterator program once and returns what it wrote. */
  iterate(program: string): Buffer {
    const link = libbpf.attachProgram(this.#program(program));
    if (link === null) throw new BpfError(`cannot attach ${program}`, libbpf.errno(), libbpf.takeSaid());
    const fd = libbpf.createIterator(libbpf.linkFd(link));
    try {
      if (fd < 0) throw new BpfError(`cannot run ${program}`, libbpf.errno());
      const chunks: Buffer[] = [];
      for (;;) {
        const chunk = Buffer.alloc(65_536);
        const length = readSync(fd, chunk);
        if (length === 0) return Buffer.concat(chunks);
        chunks.push(chunk.subarray(0, length));
      }
    } finally {
      if (fd >= 0) closeSync(fd);
      libbpf.destroyLink(link);
    }
  }

  /** Calls `take` for every sample of a ring buffer map, when `drain` of what comes back is called. */
  ring(map: string, take: (sample: DataView) => void): Ring {
    const { fd, maxEntries } = this.map(map);
    const ring = new Ring(fd, maxEntries, take);
    this.#rings.push(ring);
    return ring;
  }

  /** Ends the programs; maps of closed objects are gone too, so read them first. */
  detach(): void {
    for (const link of this.#links.splice(0)) libbpf.destroyLink(link);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.detach();
    for (const ring of this.#rings.splice(0)) ring.close();
    libbpf.closeObject(this.#object);
  }

  #keep(program: string, link: Pointer | null, where: string): this {
    if (link === null) {
      throw new BpfError(`cannot attach ${program} to ${where}`, libbpf.errno(), libbpf.takeSaid());
    }
    this.#links.push(link);
    return this;
  }

  #program(name: string): Pointer {
    for (const program of this.#programs()) if (libbpf.programName(program) === name) return program;
    throw new Error(`the BPF object ${this.name} has no program ${name}`);
  }

  *#programs(): Generator<Pointer> {
    for (let p = libbpf.nextProgram(this.#object, null); p !== null; p = libbpf.nextProgram(this.#object, p)) yield p;
  }
}
