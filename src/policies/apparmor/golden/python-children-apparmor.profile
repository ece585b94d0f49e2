# Written by kguardian from 1 run.
# Where a remark tells what was seen, a pattern stands, and besides allows:
#   [0-9]*       every name that goes on with a digit
#   @{multiarch} every architecture
abi <abi/3.0>,
include <tunables/global>

profile kguardian-python flags=(attach_disconnected,mediate_deleted) {
  signal (receive) peer=crun,
  signal (receive) peer=runc,
  signal (receive) peer=unconfined,
  signal (send, receive) peer=kguardian-python{,//*},

  owner /etc/hostname r,
  owner /etc/ld.so.cache r,
  owner /etc/locale.alias r,
  /usr/bin/true px -> kguardian-python//usr.bin.true,
  owner /usr/lib/@{multiarch}/gconv/gconv-modules.cache r, # the architecture: /usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache
  owner /usr/lib/@{multiarch}/ld-linux-x86-64.so.2 rm, # the architecture: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
  owner /usr/lib/@{multiarch}/libc.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libc.so.6
  owner /usr/lib/@{multiarch}/libexpat.so.1.[0-9]* rm, # the architecture, the version of a library: /usr/lib/x86_64-linux-gnu/libexpat.so.1.8.10
  owner /usr/lib/@{multiarch}/libm.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libm.so.6
  owner /usr/lib/@{multiarch}/libz.so.1.[0-9]* rm, # the architecture, the version of a library: /usr/lib/x86_64-linux-gnu/libz.so.1.2.13
  owner /usr/lib/locale/C.utf8/LC_CTYPE r,
  owner /usr/lib/python3.[0-9]*/ r, # the version of a language: /usr/lib/python3.11/
  owner /usr/lib/python3.[0-9]*/__pycache__/_weakrefset.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/_weakrefset.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/contextlib.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/contextlib.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/copyreg.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/copyreg.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/enum.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/enum.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/functools.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/functools.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/keyword.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/keyword.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/locale.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/locale.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/operator.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/operator.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/reprlib.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/reprlib.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/selectors.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/selectors.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/signal.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/signal.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/sitecustomize.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/sitecustomize.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/socket.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/socket.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/subprocess.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/subprocess.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/threading.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/threading.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/types.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/types.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/__pycache__/warnings.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/__pycache__/warnings.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/collections/ r, # the version of a language: /usr/lib/python3.11/collections/
  owner /usr/lib/python3.[0-9]*/collections/__pycache__/__init__.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/collections/__pycache__/__init__.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/collections/__pycache__/abc.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/collections/__pycache__/abc.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/encodings/ r, # the version of a language: /usr/lib/python3.11/encodings/
  owner /usr/lib/python3.[0-9]*/encodings/__pycache__/__init__.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/encodings/__pycache__/__init__.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/encodings/__pycache__/aliases.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/encodings/__pycache__/aliases.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/encodings/__pycache__/utf_8.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/encodings/__pycache__/utf_8.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/lib-dynload/ r, # the version of a language: /usr/lib/python3.11/lib-dynload/
  owner /usr/lib/python3.[0-9]*/re/ r, # the version of a language: /usr/lib/python3.11/re/
  owner /usr/lib/python3.[0-9]*/re/__pycache__/__init__.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/re/__pycache__/__init__.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/re/__pycache__/_casefix.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/re/__pycache__/_casefix.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/re/__pycache__/_compiler.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/re/__pycache__/_compiler.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/re/__pycache__/_constants.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/re/__pycache__/_constants.cpython-311.pyc
  owner /usr/lib/python3.[0-9]*/re/__pycache__/_parser.cpython-311.pyc r, # the version of a language: /usr/lib/python3.11/re/__pycache__/_parser.cpython-311.pyc
  owner /usr/lib/python3/dist-packages/ r,
  owner /usr/lib/python3/dist-packages/_distutils_hack/__pycache__/__init__.cpython-311.pyc r,
  owner /usr/lib/python3/dist-packages/_sandboxing_egress_ca.pth r,
  owner /usr/lib/python3/dist-packages/distutils-precedence.pth r,
  owner /usr/local/lib/python3.[0-9]*/dist-packages/ r, # the version of a language: /usr/local/lib/python3.11/dist-packages/
  owner /usr/local/lib/python3.[0-9]*/dist-packages/_sandboxing_egress_ca.pth r, # the version of a language: /usr/local/lib/python3.11/dist-packages/_sandboxing_egress_ca.pth
  owner /usr/share/zoneinfo/Etc/UTC r,
  owner /work/wt-operations/ r,

  profile usr.bin.true flags=(attach_disconnected,mediate_deleted) {
    signal (receive) peer=crun,
    signal (receive) peer=runc,
    signal (receive) peer=unconfined,
    signal (send, receive) peer=kguardian-python{,//*},

    owner /etc/ld.so.cache r,
    /usr/bin/true rm,
    owner /usr/lib/@{multiarch}/ld-linux-x86-64.so.2 rm, # the architecture: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
    owner /usr/lib/@{multiarch}/libc.so.6 rm, # the architecture: /usr/lib/x86_64-linux-gnu/libc.so.6
  }
}
