"""Attacks by somebody who runs code in the worker's container. Argument: a file to which each one's name is written
when it is over, by which the events before are known to be its own."""
import ctypes, os, socket, sys

libc = ctypes.CDLL(None, use_errno=True)


def run(path, *argv, user=None):
    child = os.fork()
    if child == 0:
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        os.execv(path, [path, *argv])
    os.waitpid(child, 0)


def opened(path, flags):
    os.close(os.open(path, flags, 0o600))


def to(family, address, kind=socket.SOCK_STREAM, wait=True):
    made = socket.socket(family, kind)
    made.setblocking(wait)
    made.connect_ex(address)
    return made


def send(address):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.sendto(b'x', address)


def listen(port, kind=socket.SOCK_STREAM, family=socket.AF_INET):
    made = socket.socket(family, kind)
    made.bind(('', port))
    if kind == socket.SOCK_STREAM:
        made.listen()
    return made


def renamed_child():
    """Calls itself as a container's runtime does; its child inherits the name."""
    libc.prctl(15, b'runc:[2:INIT]', 0, 0, 0)
    child = os.fork()
    if child == 0:
        libc.chroot(b'/')
        os._exit(0)
    os.waitpid(child, 0)
    libc.prctl(15, b'python3.11', 0, 0, 0)


def named_as_runtime():
    """Runs a program that is called as a container's runtime is, which does what else would be told of."""
    run('/usr/bin/dash', '-c', 'cp /usr/bin/dash /opt/runc; /opt/runc -c "cat /etc/shadow"')


W, R, RW = os.O_WRONLY | os.O_CREAT, os.O_RDONLY, os.O_RDWR | os.O_CREAT
tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
attacks = {
    'nothing': lambda: None,
    'run-program': lambda: run('/usr/bin/ls', '/opt'),
    'run-copy': lambda: run('/usr/bin/dash', '-c', 'cp /usr/bin/id /tmp/id; /tmp/id'),
    'run-as-other-user': lambda: run('/usr/bin/id', '-u', user=33),
    'run-known': lambda: run('/usr/bin/dash', '-c', 'true'),
    'write-cron': lambda: opened('/etc/cron.d/kg', W),
    'write-both-ways': lambda: opened('/etc/hosts', RW),
    'write-appending': lambda: opened('/root/.profile', W | os.O_APPEND),
    'write-truncating': lambda: opened('/root/.bashrc', W | os.O_TRUNC),
    'write-tmp': lambda: opened('/tmp/backdoor', W),
    'write-relative': lambda: (os.chdir('/opt'), opened('kg', W), os.chdir('/')),
    'write-dots': lambda: opened('/var/log/../../opt/dots', W),
    'write-below-known': lambda: opened('/var/lib/worker/state2', W),
    'write-hostile': lambda: opened('/opt/x"\' or evt.type = open, (\n\x01é', W),
    'write-not-text': lambda: opened(b'/opt/\xff\xfe\xe9', W),
    'write-known': lambda: opened('/var/log/worker.log', W | os.O_APPEND),
    'write-known-hostile': lambda: opened('/var/lib/worker/ö b\n",(c)', W),
    'write-like-temporary': lambda: opened('/tmp/tmpab1cd2ef', W),
    'write-refused': lambda: opened('/sys/kernel/kg', W),
    'creat': lambda: os.close(libc.creat(b'/opt/creat', 0o600)),
    'read-shadow': lambda: opened('/etc/shadow', R),
    'read-known': lambda: opened('/etc/gshadow', R),
    'read-key': lambda: (os.makedirs('/root/.ssh', exist_ok=True), opened('/root/.ssh/id_rsa', W), opened('/root/.ssh/id_rsa', R)),
    'read-other-memory': lambda: opened('/proc/1/mem', R),
    'read-kallsyms': lambda: opened('/proc/kallsyms', R),
    'read-plain': lambda: opened('/etc/passwd', R),
    'read-namespace': lambda: opened('/proc/self/ns/net', R),
    'read-missing': lambda: opened('/etc/ssl/private/none', R),
    'connect-other-port': lambda: to(socket.AF_INET, ('127.0.0.1', 8000)),
    'connect-other-address': lambda: (listen(5434), to(socket.AF_INET, ('127.0.0.9', 5434))),
    'connect-waiting': lambda: to(socket.AF_INET, ('192.0.2.1', 443), tcp, False),
    'connect-6': lambda: (listen(9000, tcp, socket.AF_INET6), to(socket.AF_INET6, ('::1', 9000))),
    'connect-6-mapped': lambda: to(socket.AF_INET6, ('::ffff:127.0.0.1', 8000)),
    'connect-known': lambda: to(socket.AF_INET, ('127.0.0.5', 5432)),
    'connect-refused': lambda: to(socket.AF_INET, ('127.0.0.5', 5999)),
    'send': lambda: send(('127.0.0.7', 9999)),
    'send-known': lambda: send(('127.0.0.53', 53)),
    'send-connected': lambda: to(socket.AF_INET, ('127.0.0.8', 53), udp),
    'listen': lambda: listen(4444),
    'listen-6': lambda: listen(4446, tcp, socket.AF_INET6),
    'listen-datagrams': lambda: listen(4445, udp),
    'listen-any-datagrams': lambda: listen(0, udp),
    'docker-socket': lambda: to(socket.AF_UNIX, '/run/docker.sock'),
    'containerd-socket': lambda: to(socket.AF_UNIX, '/var/run/containerd/containerd.sock'),
    'own-socket': lambda: to(socket.AF_UNIX, '/run/worker.sock'),
    'abstract-socket': lambda: to(socket.AF_UNIX, '\0/run/docker.sock'),
    'socket-raw': lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    'socket-raw-inherited': lambda: libc.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    'socket-packet': lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0),
    'socket-crypto': lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET, 0),
    'socket-vsock': lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM, 0),
    'socket-bluetooth': lambda: libc.socket(31, socket.SOCK_RAW, 1),
    'socket-netlink-known': lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
    'call-chroot': lambda: libc.chroot(b'/'),
    'call-unshare': lambda: libc.unshare(0x4000000),
    'call-ptrace': lambda: libc.ptrace(16, 1, None, None),
    'call-setns': lambda: libc.setns(0, 0),
    'call-mount': lambda: libc.mount(b'x', b'/mnt', b'tmpfs', 0, None),
    'call-known': lambda: os.memfd_create('kg'),
    'call-under-runtime-name': renamed_child,
    'run-under-runtime-name': named_as_runtime,
    'unlink': lambda: os.unlink('/var/log/worker.log'),
    'rename': lambda: os.rename('/etc/hostname', '/etc/hostname.kg'),
    'mkdir': lambda: os.mkdir('/opt/dir'),
    'rmdir': lambda: os.rmdir('/opt/dir'),
    'chmod': lambda: os.chmod('/usr/bin/id', 0o4755),
    'chown': lambda: os.chown('/etc/passwd', 1000, 1000),
    'link': lambda: os.link('/etc/passwd', '/opt/passwd'),
    'symlink': lambda: os.symlink('/etc/shadow', '/opt/shadow'),
    'unlink-missing': lambda: os.unlink('/opt/none'),
    'chmod-known': lambda: os.chmod('/var/lib/worker/state', 0o644),
}
marks = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
for name, attack in attacks.items():
    try:
        attack()
    except OSError:
        pass
    os.write(marks, f'mark {name}\n'.encode())
