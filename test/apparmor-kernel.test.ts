/**
 * What a 6.1 kernel asks AppArmor for, where no oracle tells: which letters a call on a file needs, mounts, tracing,
 * signals. Each call is made under a profile in a guest, and its end compared with what our evaluator says.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { apparmor } from '#policies/apparmor/index.ts';
import { quoted, runGuest, withoutGuest } from './guest.ts';

const skip = withoutGuest('apparmor');
const folder = mkdtempSync(join(tmpdir(), 'kguardian-apparmor-kernel-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const text = `abi <abi/3.0>,
include <tunables/global>
profile kg-kernel flags=(attach_disconnected,mediate_deleted) {
  /{usr,lib,lib64,etc}/{,**} mrix,
  /proc/{,**} r,
  /kg/append a,
  /kg/write w,
  /kg/read r,
  /kg/moved rw,
  /kg/unread w,
  /kg/new w,
  /kg/folder/ w,
  /kg/listed/ r,
  /kg/old r,
  link /kg/link -> /kg/old,
  network inet stream,
  signal (send, receive) set=(chld) peer=@{profile_name},
  capability sys_admin,
  capability dac_override,
  mount fstype=(tmpfs) options=(nosuid) tmpfs -> "/mnt/a b/",
  mount options=(remount, ro) -> "/mnt/a b/",
  mount options=(rbind) /srv/ -> /opt/,
  mount options=(rprivate) -> /opt/,
  umount "/mnt/a b/",
}
`;

const file = (path: string, perms: string): object => ({ op: 'file', path, perms, owner: true });
const mnt = '/mnt/a b/';

/** A call in Python, and the question that the kernel asks for it. */
const calls: readonly (readonly [what: string, python: string, asked: object])[] = [
  ['opening with O_APPEND asks for a', 'os.open("/kg/append", os.O_WRONLY | os.O_APPEND)', file('/kg/append', 'a')],
  [
    'O_CREAT asks for w, whether the file is there or not',
    'os.open("/kg/append", os.O_WRONLY | os.O_APPEND | os.O_CREAT)',
    file('/kg/append', 'w'),
  ],
  ['writing asks for w', 'os.open("/kg/write", os.O_WRONLY)', file('/kg/write', 'w')],
  ['reading asks for r', 'os.open("/kg/write", os.O_RDONLY)', file('/kg/write', 'r')],
  ['truncating asks for w', 'os.truncate("/kg/read", 0)', file('/kg/read', 'w')],
  ['chmod asks for w', 'os.chmod("/kg/read", 0o600)', file('/kg/read', 'w')],
  ['chmod is allowed by w', 'os.chmod("/kg/write", 0o600)', file('/kg/write', 'w')],
  ['moving away asks for r too', 'os.rename("/kg/unread", "/kg/new")', file('/kg/unread', 'rw')],
  ['moving away is allowed by rw', 'os.rename("/kg/moved", "/kg/new")', file('/kg/moved', 'rw')],
  ['removing asks for w', 'os.unlink("/kg/read")', file('/kg/read', 'w')],
  ['a folder is made with its slash', 'os.mkdir("/kg/folder")', file('/kg/folder/', 'w')],
  ['a folder is listed with its slash', 'os.listdir("/kg/listed")', file('/kg/listed/', 'r')],
  ['another folder is not', 'os.listdir("/kg")', file('/kg/', 'r')],
  ['a link asks for the pair', 'os.link("/kg/old", "/kg/link")', file('/kg/link', 'l')],
  ['another link does not pass', 'os.link("/kg/old", "/kg/link2")', file('/kg/link2', 'l')],
  [
    'asking whether a file is there needs nothing',
    'os.stat("/kg/secret")',
    { op: 'rlimit', resource: 'core', hard: 0 },
  ],
  [
    'a limit is not refused without a rule',
    'resource.setrlimit(resource.RLIMIT_CORE, (0, 0))',
    { op: 'rlimit', resource: 'core', hard: 0 },
  ],
  ['a socket of the family', 'socket.socket()', { op: 'network', family: 'inet', type: 'stream' }],
  [
    'a socket of another type',
    'socket.socket(type=socket.SOCK_DGRAM)',
    { op: 'network', family: 'inet', type: 'dgram' },
  ],
  ['a pair of unix sockets', 'socket.socketpair()', { op: 'network', family: 'unix', type: 'stream' }],
  [
    'a signal to itself',
    'os.kill(os.getpid(), signal.SIGCHLD)',
    { op: 'signal', direction: 'send', signal: 'chld', peer: 'kg-kernel' },
  ],
  [
    'another signal to itself',
    'os.kill(os.getpid(), signal.SIGURG)',
    { op: 'signal', direction: 'send', signal: 'urg', peer: 'kg-kernel' },
  ],
  [
    'a signal to who is not confined',
    'os.kill(os.getppid(), signal.SIGCHLD)',
    { op: 'signal', direction: 'send', signal: 'chld', peer: 'unconfined' },
  ],
  [
    'tracing, in a profile without a word about it',
    'open(f"/proc/{os.getppid()}/environ").read()',
    { op: 'ptrace', access: 'read', peer: 'unconfined' },
  ],
  ['a capability', 'os.chown("/kg/write", 5, 5)', { op: 'capability', name: 'chown' }],
  [
    'a mount without its flags',
    `mount("tmpfs", "${mnt}", "tmpfs", 0)`,
    { op: 'mount', source: 'tmpfs', target: mnt, fstype: 'tmpfs' },
  ],
  [
    'a mount of another source',
    `mount("x", "${mnt}", "tmpfs", 2)`,
    { op: 'mount', source: 'x', target: mnt, fstype: 'tmpfs', flags: ['nosuid'] },
  ],
  [
    'a mount',
    `mount("tmpfs", "${mnt}", "tmpfs", 2)`,
    { op: 'mount', source: 'tmpfs', target: mnt, fstype: 'tmpfs', flags: ['nosuid'] },
  ],
  ['a remount', `mount("", "${mnt}", "", 33)`, { op: 'mount', target: mnt, flags: ['remount', 'rdonly'] }],
  [
    'a remount with one flag more',
    `mount("", "${mnt}", "", 35)`,
    { op: 'mount', target: mnt, flags: ['remount', 'rdonly', 'nosuid'] },
  ],
  [
    'a bind that is not recursive',
    'mount("/srv", "/opt", "", 4096)',
    { op: 'mount', source: '/srv/', target: '/opt/', flags: ['bind'] },
  ],
  [
    'a bind',
    'mount("/srv", "/opt", "", 4096 | 16384)',
    { op: 'mount', source: '/srv/', target: '/opt/', flags: ['bind', 'rec'] },
  ],
  [
    'propagation',
    'mount("", "/opt", "", 1 << 18 | 16384)',
    { op: 'mount', target: '/opt/', flags: ['private', 'rec'] },
  ],
  ['an unmount', `unmount("${mnt}")`, { op: 'umount', target: mnt }],
  ['an unmount of another', 'unmount("/opt")', { op: 'umount', target: '/opt/' }],
];

