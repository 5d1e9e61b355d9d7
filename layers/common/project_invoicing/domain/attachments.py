"""What may be attached to an invoice: the kinds of files that an e-invoice may carry, too (EN 16931, BT-125)."""

from __future__ import annotations

from typing import Final

_ZIP: Final = b"PK\x03\x04"
_JPEG: Final = b"\xff\xd8\xff"
BEGINS: Final = {
    "pdf": b"%PDF-",
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "xlsx": _ZIP,
    "ods": _ZIP,
    "csv": b"",
}
"""By the end of a file's name, how the file begins."""
KINDS: Final = "PDF, PNG, JPEG, CSV, XLSX and ODS"


def why_not(name: str, data: bytes) -> str | None:
    """Why a file is not taken; ``None`` for one that is: its name and its first bytes say the same."""
    begins = BEGINS.get(name.rpartition(".")[2].lower()) if "." in name else None
    if begins is None:
        return f"{name} cannot be attached: {KINDS} are taken"
    if not data.startswith(begins) or (not begins and b"\0" in data):
        return f"{name} is not what its name says; {KINDS} are taken"
    return None
