/** The functions of libbpf 1.x that we call, and of libc where libbpf has none. The only place that knows koffi. */
import koffi, { type LibraryHandle } from 'koffi';

function library(names: readonly string[]): LibraryHandle {
  let cause: unknown;
  for (const name of names) {
    try {
      return koffi.load(name);
    } catch (error) {
      cause = error;
    }
  }
  throw new Error(`cannot load ${names[0]}; install it (Debian: apt-get install libbpf1)`, { cause });
}

const bpf = library(['libbpf.so.1']);
const libc = library(['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']);

/** A pointer into libbpf. */
export type Pointer = bigint;

const printer = koffi.proto('int kguardian_print(int level, const char *format, void *arguments)');

const f = <Fn>(declaration: string): Fn => bpf.func(declaration) as unknown as Fn;

export const setPrint = f<(fn: Pointer) => Pointer | null>('void *libbpf_set_print(kguardian_print *fn)');
export const openFile = f<(path: string, options: null) => Pointer | null>(
  'void *bpf_object__open_file(const char *path, void *options)',
);
export const loadObject = f<(object: Pointer) => number>('int bpf_object__load(void *object)');
export const closeObject = f<(object: Pointer) => void>('void bpf_object__close(void *object)');
export const findMap = f<(object: Pointer, name: string) => Pointer | null>(
  'void *bpf_object__find_map_by_name(void *object, const char *name)',
);
export const mapFd = f<(map: Pointer) => number>('int bpf_map__fd(void *map)');
export const mapKeySize = f<(map: Pointer) => number>('uint32_t bpf_map__key_size(void *map)');
export const mapValueSize = f<(map: Pointer) => number>('uint32_t bpf_map__value_size(void *map)');
export const mapMaxEntries = f<(map: Pointer) => number>('uint32_t bpf_map__max_entries(void *map)');
export const setMapMaxEntries = f<(map: Pointer, entries: number) => number>(
  'int bpf_map__set_max_entries(void *map, uint32_t entries)',
);
export const reuseMap = f<(map: Pointer, fd: number) => number>('int bpf_map__reuse_fd(void *map, int fd)');
export const nextProgram = f<(object: Pointer, previous: Pointer | null) => Pointer | null>(
  'void *bpf_object__next_program(void *object, void *previous)',
);
export const programName = f<(program: Pointer) => string>('const char *bpf_program__name(void *program)');
export const programSection = f<(program: Pointer) => string>('const char *bpf_program__section_name(void *program)');
export const setAutoload = f<(program: Pointer, load: boolean) => number>(
  'int bpf_program__set_autoload(void *program, bool load)',
);
export const attachProgram = f<(program: Pointer) => Pointer | null>('void *bpf_program__attach(void *program)');
export const attachToCgroup = f<(program: Pointer, cgroupFd: number) => Pointer | null>(
  'void *bpf_program__attach_cgroup(void *program, int cgroupFd)',
);
export const destroyLink = f<(link: Pointer) => number>('int bpf_link__destroy(void *link)');
export const linkFd = f<(link: Pointer) => number>('int bpf_link__fd(void *link)');
export const createIterator = f<(linkFd: number) => number>('int bpf_iter_create(int linkFd)');
export const lookupElement = f<(fd: number, key: Uint8Array, value: Uint8Array) => number>(
  'int bpf_map_lookup_elem(int fd, void *key, void *value)',
);
export const updateElement = f<(fd: number, key: Uint8Array | null, value: Uint8Array, flags: number) => number>(
  'int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)',
);
export const deleteElement = f<(fd: number, key: Uint8Array) => number>('int bpf_map_delete_elem(int fd, void *key)');
export const lookupBatch = f<
  (
    fd: number,
    from: Uint8Array | null,
    next: Uint8Array,
    keys: Uint8Array,
    values: Uint8Array,
    count: Uint32Array,
    options: null,
  ) => number
>(
  'int bpf_map_lookup_batch(int fd, void *from, void *next, void *keys, void *values, _Inout_ uint32_t *count, void *options)',
);
export const nextKey = f<(fd: number, key: Uint8Array | null, next: Uint8Array) => number>(
  'int bpf_map_get_next_key(int fd, void *key, void *next)',
);

const vsnprintf = libc.func('int vsnprintf(void *text, size_t size, const char *format, void *arguments)') as (
  text: Uint8Array,
  size: number,
  format: string,
  args: Pointer,
) => number;

/** The error number of the last call. */
export const errno = (): number => koffi.errno();

const mmap = libc.func('intptr_t mmap(void *at, size_t length, int protection, int flags, int fd, int64_t offset)') as (
  at: null,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => number | bigint;
const munmap = libc.func('int munmap(intptr_t at, size_t length)') as (at: bigint, length: number) => number;
const sysconf = libc.func('long sysconf(int name)') as (name: number) => number;
/** _SC_PAGESIZE of unistd.h. */
const scPageSize = 30;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;

export const pageBytes = sysconf(scPageSize);

/** Memory of a BPF map, shared with the kernel. Nobody may look at `bytes` after `release`. */
export function mapMemory(
  fd: number,
  offset: number,
  length: number,
  writable: boolean,
): { readonly bytes: ArrayBuffer; readonly release: () => void } {
  const at = BigInt(mmap(null, length, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, offset));
  if (at === -1n) throw new Error(`cannot map ${length} bytes of a BPF map: error ${koffi.errno()}`);
  return { bytes: koffi.view(at, length), release: () => void munmap(at, length) };
}

/** What libbpf would print, kept for the sentence of an error instead. */
const said: string[] = [];
const line = new Uint8Array(16_384);
setPrint(
  koffi.register((level: number, format: string, args: Pointer) => {
    // Debug lines are many, and of use to nobody here.
    if (level > 1) return 0;
    const length = Math.min(vsnprintf(line, line.length, format, args), line.length - 1);
    said.push(Buffer.from(line.subarray(0, length)).toString('utf8').trimEnd());
    if (said.length > 50) said.shift();
    return 0;
  }, koffi.pointer(printer)),
);

/** What libbpf said since the last call, oldest first. */
export function takeSaid(): string[] {
  return said.splice(0);
}
