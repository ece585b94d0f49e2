# Written by kguardian from 1 run.
# Where a remark tells what was seen, a pattern stands, and besides allows:
#   [0-9]*       every name that goes on with a digit
#   @{multiarch} every architecture
abi <abi/3.0>,
include <tunables/global>

profile kguardian-pipeline flags=(attach_disconnected,mediate_deleted) {
  network unix stream,
  signal (receive) peer=crun,
  signal (receive) peer=runc,
  signal (receive) peer=unconfined,
  signal (send, receive) peer=@{profile_name},

  owner /etc/group r,
  owner /etc/hostname r,
  owner /etc/ld.so.cache r,
  owner /etc/locale.alias r,
  owner /etc/nsswitch.conf r,
  owner /etc/passwd r,
  owner /proc/filesystems r,
  owner /usr/ r,
  /usr/bin/cat ix,
  /usr/bin/head ix,
  /usr/bin/ls ix,
  /usr/bin/sort ix,
  /usr/bin/wc ix,
  owner /usr/lib/@{multiarch}/gconv/gconv-modules.cache r, # the architecture: /usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache
  owner /usr/lib/@{multiarch}/ld-linux-x86-64.so.2 rm, # the architecture: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
  owner /usr/lib/@{multiarch}/libc.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libc.so.6
  owner /usr/lib/@{multiarch}/libpcre2-8.so.0.[0-9]* rm, # the architecture, the version of a library: /usr/lib/x86_64-linux-gnu/libpcre2-8.so.0.11.2
  owner /usr/lib/@{multiarch}/libselinux.so.1 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libselinux.so.1
  owner /usr/lib/locale/C.utf8/LC_ADDRESS r,
  owner /usr/lib/locale/C.utf8/LC_COLLATE r,
  owner /usr/lib/locale/C.utf8/LC_CTYPE r,
  owner /usr/lib/locale/C.utf8/LC_IDENTIFICATION r,
  owner /usr/lib/locale/C.utf8/LC_MEASUREMENT r,
  owner /usr/lib/locale/C.utf8/LC_MESSAGES/ r,
  owner /usr/lib/locale/C.utf8/LC_MESSAGES/SYS_LC_MESSAGES r,
  owner /usr/lib/locale/C.utf8/LC_MONETARY r,
  owner /usr/lib/locale/C.utf8/LC_NAME r,
  owner /usr/lib/locale/C.utf8/LC_NUMERIC r,
  owner /usr/lib/locale/C.utf8/LC_PAPER r,
  owner /usr/lib/locale/C.utf8/LC_TELEPHONE r,
  owner /usr/lib/locale/C.utf8/LC_TIME r,
  owner /usr/share/zoneinfo/Etc/UTC r,
}
