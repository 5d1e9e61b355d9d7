"""Addresses within the workspace, written in one place so that every id in them is quoted."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode

_PATH: Final = re.compile(r"/[A-Za-z0-9/_.~-]*")


def link(path: str, /, **query: str | int | None) -> str:
    """An address of ours, with those parts of the ``query`` that say something.

    Raises ``ValueError`` for a path that is none of ours, a defect: what comes from outside belongs into the query.
    """
    if not _PATH.fullmatch(path) or path.startswith("//"):
        raise ValueError(f"{path!r} is no path of the workspace")
    said = {name.rstrip("_"): value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(said)}" if said else path
