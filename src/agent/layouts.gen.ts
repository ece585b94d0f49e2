/* Written by scripts/layouts.ts from the BTF of bpf/observed.h. Both machines that we support are little-endian. */

export const ABI_NATIVE = 0;
export const ABI_COMPAT = 1;
export const ABI_X32 = 2;

export interface Control {
  readonly epoch: number;
  readonly byProcess: number;
}
export const sizeOfControl = 8;
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

export interface Counts {
  readonly lost: bigint;
  readonly uncertain: bigint;
}
export const sizeOfCounts = 16;
export function readCounts(view: DataView, at: number): Counts {
  return {
    lost: view.getBigUint64(at + 0, true),
    uncertain: view.getBigUint64(at + 8, true),
  };
}
export function writeCounts(view: DataView, at: number, value: Counts): void {
  view.setBigUint64(at + 0, value.lost, true);
  view.setBigUint64(at + 8, value.uncertain, true);
}

export const PATH_CUT = 1;
export const PATH_DETACHED = 2;

export const PHASE_SETUP = 0;
export const PHASE_RUNTIME = 1;
export const PHASE_PROGRAM = 2;

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
export const sizeOfProgramEvent = 72;
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

export interface Sighting {
  readonly first: bigint;
  readonly last: bigint;
  readonly count: bigint;
}
export const sizeOfSighting = 24;
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

export interface Subject {
  readonly started: number;
  readonly host: number;
}
export const sizeOfSubject = 8;
export function readSubject(view: DataView, at: number): Subject {
  return {
    started: view.getUint32(at + 0, true),
    host: view.getUint32(at + 4, true),
  };
}
export function writeSubject(view: DataView, at: number, value: Subject): void {
  view.setUint32(at + 0, value.started, true);
  view.setUint32(at + 4, value.host, true);
}

export interface SyscallKey {
  readonly program: bigint;
  readonly subject: number;
  readonly nr: number;
  readonly phase: number;
  readonly abi: number;
  readonly outcome: number;
}
export const sizeOfSyscallKey = 24;
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
