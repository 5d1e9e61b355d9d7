"""Style sheets and scripts. Their addresses change with their content, so they are kept for a year."""

from __future__ import annotations

from typing import Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.render import STATIC

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_KEPT: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


def show(desk: Desk, name: str) -> Response[str]:
    """One of our files, by its name alone: nothing else of the machine can be asked for."""
    files = {file.name: file for file in STATIC.iterdir() if file.suffix in _TYPES}
    if name not in files:
        raise NotFoundError
    text = files[name].read_text(encoding="utf-8")
    return Response(200, f"{_TYPES[files[name].suffix]}; charset=utf-8", text, dict(_KEPT))
