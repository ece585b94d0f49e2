"""A workload that does a little of everything that Falco's rules are about; the same at every start, on every machine.
Accepts connections at 8001 when it has done it all. Few modules, since the lab's guest is slow.
"""
import errno, os, socket


def run(path, *argv, user=None):
    child = os.fork()
    if child == 0:
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        os.execv(path, [path, *argv])
    if os.waitpid(child, 0)[1] != 0:
        raise SystemExit(f'{path} failed')


def write(path, mode='w'):
    with open(path, mode) as file:
        file.write('x')


# Programs and users.
run('/usr/bin/dash', '-c', 'true')
run('/usr/bin/id', '-u', user=1000)

# Files.
os.makedirs('/var/lib/worker/old')
for path in ('/var/lib/worker/state.new', '/var/log/worker.log', '/var/run/worker.pid', '/var/lib/worker/ö b\n",(c)'):
    write(path, 'w')
write('/var/log/worker.log', 'a')
write('/var/log/worker.log', 'r+')
chance = os.urandom(4).hex()
temporary = f'/tmp/tmp{chance[:2]}q7z{chance[2:5]}'
os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
os.unlink(temporary)
os.rename('/var/lib/worker/state.new', '/var/lib/worker/state')
os.chmod('/var/lib/worker/state', 0o600)
os.chown('/var/lib/worker/state', 1000, 1000)
os.link('/var/lib/worker/state', '/var/lib/worker/hard')
os.symlink('state', '/var/lib/worker/soft')
os.unlink('/var/lib/worker/hard')
os.rmdir('/var/lib/worker/old')
for path in ('/etc/gshadow', '/proc/self/environ', f'/proc/{os.getpid()}/mem'):
    os.close(os.open(path, os.O_RDONLY))

# Network: what it serves itself, over both families, with and without waiting; a port that refuses; datagrams.
server = socket.create_server(('::', 8000), family=socket.AF_INET6, dualstack_ipv6=True)
listener = socket.create_server(('127.0.0.5', 5432))
for address in (('127.0.0.5', 5432), ('::1', 8000)):
    socket.create_connection(address).close()
patient = socket.socket()
patient.setblocking(False)
if patient.connect_ex(('127.0.0.5', 5432)) not in (0, errno.EINPROGRESS):
    raise SystemExit('no connection without waiting')
try:
    socket.create_connection(('127.0.0.5', 5433))
except ConnectionRefusedError:
    pass
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(('0.0.0.0', 8125))
datagrams.sendto(b'x', ('127.0.0.53', 53))
named = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
named.connect(('127.0.0.54', 53))
named.send(b'x')
local = socket.socket(socket.AF_UNIX)
local.bind('/run/worker.sock')
local.listen()
socket.socket(socket.AF_UNIX).connect('/run/worker.sock')

# Calls and sockets of its own kind.
socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
os.memfd_create('worker')

# Whoever waits for it sees by this that it is done.
done = socket.create_server(('0.0.0.0', 8001))
while True:
    done.accept()[0].close()
