"""What the looking process may not: use much memory, write files, reach the network, start programs."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import resource
import signal
import struct

#: Of address space; the libraries take about a hundred megabytes of it.
MEMORY_BYTES = 512 * 1024**2
#: clone, clone3, fork, vfork, execve, execveat.
_STARTING = frozenset({56, 57, 58, 59, 322, 220, 221, 281, 435})
#: socket, socketpair, bind, listen, accept, accept4, connect, clone, clone3, fork, vfork, execve, execveat, ptrace, kill.
_FORBIDDEN = {
    "x86_64": (0xC000003E, (41, 53, 49, 50, 43, 288, 42, 56, 435, 57, 58, 59, 322, 101, 62)),
    "aarch64": (0xC00000B7, (198, 199, 200, 201, 202, 242, 203, 220, 435, 221, 281, 117, 129)),
}
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
#: Instructions of the filter (linux/bpf_common.h): load a word, jump if equal, jump if greater or equal, return.
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
#: System calls of the x32 ABI begin here.
_X32 = 0x40000000


def lock_down(*, starts_programs: bool = False) -> bool:
    """Give up what is not needed to look into files. Returns whether the system calls are filtered too.

    Args:
        starts_programs: What follows becomes another program, which needs threads; the limits go on for it.
    """
    for signal_number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(signal_number, signal.SIG_IGN if signal_number != signal.SIGTERM else signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with contextlib.suppress(OSError):
        os.nice(3)  # posting and HTTP come first, but a person may wait for this too
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - a small start
        file.write("800")  # when memory is short this process goes, not the daemon
    with contextlib.suppress(ImportError, OSError, AttributeError, MemoryError):
        return _filter_calls(starts_programs=starts_programs)
    return False  # the limits hold anyhow


def _filter_calls(*, starts_programs: bool) -> bool:
    import ctypes

    known = _FORBIDDEN.get(platform.machine())
    if known is None:
        return False
    architecture, numbers = known
    if starts_programs:
        numbers = tuple(number for number in numbers if number not in _STARTING)
    code = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 0, len(numbers) + 2, architecture), (_LOAD, 0, 0, 0)]
    code.append((_JUMP_AT_LEAST, len(numbers) + 1, 0, _X32))
    code += [(_JUMP_EQUAL, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    code += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    packed = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in code))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(code), ctypes.addressof(packed)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return bool(
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        and prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0
    )
