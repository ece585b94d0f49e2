/* Written by scripts/layouts.ts from the BTF of bpf/observed.h. Both machines that we support are little-endian. */

export const ABI_NATIVE = 0;
export const ABI_COMPAT = 1;
export const ABI_X32 = 2;

export const sizeOfCapabilityKey = 24;

export interface CapabilityKey {
  readonly program: bigint;
  readonly subject: number;
  readonly nr: number;
  readonly capability: number;
  readonly granted: number;
  readonly phase: number;
  readonly abi: number;
}
export function readCapabilityKey(view: DataView, at: number): CapabilityKey {
  return {
    program: view.getBigUint64(at + 0, true),
    subject: view.getUint32(at + 8, true),
    nr: view.getInt32(at + 12, true),
    capability: view.getUint8(at + 16),
    granted: view.getUint8(at + 17),
    phase: view.getUint8(at + 18),
    abi: view.getUint8(at + 19),
  };
}
export function writeCapabilityKey(view: DataView, at: number, value: CapabilityKey): void {
  view.setBigUint64(at + 0, value.program, true);
  view.setUint32(at + 8, value.subject, true);
  view.setInt32(at + 12, value.nr, true);
  view.setUint8(at + 16, value.capability);
  view.setUint8(at + 17, value.granted);
  view.setUint8(at + 18, value.phase);
  view.setUint8(at + 19, value.abi);
}

export const sizeOfCapabilityUse = 88;
export const seenInCapabilityUse = 0;
export const stackInCapabilityUse = 24;

export const sizeOfContainerEvent = 32;

export interface ContainerEvent {
  readonly time: bigint;
  readonly cgroup: bigint;
  readonly type: number;
  readonly subject: number;
  readonly pathBytes: number;
}
export function readContainerEvent(view: DataView, at: number): ContainerEvent {
  return {
    time: view.getBigUint64(at + 0, true),
    cgroup: view.getBigUint64(at + 8, true),
    type: view.getUint32(at + 16, true),
    subject: view.getUint32(at + 20, true),
    pathBytes: view.getUint32(at + 24, true),
  };
}
export function writeContainerEvent(view: DataView, at: number, value: ContainerEvent): void {
  view.setBigUint64(at + 0, value.time, true);
  view.setBigUint64(at + 8, value.cgroup, true);
  view.setUint32(at + 16, value.type, true);
  view.setUint32(at + 20, value.subject, true);
  view.setUint32(at + 24, value.pathBytes, true);
}

export const CONTAINER_MADE = 1;
export const CONTAINER_REMOVED = 2;

export const sizeOfControl = 8;

export interface Control {
  readonly epoch: number;
  readonly byProcess: number;
}
export function readControl(view: DataView, at: number): Control {
  return {
    epoch: view.getUint32(at + 0, true),
    byProcess: view.getUint32(at + 4, true),
  };
}
export function writeControl(view: DataView, at: number, value: Control): void {
  view.setUint32(at + 0, value.epoch, true);
  view.setUint32(at + 4, value.byProcess, true);
}

export const sizeOfCounts = 24;

export interface Counts {
  readonly lost: bigint;
  readonly uncertain: bigint;
  readonly foreign: bigint;
}
export function readCounts(view: DataView, at: number): Counts {
  return {
    lost: view.getBigUint64(at + 0, true),
    uncertain: view.getBigUint64(at + 8, true),
    foreign: view.getBigUint64(at + 16, true),
  };
}
export function writeCounts(view: DataView, at: number, value: Counts): void {
  view.setBigUint64(at + 0, value.lost, true);
  view.setBigUint64(at + 8, value.uncertain, true);
  view.setBigUint64(at + 16, value.foreign, true);
}

export const sizeOfDialled = 24;
export const addressInDialled = 0;

export interface Dialled {
  readonly port: number;
}
export function readDialled(view: DataView, at: number): Dialled {
  return {
    port: view.getUint16(at + 16, true),
  };
}
export function writeDialled(view: DataView, at: number, value: Dialled): void {
  view.setUint16(at + 16, value.port, true);
}

