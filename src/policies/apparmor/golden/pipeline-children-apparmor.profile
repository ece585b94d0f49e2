# Written by kguardian from 1 run.
# Where a remark tells what was seen, a pattern stands, and besides allows:
#   [0-9]*       every name that goes on with a digit
#   @{multiarch} every architecture
abi <abi/3.0>,
include <tunables/global>

profile kguardian-pipeline flags=(attach_disconnected,mediate_deleted) {
  signal (receive) peer=crun,
  signal (receive) peer=runc,
  signal (receive) peer=unconfined,
  signal (send, receive) peer=kguardian-pipeline{,//*},

  owner /etc/ld.so.cache r,
  /usr/bin/cat px -> kguardian-pipeline//usr.bin.cat,
  /usr/bin/head px -> kguardian-pipeline//usr.bin.head,
  /usr/bin/ls px -> kguardian-pipeline//usr.bin.ls,
  /usr/bin/sort px -> kguardian-pipeline//usr.bin.sort,
  /usr/bin/wc px -> kguardian-pipeline//usr.bin.wc,
  owner /usr/lib/@{multiarch}/ld-linux-x86-64.so.2 rm, # the architecture: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
  owner /usr/lib/@{multiarch}/libc.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libc.so.6

  profile usr.bin.cat flags=(attach_disconnected,mediate_deleted) {
    signal (receive) peer=crun,
    signal (receive) peer=runc,
    signal (receive) peer=unconfined,
    signal (send, receive) peer=kguardian-pipeline{,//*},

    owner /etc/hostname r,
    owner /etc/ld.so.cache r,
    owner /etc/locale.alias r,
    /usr/bin/cat rm,
    owner /usr/lib/@{multiarch}/gconv/gconv-modules.cache r, # the architecture: /usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache
    owner /usr/lib/@{multiarch}/ld-linux-x86-64.so.2 rm, # the architecture: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
    owner /usr/lib/@{multiarch}/libc.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libc.so.6
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
  }

  profile usr.bin.head flags=(attach_disconnected,mediate_deleted) {
    signal (receive) peer=crun,
    signal (receive) peer=runc,
    signal (receive) peer=unconfined,
    signal (send, receive) peer=kguardian-pipeline{,//*},

    owner /etc/ld.so.cache r,
    owner /etc/locale.alias r,
    /usr/bin/head rm,
    owner /usr/lib/@{multiarch}/gconv/gconv-modules.cache r, # the architecture: /usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache
    owner /usr/lib/@{multiarch}/ld-linux-x86-64.so.2 rm, # the architecture: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
    owner /usr/lib/@{multiarch}/libc.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libc.so.6
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
  }

  profile usr.bin.ls flags=(attach_disconnected,mediate_deleted) {
    network unix stream,
    signal (receive) peer=crun,
    signal (receive) peer=runc,
    signal (receive) peer=unconfined,
    signal (send, receive) peer=kguardian-pipeline{,//*},

    owner /etc/group r,
    owner /etc/ld.so.cache r,
    owner /etc/locale.alias r,
    owner /etc/nsswitch.conf r,
    owner /etc/passwd r,
    owner /proc/filesystems r,
    owner /usr/ r,
    /usr/bin/ls rm,
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

  profile usr.bin.sort flags=(attach_disconnected,mediate_deleted) {
    signal (receive) peer=crun,
    signal (receive) peer=runc,
    signal (receive) peer=unconfined,
    signal (send, receive) peer=kguardian-pipeline{,//*},

    owner /etc/ld.so.cache r,
    owner /etc/locale.alias r,
    /usr/bin/sort rm,
    owner /usr/lib/@{multiarch}/gconv/gconv-modules.cache r, # the architecture: /usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache
    owner /usr/lib/@{multiarch}/ld-linux-x86-64.so.2 rm, # the architecture: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
    owner /usr/lib/@{multiarch}/libc.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libc.so.6
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
  }

  profile usr.bin.wc flags=(attach_disconnected,mediate_deleted) {
    signal (receive) peer=crun,
    signal (receive) peer=runc,
    signal (receive) peer=unconfined,
    signal (send, receive) peer=kguardian-pipeline{,//*},

    owner /etc/ld.so.cache r,
    owner /etc/locale.alias r,
    /usr/bin/wc rm,
    owner /usr/lib/@{multiarch}/gconv/gconv-modules.cache r, # the architecture: /usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache
    owner /usr/lib/@{multiarch}/ld-linux-x86-64.so.2 rm, # the architecture: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
    owner /usr/lib/@{multiarch}/libc.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libc.so.6
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
  }
}
