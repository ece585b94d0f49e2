# Written by kguardian from 1 run.
# Where a remark tells what was seen, a pattern stands, and besides allows:
#   *            every name that goes on so
#   [0-9]*       every name that goes on with a digit
#   @{multiarch} every architecture
abi <abi/3.0>,
include <tunables/global>

profile kguardian-nginx flags=(attach_disconnected,mediate_deleted) {
  capability chown,
  capability setgid,
  capability setuid,
  network inet stream,
  network unix stream,
  signal (receive) peer=crun,
  signal (receive) peer=runc,
  signal (receive) peer=unconfined,
  signal (send, receive) peer=@{profile_name},

  owner /etc/group r,
  owner /etc/ld.so.cache r,
  owner /etc/nsswitch.conf r,
  owner /etc/passwd r,
  owner /etc/ssl/openssl.cnf r,
  owner /proc/sys/kernel/ngroups_max r,
  owner /sys/devices/system/cpu/online r,
  owner /tmp/kguardian-demo-*/logs/access.log w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/logs/access.log
  owner /tmp/kguardian-demo-*/logs/error.log w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/logs/error.log
  /tmp/kguardian-demo-*/logs/nginx.pid w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/logs/nginx.pid
  owner /tmp/kguardian-demo-*/logs/nginx.pid r, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/logs/nginx.pid
  owner /tmp/kguardian-demo-*/nginx.conf r, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/nginx.conf
  /tmp/kguardian-demo-*/tmp/client_body w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/tmp/client_body
  /tmp/kguardian-demo-*/tmp/client_body/ w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/tmp/client_body/
  /tmp/kguardian-demo-*/tmp/client_body/[0-9]* w, # the name of a temporary file, a number of six digits or more: 3 seen, such as /tmp/kguardian-demo-mZpimU/tmp/client_body/0000000001
  owner /tmp/kguardian-demo-*/tmp/client_body/[0-9]* r, # the name of a temporary file, a number of six digits or more: 3 seen, such as /tmp/kguardian-demo-mZpimU/tmp/client_body/0000000001
  /tmp/kguardian-demo-*/tmp/fastcgi w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/tmp/fastcgi
  /tmp/kguardian-demo-*/tmp/fastcgi/ w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/tmp/fastcgi/
  /tmp/kguardian-demo-*/tmp/proxy w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/tmp/proxy
  /tmp/kguardian-demo-*/tmp/proxy/ w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/tmp/proxy/
  /tmp/kguardian-demo-*/tmp/scgi w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/tmp/scgi
  /tmp/kguardian-demo-*/tmp/scgi/ w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/tmp/scgi/
  /tmp/kguardian-demo-*/tmp/uwsgi w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/tmp/uwsgi
  /tmp/kguardian-demo-*/tmp/uwsgi/ w, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/tmp/uwsgi/
  /tmp/kguardian-demo-*/www/catalogue.bin r, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/www/catalogue.bin
  /tmp/kguardian-demo-*/www/docs/ r, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/www/docs/
  /tmp/kguardian-demo-*/www/docs/index.html r, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/www/docs/index.html
  /tmp/kguardian-demo-*/www/index.html r, # the name of a temporary file: /tmp/kguardian-demo-mZpimU/www/index.html
  owner /usr/lib/@{multiarch}/ld-linux-x86-64.so.2 rm, # the architecture: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
  owner /usr/lib/@{multiarch}/libc.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libc.so.6
  owner /usr/lib/@{multiarch}/libcap.so.2.[0-9]* rm, # the architecture, the version of a library: /usr/lib/x86_64-linux-gnu/libcap.so.2.66
  owner /usr/lib/@{multiarch}/libcrypt.so.1.[0-9]* rm, # the architecture, the version of a library: /usr/lib/x86_64-linux-gnu/libcrypt.so.1.1.0
  owner /usr/lib/@{multiarch}/libcrypto.so.3 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libcrypto.so.3
  owner /usr/lib/@{multiarch}/libm.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libm.so.6
  owner /usr/lib/@{multiarch}/libnss_systemd.so.2 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libnss_systemd.so.2
  owner /usr/lib/@{multiarch}/libpcre2-8.so.0.[0-9]* rm, # the architecture, the version of a library: /usr/lib/x86_64-linux-gnu/libpcre2-8.so.0.11.2
  owner /usr/lib/@{multiarch}/libssl.so.3 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libssl.so.3
  owner /usr/lib/@{multiarch}/libz.so.1.[0-9]* rm, # the architecture, the version of a library: /usr/lib/x86_64-linux-gnu/libz.so.1.2.13
  owner /usr/share/zoneinfo/Etc/UTC r,
}