export const sizeOfDnsEvent = 32;
export const serverInDnsEvent = 16;

export interface DnsEvent {
  readonly time: bigint;
  readonly subject: number;
  readonly bytes: number;
}
export function readDnsEvent(view: DataView, at: number): DnsEvent {
  return {
    time: view.getBigUint64(at + 0, true),
    subject: view.getUint32(at + 8, true),
    bytes: view.getUint32(at + 12, true),
  };
}
export function writeDnsEvent(view: DataView, at: number, value: DnsEvent): void {
  view.setBigUint64(at + 0, value.time, true);
  view.setUint32(at + 8, value.subject, true);
  view.setUint32(at + 12, value.bytes, true);
}

export const ACCESS_READ = 1;
export const ACCESS_WRITE = 2;
export const ACCESS_APPEND = 4;
export const ACCESS_CREATE = 8;
export const ACCESS_TRUNCATE = 16;
export const ACCESS_LIST = 32;
export const ACCESS_MAP_EXECUTABLE = 64;
export const ACCESS_EXECUTE = 128;
export const ACCESS_CHMOD = 256;
export const ACCESS_CHOWN = 512;
export const ACCESS_LOCK = 1024;

export const sizeOfFileEvent = 72;
export const keyInFileEvent = 0;

export interface FileEvent {
  readonly time: bigint;
  readonly pid: number;
  readonly mode: number;
  readonly owner: number;
  readonly pathFlags: number;
  readonly pathBytes: number;
  readonly firstBytes: number;
  readonly secondBytes: number;
}
export function readFileEvent(view: DataView, at: number): FileEvent {
  return {
    time: view.getBigUint64(at + 48, true),
    pid: view.getUint32(at + 56, true),
    mode: view.getUint16(at + 60, true),
    owner: view.getUint8(at + 62),
    pathFlags: view.getUint16(at + 64, true),
    pathBytes: view.getUint16(at + 66, true),
    firstBytes: view.getUint16(at + 68, true),
    secondBytes: view.getUint16(at + 70, true),
  };
}
export function writeFileEvent(view: DataView, at: number, value: FileEvent): void {
  view.setBigUint64(at + 48, value.time, true);
  view.setUint32(at + 56, value.pid, true);
  view.setUint16(at + 60, value.mode, true);
  view.setUint8(at + 62, value.owner);
  view.setUint16(at + 64, value.pathFlags, true);
  view.setUint16(at + 66, value.pathBytes, true);
  view.setUint16(at + 68, value.firstBytes, true);
  view.setUint16(at + 70, value.secondBytes, true);
}

export const sizeOfFileKey = 48;

export interface FileKey {
  readonly program: bigint;
  readonly place: bigint;
  readonly inode: bigint;
  readonly generation: number;
  readonly device: number;
  readonly subject: number;
  readonly access: number;
  readonly error: number;
  readonly phase: number;
  readonly operation: number;
  readonly follows: number;
}
export function readFileKey(view: DataView, at: number): FileKey {
  return {
    program: view.getBigUint64(at + 0, true),
    place: view.getBigUint64(at + 8, true),
    inode: view.getBigUint64(at + 16, true),
    generation: view.getUint32(at + 24, true),
    device: view.getUint32(at + 28, true),
    subject: view.getUint32(at + 32, true),
    access: view.getUint32(at + 36, true),
    error: view.getUint16(at + 40, true),
    phase: view.getUint8(at + 42),
    operation: view.getUint8(at + 43),
    follows: view.getUint8(at + 44),
  };
}
export function writeFileKey(view: DataView, at: number, value: FileKey): void {
  view.setBigUint64(at + 0, value.program, true);
  view.setBigUint64(at + 8, value.place, true);
  view.setBigUint64(at + 16, value.inode, true);
  view.setUint32(at + 24, value.generation, true);
  view.setUint32(at + 28, value.device, true);
  view.setUint32(at + 32, value.subject, true);
  view.setUint32(at + 36, value.access, true);
  view.setUint16(at + 40, value.error, true);
  view.setUint8(at + 42, value.phase);
  view.setUint8(at + 43, value.operation);
  view.setUint8(at + 44, value.follows);
}

