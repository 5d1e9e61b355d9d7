"""An export of what a verification reads: JSON Lines, in any order, for an auditor who has no access to the tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.sealed_items import Document, Found
from project_invoicing.domain.seals import End, Stored, parsed
from project_invoicing.errors import Rejected
from project_invoicing.store import whole_audit
from project_invoicing.use_cases.audit.verify import Tables

if TYPE_CHECKING:
    from project_invoicing.store.sealable import Sealable
    from project_invoicing.store.seals import Seals

EXPORT_FORM: Final = 2
_FORMS: Final = (1, EXPORT_FORM)
"""Those that can be read. In the first there are no bytes, so that earlier versions do not know them."""

Key = tuple[str, str, str]


def lines(seals: Seals, sealable: Sealable, at: str) -> Iterator[str]:
    """The lines of an export.

    ``{"audit": 1, "at", "marked"}``, ``{"table", "item"}`` with an item as DynamoDB's JSON, ``{"chain", "seal", "hash",
    "text"}`` for each seal, ``{"chain", "end", "hash"}`` for the end of each chain.
    """
    seen: set[Key] = set()
    for key, text in whole_audit.rows(sealable, lambda row: (whole_audit.key_of(row), _text(row))):
        seen.add(key)
        yield text
    sealed: list[Key] = []
    for name, found, end in Tables(seals, sealable).chains():
        if end:
            yield _line({"chain": name, "end": end.number, "hash": end.hash})
        for stored in found:
            sealed += _unseen(stored, seen)
            yield _line({"chain": name, "seal": stored.number, "hash": stored.hash, "text": stored.text})
    for row in whole_audit.again(sealable, sealed):
        yield _text(row)
    yield _line({"audit": EXPORT_FORM, "at": at, "marked": seals.backfilled() is not None})


class Export:
    """An export as a source of a verification."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Raises ``Rejected`` for a line that is none of an export."""
        self.at = ""
        self._marked = False
        self._items: list[Found | Document] = []
        self._seals: dict[str, list[Stored]] = {}
        self._ends: dict[str, End] = {}
        for number, line in enumerate(lines, start=1):
            try:
                self._read(json.loads(line))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                problem = f"line {number} is none of an export: {type(error).__name__} {error}"
                raise Rejected("schema", problem) from error
        if not self.at:
            raise Rejected("schema", "the last line of the export is missing: it was not written to its end")

    def _read(self, line: dict[str, Any]) -> None:
        if "table" in line:
            self._items.append(whole_audit.found(whole_audit.imported(line)))
        elif "seal" in line:
            stored = Stored(int(line["seal"]), line["hash"], line["text"])
            self._seals.setdefault(line["chain"], []).append(stored)
        elif "end" in line:
            self._ends[line["chain"]] = End(line["chain"], int(line["end"]), line["hash"])
        elif line["audit"] not in _FORMS:
            raise ValueError(f"has form {line['audit']}, and this version knows {EXPORT_FORM}")
        else:
            self.at, self._marked = line["at"], bool(line["marked"])

    def items(self) -> Iterator[Found | Document]:
        return iter(self._items)

    def marked(self) -> bool:
        return self._marked

    @property
    def may_be_old(self) -> bool:
        return True

    def chains(self) -> Iterator[tuple[str, Iterable[Stored], End | None]]:
        for name in sorted(self._seals.keys() | self._ends.keys()):
            yield name, sorted(self._seals.get(name, ())), self._ends.get(name)

    def again(self, keys: Iterable[Key]) -> Iterator[Found | Document]:  # noqa: ARG002
        """Nothing: whoever exports has looked again."""
        return iter(())


def _unseen(stored: Stored, seen: set[Key]) -> list[Key]:
    try:
        return [entry.key for entry in parsed(stored.text).entries if entry.key not in seen]
    except ValueError:  # a verification names it
        return []


def _text(row: whole_audit.Row) -> str:
    return _line(whole_audit.exported(row))


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
