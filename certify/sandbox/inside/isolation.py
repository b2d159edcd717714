"""Close the doors before the connector comes in: namespaces, a read-only world, no privileges.

Linux only, through ctypes, as root or not. Every step may be refused (some containers, some CI runners);
then the audit hook of the probe stands in, and the report names the weaker isolation.
Sources: unshare(2), mount_setattr(2), prctl(2), capabilities(7).
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from functools import cache

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE, MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x1000, 0x4000, 0x40000, 0x2, 0x4, 0x8
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
MOUNT_ATTR_RDONLY, AT_FDCWD, AT_RECURSIVE = 0x1, -100, 0x8000
#: mount_setattr has one number on every architecture (Linux 5.12).
SYS_MOUNT_SETATTR = 442

#: What root keeps: reading and owning files, changing user, low ports. Not mounting, tracing or networks.
_KEPT_CAPABILITIES = (0, 1, 2, 3, 4, 5, 6, 7, 10)
_LAST_CAPABILITY = 40

LINUX = sys.platform.startswith("linux")


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when its parent ends, however that ends.

    A `parent` in the same namespace may have ended before this was said: then it ends at once.
    """
    if LINUX:
        _libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of every orphaned descendant, so that none is lost."""
    if LINUX:
        _libc().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def enter_namespaces(writable: str) -> bool:
    """Move into private user, network, mount and (for children) process namespaces.

    Only loopback exists there, and only `writable` can be written. Returns whether all was granted; what
    was refused half-way leaves the process no wider than it was.
    """
    if not LINUX:
        return False
    user, group = os.getuid(), os.getgid()
    wanted = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | (CLONE_NEWUSER if user else 0)
    try:
        _check(_libc().unshare(wanted))
        if user:
            _map_identity(user, group)
        _loopback_up()
        _make_read_only(writable)
    except OSError:
        return False
    return True


def _map_identity(user: int, group: int) -> None:
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open("/proc/self/" + name, "w") as file:
            file.write(text)


def _loopback_up() -> None:
    import fcntl
    import socket

    set_interface_flags, up_and_running = 0x8914, 0x1 | 0x40
    with socket.socket() as probe:
        fcntl.ioctl(probe, set_interface_flags, struct.pack("16sh14s", b"lo", up_and_running, b""))


def _make_read_only(writable: str) -> None:
    libc, here = _libc(), os.fsencode(writable)
    _check(libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
    _check(libc.mount(here, here, None, ctypes.c_ulong(MS_BIND), None))
    _set_mount(b"/", AT_RECURSIVE, _MountAttr(attr_set=MOUNT_ATTR_RDONLY))
    _set_mount(here, 0, _MountAttr(attr_clr=MOUNT_ATTR_RDONLY))
    # Semaphores of multiprocessing live in /dev/shm: give the child one of its own. In /run are the sockets
    # of the machine's services, and a socket in a file needs no network.
    flags = ctypes.c_ulong(MS_NOSUID | MS_NODEV)
    held = os.open(writable, os.O_PATH | os.O_DIRECTORY)
    _check(libc.mount(b"tmpfs", b"/dev/shm", b"tmpfs", flags, b"size=64m"))
    if not os.path.isdir(writable):  # it lay in there, and is hidden now
        os.mkdir(writable, 0o700)
        _check(libc.mount(b"/proc/self/fd/%d" % held, here, None, ctypes.c_ulong(MS_BIND), None))
    os.close(held)
    if os.path.isdir("/run") and not here.startswith(b"/run/"):
        _check(libc.mount(b"tmpfs", b"/run", b"tmpfs", ctypes.c_ulong(MS_NOSUID | MS_NODEV), b"size=1m"))
    os.chdir(writable)  # who stood there already stands below the mount, where nothing can be written


def _set_mount(path: bytes, flags: int, attributes: _MountAttr) -> None:
    arguments = (AT_FDCWD, path, flags, ctypes.byref(attributes), ctypes.sizeof(attributes))
    _check(_libc().syscall(SYS_MOUNT_SETATTR, *arguments))


def mount_own_proc() -> bool:
    """Show this process namespace alone under /proc, so that no other process can be read there."""
    flags = ctypes.c_ulong(MS_NOSUID | MS_NODEV | MS_NOEXEC)
    return bool(_libc().mount(b"proc", b"/proc", b"proc", flags, None) == 0)


def drop_privileges() -> None:
    """Give up every capability that could undo the isolation, in this process and all it executes."""
    if not LINUX:
        return
    libc = _libc()
    kept = _KEPT_CAPABILITIES if os.geteuid() == 0 else ()
    for capability in range(_LAST_CAPABILITY + 1):
        if capability not in kept:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    mask = sum(1 << capability for capability in kept)
    version_3, this_process = 0x20080522, 0
    header = struct.pack("Ii", version_3, this_process)
    low = struct.pack("III", mask, mask, 0)
    libc.capset(header, low + struct.pack("III", 0, 0, 0))