const python = `
import ctypes, os, resource, signal, socket
libc = ctypes.CDLL(None, use_errno=True)
def checked(result):
    if result: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def mount(source, target, kind, flags): checked(libc.mount(source.encode(), target.encode(), kind.encode() or None, flags, None))
def unmount(target): checked(libc.umount2(target.encode(), 0))
for number, call in enumerate(${JSON.stringify(calls.map(([, call]) => call))}):
    try: eval(call); end = "done"
    except PermissionError: end = "refused"
    except Exception as error: end = f"failed {error!r}"
    print("call", number, end, flush=True)
`;

const script = `
apparmor_parser -r -K -T kg-kernel.profile || exit 9
mkdir -p /kg/listed "${mnt}" /srv /opt
for name in append write read moved unread old secret; do echo x >/kg/$name; done
aa-exec -p kg-kernel -- python3 -c ${quoted(python)}
`;

if (skip !== false) test('the kernel asks what our evaluator answers', { skip }, () => undefined);
else
  describe('the kernel asks what our evaluator answers', { timeout: 300_000 }, async () => {
    const path = `${folder}/kg-kernel.profile`;
    writeFileSync(path, text);
    const output = await runGuest('apparmor', script, [path], 240);
    const judge = apparmor.evaluator(text);
    for (const [at, [what, call, asked]] of calls.entries())
      test(`${what}: ${call}`, () => {
        const end = new RegExp(`^call ${at} (.*)$`, 'm').exec(output)?.[1];
        const { verdict, rule } = judge.answer(apparmor.query.parse(asked));
        assert.equal(end, verdict === 'allow' ? 'done' : 'refused', `${rule}\n${output}`);
      });
  });
