/** Which processes of a container that runs already were put into it from outside. */
import { readFileSync } from 'node:fs';
import { cgroupPlace, pathOfProcess } from './cgroup-path.ts';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly started: number;
}

export function outsidersOf(pids: readonly number[]): number[] {
  const processes = pids.flatMap((pid) => read(pid) ?? []);
  return outsidersAmong(processes, (pid) => {
    try {
      return cgroupPlace(pathOfProcess(readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ?? '').type === 'container';
    } catch {
      return false;
    }
  });
}

/**
 * The container's first process is the oldest whose parent is outside. Others with a parent outside, and their
 * children, are sessions; but orphans fall to the pod's sandbox where it shares its process namespace.
 */
export function outsidersAmong(processes: readonly Process[], inContainer: (pid: number) => boolean): number[] {
  const own = new Map(processes.map((each) => [each.pid, each]));
  const roots = processes.filter(({ parent }) => !own.has(parent)).toSorted((a, b) => a.started - b.started);
  const sessions = new Set(
    roots
      .slice(1)
      .filter(({ parent }) => !inContainer(parent))
      .map(({ pid }) => pid),
  );
  for (let grew = sessions.size > 0; grew; ) {
    const before = sessions.size;
    for (const { pid, parent } of processes) if (sessions.has(parent)) sessions.add(pid);
    grew = sessions.size > before;
  }
  return [...sessions].toSorted((a, b) => a - b);
}

/** From proc_pid_stat(5): fields 4 and 22. */
function read(pid: number): Process | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(fields[1]), started: Number(fields[19]) };
  } catch {
    return null;
  }
}
