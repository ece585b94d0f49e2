/** Folders and what their names mean. Paths are bytes, one character each. */

/** Nothing here is folded, and no name here is taken for a pattern, but where a rule of its own says so. */
const sensitive = ['/etc', '/root', '/home', '/run/secrets', '/var/run/secrets', '/proc', '/sys', '/dev', '/boot'];
/** Sockets of whoever runs the containers: nothing beside them. */
const sockets = ['/run', '/var/run'];
const temporary = ['/tmp', '/var/tmp', '/dev/shm'];

export function isSensitive(path: string): boolean {
  return isBelow(path, sensitive) && !isBelow(path, temporary);
}

/** Where a whole folder may become a pattern. */
export function mayFold(folder: string): boolean {
  const depth = folder.split('/').filter((part) => part !== '').length;
  return !isSensitive(folder) && !sockets.includes(folder) && (depth >= 2 || temporary.includes(folder));
}

export function isTemporary(path: string): boolean {
  return isBelow(path, temporary);
}

export function isTemporaryFolder(path: string): boolean {
  return temporary.includes(path);
}

export function isLibrary(path: string): boolean {
  return /^(\/usr(\/local)?)?\/(lib|lib32|lib64|libx32)\/|^\/opt\/.*\/lib(64)?\//.test(path);
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
