/** What small programs do with files, and what the files sensor must make of it. */

/** Python: opens a file to write it, or to read it; `k` may have a `dir_fd`. */
export const write = 'def w(p, **k): os.close(os.open(p, os.O_WRONLY | os.O_CREAT, 0o644, **k))\n';
export const read = 'def r(p, **k): os.close(os.open(p, os.O_RDONLY, **k))\n';

/** What Python did, and what is recorded below its folder: `access path resolution`, sorted. */
export const cases: readonly (readonly [title: string, statements: string, expected: readonly string[]])[] = [
  [
    'an open is recorded by how it was opened',
    `${write}${read}w('a'); w('a'); r('a'); os.close(os.open('a', os.O_RDWR | os.O_APPEND)); os.close(os.open('a', os.O_WRONLY | os.O_TRUNC))`,
    ['append /a exact', 'create /a exact', 'read /a exact', 'truncate /a exact', 'write /a exact'],
  ],
  [
    'an open relative to a folder has its whole path, and so has one relative to the working directory',
    `${write}os.mkdir('d'); f = os.open('d', os.O_PATH); w('one', dir_fd=f); os.chdir('d'); w('../two')`,
    ['create /d/one exact', 'create /two exact', 'mkdir /d exact', 'write /d/one exact', 'write /two exact'],
  ],
  [
    'a symbolic link to a file or a folder is followed',
    `${write}${read}w('a'); os.mkdir('d'); w('d/b'); os.symlink('a', 'la'); os.symlink('d', 'ld'); r('la'); r('ld/b')`,
    ['a', 'd/b']
      .flatMap((path) => ['create', 'read', 'write'].map((access) => `${access} /${path} exact`))
      .concat(['mkdir /d exact', 'symlink /la exact', 'symlink /ld exact']),
  ],
  [
    'folders are listed, and a place opened without its content is no access',
    `os.mkdir('d'); os.listdir('d'); os.mkdir('e'); os.open('e', os.O_PATH)`,
    ['list /d exact', 'mkdir /d exact', 'mkdir /e exact'],
  ],
  [
    'operations on names go by the folders that links lead to, and stop at a link that is the last name',
    `${write}os.mkdir('d'); os.symlink('d', 'ld'); w('d/a'); os.rename('ld/a', 'ld/b'); os.link('ld/b', 'c'); os.symlink('gone', 'ld/s'); os.unlink('ld/s'); os.mkdir('ld/e'); os.rmdir('ld/e')`,
    [
      'create /d/a exact',
      'link-from /d/b exact',
      'link-to /c exact',
      'mkdir /d exact',
      'mkdir /d/e exact',
      'rename-from /d/a exact',
      'rename-to /d/b exact',
      'rmdir /d/e exact',
      'symlink /d/s exact',
      'symlink /ld exact',
      'unlink /d/s exact',
      'write /d/a exact',
    ],
  ],
  [
    'the two names of a rename may lie in two folders',
    `${write}os.mkdir('d'); os.mkdir('e'); w('d/a'); f = os.open('d', os.O_PATH); g = os.open('e', os.O_PATH); os.rename('a', 'b', src_dir_fd=f, dst_dir_fd=g); os.link('b', 'c', src_dir_fd=g, dst_dir_fd=f)`,
    [
      'create /d/a exact',
      'link-from /e/b exact',
      'link-to /d/c exact',
      'mkdir /d exact',
      'mkdir /e exact',
      'rename-from /d/a exact',
      'rename-to /e/b exact',
      'write /d/a exact',
    ],
  ],
  [
    'a change of mode, owner or length is recorded by name and by handle',
    `${write}w('a'); os.symlink('a', 'l'); os.chmod('l', 0o600); os.chown('l', 0, 0); os.lchown('l', 0, 0); os.truncate('l', 0); f = os.open('a', os.O_WRONLY); os.mkfifo('p'); w('b'); g = os.open('b', os.O_WRONLY); os.fchmod(g, 0o600); os.fchown(g, 0, 0); os.ftruncate(g, 0)`,
    [
      'chmod /a exact',
      'chmod /b exact',
      'chown /a exact',
      'chown /b exact',
      'chown /l exact',
      'create /a exact',
      'create /b exact',
      'mknod /p exact',
      'symlink /l exact',
      'truncate /a exact',
      'truncate /b exact',
      'write /a exact',
      'write /b exact',
    ],
  ],
  [
    'a folder that was moved, or made again under another name, gives its files other paths',
    `${write}${read}
for n in 'xyz':
  os.mkdir(n); os.mkdir(n + '/sub'); w(n + '/sub/f'); os.unlink(n + '/sub/f'); os.rmdir(n + '/sub'); os.rmdir(n)
os.mkdir('m'); w('m/f'); r('m/f'); os.rename('m', 'n'); r('n/f')`,
    [
      ...['x', 'y', 'z'].flatMap((name) => [
        `create /${name}/sub/f exact`,
        `mkdir /${name} exact`,
        `mkdir /${name}/sub exact`,
        `rmdir /${name} exact`,
        `rmdir /${name}/sub exact`,
        `unlink /${name}/sub/f exact`,
        `write /${name}/sub/f exact`,
      ]),
      'create /m/f exact',
      'mkdir /m exact',
      'read /m/f exact',
      'read /n/f exact',
      'rename-from /m exact',
      'rename-to /n exact',
      'write /m/f exact',
    ],
  ],
  ['a file that has no name is detached', `f = os.open('.', os.O_TMPFILE | os.O_RDWR); os.write(f, b'x')`, []],
  [
    'an operation on an open file through an empty name is one on that file',
    `${write}w('a'); f = os.open('a', os.O_RDONLY); c = ctypes.CDLL(None)
assert c.fchownat(f, b'', 0, 0, 0x1000) == 0
c.linkat(f, b'', -100, b'b', 0x1000)`,
    ['chown /a exact', 'create /a exact', 'link-from /a exact', 'link-to /b exact', 'read /a exact', 'write /a exact'],
  ],
  [
    'an absolute name needs no folder',
    `c = ctypes.CDLL(None); assert c.mkdirat(-1, (D + '/d').encode(), 0o755) == 0`,
    ['mkdir /d exact'],
  ],
  [
    'code that is mapped is recorded, and so is code that became executable later',
    `open('a', 'w').write('x' * 4096); f = os.open('a', os.O_RDONLY); mmap.mmap(f, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)
open('b', 'w').write('x' * 4096); g = os.open('b', os.O_RDONLY); c = ctypes.CDLL(None, use_errno=True); c.mmap.restype = ctypes.c_void_p
p = c.mmap(None, 4096, 1, 2, g, 0); assert c.mprotect(ctypes.c_void_p(p), 4096, 5) == 0`,
    ['a', 'b'].flatMap((name) =>
      ['create', 'map-executable', 'read', 'write'].map((access) => `${access} /${name} exact`),
    ),
  ],
];
