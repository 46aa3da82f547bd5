"""Starting a process that cannot outlive us."""

import ctypes
import os
import signal
import subprocess

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def start(command: list[str], **options) -> subprocess.Popen:
    """Popen, but the kernel ends the child if this process dies, even by SIGKILL. Call it from the main thread.

    The child has a session of its own: Ctrl-C reaches us first, and we stop things in order.
    """
    parent = os.getpid()

    def before_exec() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # died meanwhile
            os._exit(1)

    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=before_exec, **options)