export const FILE_BY_HANDLE = 0;
export const FILE_MKDIR = 1;
export const FILE_RMDIR = 2;
export const FILE_UNLINK = 3;
export const FILE_RENAME = 4;
export const FILE_LINK = 5;
export const FILE_SYMLINK = 6;
export const FILE_MKNOD = 7;
export const FILE_CHMOD = 8;
export const FILE_CHOWN = 9;
export const FILE_TRUNCATE = 10;
export const FILE_MOUNT = 11;
export const FILE_UNMOUNT = 12;
export const FILE_SCRIPT = 13;
export const FILE_OPEN_FAILED = 14;
export const FILE_RENAME_TO = 15;
export const FILE_LINK_TO = 16;
export const FILE_CONNECT = 17;

export const FLOW_EGRESS = 0;
export const FLOW_INGRESS = 1;

export const sizeOfFlowKey = 40;
export const peerInFlowKey = 24;

export interface FlowKey {
  readonly program: bigint;
  readonly subject: number;
  readonly port: number;
  readonly protocol: number;
  readonly direction: number;
  readonly outcome: number;
  readonly phase: number;
}
export function readFlowKey(view: DataView, at: number): FlowKey {
  return {
    program: view.getBigUint64(at + 0, true),
    subject: view.getUint32(at + 8, true),
    port: view.getUint16(at + 12, true),
    protocol: view.getUint8(at + 14),
    direction: view.getUint8(at + 15),
    outcome: view.getUint8(at + 16),
    phase: view.getUint8(at + 17),
  };
}
export function writeFlowKey(view: DataView, at: number, value: FlowKey): void {
  view.setBigUint64(at + 0, value.program, true);
  view.setUint32(at + 8, value.subject, true);
  view.setUint16(at + 12, value.port, true);
  view.setUint8(at + 14, value.protocol);
  view.setUint8(at + 15, value.direction);
  view.setUint8(at + 16, value.outcome);
  view.setUint8(at + 17, value.phase);
}

export const FLOW_ATTEMPTED = 0;
export const FLOW_ESTABLISHED = 1;
export const FLOW_FAILED = 2;

export const GROUND_BASE = 1;
export const GROUND_PODS = 2;

export const HEADER_BYTES = 72;

export const sizeOfMountEvent = 48;

export interface MountEvent {
  readonly time: bigint;
  readonly program: bigint;
  readonly flags: bigint;
  readonly subject: number;
  readonly pid: number;
  readonly sourceBytes: number;
  readonly targetBytes: number;
  readonly typeBytes: number;
  readonly pathBytes: number;
  readonly pathFlags: number;
  readonly phase: number;
  readonly byHandle: number;
}
export function readMountEvent(view: DataView, at: number): MountEvent {
  return {
    time: view.getBigUint64(at + 0, true),
    program: view.getBigUint64(at + 8, true),
    flags: view.getBigUint64(at + 16, true),
    subject: view.getUint32(at + 24, true),
    pid: view.getUint32(at + 28, true),
    sourceBytes: view.getUint16(at + 32, true),
    targetBytes: view.getUint16(at + 34, true),
    typeBytes: view.getUint16(at + 36, true),
    pathBytes: view.getUint16(at + 38, true),
    pathFlags: view.getUint16(at + 40, true),
    phase: view.getUint8(at + 42),
    byHandle: view.getUint8(at + 43),
  };
}
export function writeMountEvent(view: DataView, at: number, value: MountEvent): void {
  view.setBigUint64(at + 0, value.time, true);
  view.setBigUint64(at + 8, value.program, true);
  view.setBigUint64(at + 16, value.flags, true);
  view.setUint32(at + 24, value.subject, true);
  view.setUint32(at + 28, value.pid, true);
  view.setUint16(at + 32, value.sourceBytes, true);
  view.setUint16(at + 34, value.targetBytes, true);
  view.setUint16(at + 36, value.typeBytes, true);
  view.setUint16(at + 38, value.pathBytes, true);
  view.setUint16(at + 40, value.pathFlags, true);
  view.setUint8(at + 42, value.phase);
  view.setUint8(at + 43, value.byHandle);
}

