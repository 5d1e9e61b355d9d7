"""Runs a command that must not outlive whoever started it (D-013).

``python leash.py FOLDER COMMAND…`` with a pipe as standard input. When the pipe closes, because its owner let go or
died in any way, the command and all its children are killed and FOLDER, its scratch space, is removed. The same happens
when the command ends by itself.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading


def main(folder: str, *command: str) -> int:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=_kill_when_let_go, args=(child.pid,), daemon=True).start()
    code = child.wait()
    _kill_group(child.pid)
    shutil.rmtree(folder, ignore_errors=True)
    return code


def _kill_when_let_go(group: int) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    _kill_group(group)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
