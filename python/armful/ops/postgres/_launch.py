"""A script (`python -I -S`) that changes its user, asks the kernel to end it with its parent, and then executes a program.

armful starts this script instead of the program, because a process with threads cannot safely run Python code between a
fork and an exec. The first argument is JSON: `parent` (a process id), `signal` (sent when the parent's thread that started
the script ends), `uid`, `gid` and `namespace`. The other arguments are the program and its arguments.
"""

import ctypes
import json
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def main() -> None:
    options = json.loads(sys.argv[1])
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = options["uid"], options["gid"]
    if options["namespace"]:
        ids = os.geteuid(), os.getegid()
        if libc.unshare(CLONE_NEWUSER) != 0:
            sys.exit(f"FATAL: user namespaces are not allowed: {os.strerror(ctypes.get_errno())}")
        Path("/proc/self/uid_map").write_text(f"{uid} {ids[0]} 1")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"{gid} {ids[1]} 1")
    elif uid != os.geteuid():
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After the changes above, because they clear this setting. The execution below keeps it.
        libc.prctl(PR_SET_PDEATHSIG, options["signal"], 0, 0, 0)
        if os.getppid() != options["parent"]:
            sys.exit("FATAL: the parent process has ended")
    try:
        os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606
    except OSError as error:
        sys.exit(f"FATAL: {sys.argv[2]}: {error.strerror}")


if __name__ == "__main__":
    main()