export const OPERATION_SOCKET = 1;
export const OPERATION_SIGNAL = 2;
export const OPERATION_PTRACE = 3;
export const OPERATION_LIMIT = 4;
export const OPERATION_UNSEEN = 5;

export const sizeOfOperationKey = 56;

export interface OperationKey {
  readonly program: bigint;
  readonly other: bigint;
  readonly soft: bigint;
  readonly hard: bigint;
  readonly subject: number;
  readonly detail: number;
  readonly protocol: number;
  readonly kind: number;
  readonly operation: number;
  readonly phase: number;
  readonly party: number;
  readonly received: number;
}
export function readOperationKey(view: DataView, at: number): OperationKey {
  return {
    program: view.getBigUint64(at + 0, true),
    other: view.getBigUint64(at + 8, true),
    soft: view.getBigUint64(at + 16, true),
    hard: view.getBigUint64(at + 24, true),
    subject: view.getUint32(at + 32, true),
    detail: view.getUint32(at + 36, true),
    protocol: view.getUint32(at + 40, true),
    kind: view.getUint16(at + 44, true),
    operation: view.getUint8(at + 46),
    phase: view.getUint8(at + 47),
    party: view.getUint8(at + 48),
    received: view.getUint8(at + 49),
  };
}
export function writeOperationKey(view: DataView, at: number, value: OperationKey): void {
  view.setBigUint64(at + 0, value.program, true);
  view.setBigUint64(at + 8, value.other, true);
  view.setBigUint64(at + 16, value.soft, true);
  view.setBigUint64(at + 24, value.hard, true);
  view.setUint32(at + 32, value.subject, true);
  view.setUint32(at + 36, value.detail, true);
  view.setUint32(at + 40, value.protocol, true);
  view.setUint16(at + 44, value.kind, true);
  view.setUint8(at + 46, value.operation);
  view.setUint8(at + 47, value.phase);
  view.setUint8(at + 48, value.party);
  view.setUint8(at + 49, value.received);
}

export const PARTY_SELF = 0;
export const PARTY_CONTAINER = 1;
export const PARTY_OUTSIDE = 2;

export const PATH_CUT = 1;
export const PATH_DETACHED = 2;

export const PHASE_SETUP = 0;
export const PHASE_RUNTIME = 1;
export const PHASE_PROGRAM = 2;
export const PHASE_SESSION = 3;

export const sizeOfProgramEvent = 72;

export interface ProgramEvent {
  readonly time: bigint;
  readonly program: bigint;
  readonly caller: bigint;
  readonly parent: bigint;
  readonly type: number;
  readonly subject: number;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly exitCode: number;
  readonly phase: number;
  readonly argvCut: number;
  readonly pathFlags: number;
  readonly pathBytes: number;
  readonly calledBytes: number;
  readonly argvBytes: number;
}
export function readProgramEvent(view: DataView, at: number): ProgramEvent {
  return {
    time: view.getBigUint64(at + 0, true),
    program: view.getBigUint64(at + 8, true),
    caller: view.getBigUint64(at + 16, true),
    parent: view.getBigUint64(at + 24, true),
    type: view.getUint32(at + 32, true),
    subject: view.getUint32(at + 36, true),
    pid: view.getUint32(at + 40, true),
    uid: view.getUint32(at + 44, true),
    gid: view.getUint32(at + 48, true),
    exitCode: view.getInt32(at + 52, true),
    phase: view.getUint8(at + 56),
    argvCut: view.getUint8(at + 57),
    pathFlags: view.getUint16(at + 58, true),
    pathBytes: view.getUint16(at + 60, true),
    calledBytes: view.getUint16(at + 62, true),
    argvBytes: view.getUint16(at + 64, true),
  };
}
export function writeProgramEvent(view: DataView, at: number, value: ProgramEvent): void {
  view.setBigUint64(at + 0, value.time, true);
  view.setBigUint64(at + 8, value.program, true);
  view.setBigUint64(at + 16, value.caller, true);
  view.setBigUint64(at + 24, value.parent, true);
  view.setUint32(at + 32, value.type, true);
  view.setUint32(at + 36, value.subject, true);
  view.setUint32(at + 40, value.pid, true);
  view.setUint32(at + 44, value.uid, true);
  view.setUint32(at + 48, value.gid, true);
  view.setInt32(at + 52, value.exitCode, true);
  view.setUint8(at + 56, value.phase);
  view.setUint8(at + 57, value.argvCut);
  view.setUint16(at + 58, value.pathFlags, true);
  view.setUint16(at + 60, value.pathBytes, true);
  view.setUint16(at + 62, value.calledBytes, true);
  view.setUint16(at + 64, value.argvBytes, true);
}

