"""The stack that ``invoicing serve`` keeps up on this machine, and how the commands find it.

While it runs, a file in the user's runtime folder says where it is. The process holds a lock on the file, which ends
with the process however that happens: a file that nobody holds is left over, and counts for nothing. A command acts on
this stack only if neither ``--stack`` nor the environment names another one; the file's variables, which lead to
loopback addresses with credentials that open nothing, then replace everything that the environment says of AWS.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from operate.invalid_input import InvalidInput
from project_invoicing import bootstrap

_ROOT: Final = Path(__file__).resolve().parent.parent
NAMED_BY: Final = (
    "STAGING_TABLE",
    "JOURNALS_TABLE",
    "PROPOSALS_TABLE",
    "LEDGER_TABLE",
    "SETUP_TABLE",
    "DATAVERSE_TABLE",
    "MASTER_DATA_TABLE",
    "EVENT_BUS_NAME",
)
"""The variables with which the environment names a stack."""
NONE_RUNS: Final = "no local stack runs: start one with invoicing serve, or name a stack in AWS with --stack"
_PATIENCE: Final = 1.0
"""Seconds for which a command that only looks may hold the lock."""


@dataclass(frozen=True, slots=True)
class LocalStack:
    """``environment``: the variables that lead to it."""

    process: int
    environment: Mapping[str, str]


@contextmanager
def of_this_process() -> Iterator[Callable[[Mapping[str, str]], None]]:
    """Makes this process the one that keeps up the local stack of this checkout.

    Gives what lets the commands find it, once it is ready: a call with the variables that lead to it. Raises
    ``InvalidInput`` if there is such a process already.
    """
    path = own_file(".json")
    file = _held(path)
    try:
        _write(file, {"process": os.getpid(), "environment": None})
        try:
            yield lambda environment: _write(file, {"process": os.getpid(), "environment": dict(environment)})
        finally:
            os.ftruncate(file, 0)  # who has it open already sees that it is over
            path.unlink(missing_ok=True)
    finally:
        os.close(file)


def running() -> LocalStack | None:
    """The stack of this checkout, if one runs."""
    try:
        file = os.open(own_file(".json"), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        if _locked(file, fcntl.LOCK_SH, 0):
            return None  # its process is gone
        said: Any = json.loads(os.pread(file, 1 << 20, 0) or b"null")
    except ValueError:
        return None  # it is being written
    finally:
        os.close(file)
    return LocalStack(said["process"], said["environment"]) if said and said["environment"] else None


@contextmanager
def unless_named(named: str | None, variables: tuple[str, ...] = NAMED_BY) -> Iterator[None]:
    """Calls within it go to the local stack, if one runs and neither ``named`` nor a variable names another.

    Raises ``InvalidInput`` where nothing names a stack and none runs.
    """
    chosen = bool(named) or any(os.environ.get(name) for name in variables)
    found = None if chosen else running()
    if not chosen and found is None and variables == NAMED_BY:
        raise InvalidInput([NONE_RUNS])
    if found is None:
        yield
        return
    print(f"On the local stack, in process {found.process}.", file=sys.stderr)
    before = dict(os.environ)
    for inherited in [name for name in before if name.startswith("AWS_")]:
        del os.environ[inherited]
    os.environ.update(found.environment)
    bootstrap.forget()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        bootstrap.forget()


def _write(file: int, said: Mapping[str, Any]) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, json.dumps(said).encode(), 0)


def _held(path: Path) -> int:
    """The file at ``path``, locked for this process."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _folder()  # somebody may have been faster
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not _locked(file, fcntl.LOCK_EX, _PATIENCE):
            said: Any = json.loads(os.pread(file, 1 << 20, 0) or b"{}")
            os.close(file)
            process = said.get("process", "unknown")
            raise InvalidInput([f"a local stack runs already, in process {process}; end that first (Ctrl-C)"])
        if path.exists() and os.path.samestat(os.fstat(file), path.stat()):
            return file
        os.close(file)  # whoever held it has removed it meanwhile


def own_file(end: str) -> Path:
    """A file of this checkout in the user's runtime folder: a command acts on the stack of its own code.

    Raises ``InvalidInput`` for a folder that somebody else may write to.
    """
    return _folder() / f"serve-{hashlib.sha256(str(_ROOT).encode()).hexdigest()[:12]}{end}"


def _folder() -> Path:
    given = os.environ.get("XDG_RUNTIME_DIR")
    path = Path(given or tempfile.gettempdir()) / f"project-invoicing-{os.getuid()}"
    if not os.path.lexists(path):
        return path
    status = path.stat(follow_symlinks=False)
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise InvalidInput([f"{path} belongs to somebody else, or others may write to it; set XDG_RUNTIME_DIR"])
    return path


def _locked(file: int, how: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)
        else:
            return True
