"""Which mutant is on in this process, and which places were reached; and the import that puts switches into modules."""

from __future__ import annotations

import builtins
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, Final

from tests.mutants.guards import SWITCH, instrumented, is_rule, sources

_GET: Final = "get_code"
on: str = ""
reached: set[str] = set()


def _on(id: str) -> bool:
    reached.add(id)
    return id == on


def turn_on(id: str) -> None:
    global on  # noqa: PLW0603 - one process has one mutant
    on = id


def install(*, rules: bool) -> None:
    """Modules imported from now on have switches: those of the rules, or all others."""
    files = {str(file): file for file in sources() if is_rule(file) == rules}
    plain: Any = getattr(SourceFileLoader, _GET)

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        file = files.get(str(Path(self.path)))
        if file is None:
            code: CodeType | None = plain(self, fullname)
            return code
        return compile(instrumented(file)[0], str(file), "exec", dont_inherit=True)

    setattr(builtins, SWITCH, _on)
    # Named as text, since a method is not to be assigned to.
    setattr(SourceFileLoader, _GET, get_code)