export const EVENT_EXEC = 1;
export const EVENT_EXIT = 2;
export const EVENT_RUNNING = 3;
export const EVENT_CGROUP = 4;

export const PTRACE_READS = 1;
export const PTRACE_ATTACHES = 2;

export const sizeOfSighting = 24;

export interface Sighting {
  readonly first: bigint;
  readonly last: bigint;
  readonly count: bigint;
}
export function readSighting(view: DataView, at: number): Sighting {
  return {
    first: view.getBigUint64(at + 0, true),
    last: view.getBigUint64(at + 8, true),
    count: view.getBigUint64(at + 16, true),
  };
}
export function writeSighting(view: DataView, at: number, value: Sighting): void {
  view.setBigUint64(at + 0, value.first, true);
  view.setBigUint64(at + 8, value.last, true);
  view.setBigUint64(at + 16, value.count, true);
}

export const sizeOfSubject = 16;

export interface Subject {
  readonly started: number;
  readonly host: number;
  readonly apart: number;
  readonly sessions: number;
}
export function readSubject(view: DataView, at: number): Subject {
  return {
    started: view.getUint32(at + 0, true),
    host: view.getUint32(at + 4, true),
    apart: view.getUint32(at + 8, true),
    sessions: view.getUint32(at + 12, true),
  };
}
export function writeSubject(view: DataView, at: number, value: Subject): void {
  view.setUint32(at + 0, value.started, true);
  view.setUint32(at + 4, value.host, true);
  view.setUint32(at + 8, value.apart, true);
  view.setUint32(at + 12, value.sessions, true);
}

export const sizeOfSyscallKey = 24;

export interface SyscallKey {
  readonly program: bigint;
  readonly subject: number;
  readonly nr: number;
  readonly phase: number;
  readonly abi: number;
  readonly outcome: number;
}
export function readSyscallKey(view: DataView, at: number): SyscallKey {
  return {
    program: view.getBigUint64(at + 0, true),
    subject: view.getUint32(at + 8, true),
    nr: view.getUint32(at + 12, true),
    phase: view.getUint8(at + 16),
    abi: view.getUint8(at + 17),
    outcome: view.getInt32(at + 20, true),
  };
}
export function writeSyscallKey(view: DataView, at: number, value: SyscallKey): void {
  view.setBigUint64(at + 0, value.program, true);
  view.setUint32(at + 8, value.subject, true);
  view.setUint32(at + 12, value.nr, true);
  view.setUint8(at + 16, value.phase);
  view.setUint8(at + 17, value.abi);
  view.setInt32(at + 20, value.outcome, true);
}

export const sizeOfTranslationKey = 24;
export const deliveredInTranslationKey = 0;

export interface TranslationKey {
  readonly subject: number;
  readonly port: number;
  readonly protocol: number;
}
export function readTranslationKey(view: DataView, at: number): TranslationKey {
  return {
    subject: view.getUint32(at + 16, true),
    port: view.getUint16(at + 20, true),
    protocol: view.getUint8(at + 22),
  };
}
export function writeTranslationKey(view: DataView, at: number, value: TranslationKey): void {
  view.setUint32(at + 16, value.subject, true);
  view.setUint16(at + 20, value.port, true);
  view.setUint8(at + 22, value.protocol);
}

export const UNSEEN_RING = 1;
export const UNSEEN_MOUNTS = 2;
export const UNSEEN_PROBE = 3;
