"""Starting a process that cannot outlive us."""

import os
import subprocess


def start(command: list[str], **options) -> subprocess.Popen:
    """Popen, but the kernel ends the child if this process dies, even by SIGKILL. Call it from the main thread.

    The child has a session of its own: Ctrl-C reaches us first, and we stop things in order. It asks the kernel itself, after
    exec: code of ours between fork and exec can wait for ever for a lock that another thread held. If we died before it asked,
    it has another parent by now.
    """
    ask = ["setpriv", "--pdeathsig=TERM", "sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"', str(os.getpid()), *command]
    return subprocess.Popen(ask, stdin=subprocess.DEVNULL, start_new_session=True, **options)
