"""What the ids of Dataverse lead to: the row itself, else what the document's ``references`` say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.master_data import NAMED, PARTS, Part, RowKey, SeenRow
from project_invoicing.domain.refusals import row_blocker
from project_invoicing.domain.text import guid
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.effective import Found, Missing
from project_invoicing.setup.indexes.known import KnownData
from project_invoicing.setup.indexes.shared import shared
from project_invoicing.setup.models.master_data import MasterEntry

_MERGES_FOLLOWED: Final = 3
_OF_A_COMPANY: Final = frozenset({Part.CONTRACTS, Part.PROJECTS})
"""The parts whose own company decides whose the work is."""


class ReferenceLookups(KnownData):
    """Names by Dataverse id, and ids by the names that the document gives them."""

    def find(self, entity: str, id: str, *, deleted_too: bool = False) -> Found | Missing:
        """The finance id of a Dataverse row and its company, or why it has none (STG-14, D-094).

        The row's own number first; what ``references`` say where it has none, and for contract lines, whose number
        Dataverse makes up. Merged accounts lead to the one that they were merged into. A row that is deleted, and a
        project template, lead nowhere; ``deleted_too`` is for documents that are there already and go on.
        """
        asked = (entity, id, deleted_too)
        if asked not in self._led:
            found = self._find(entity, guid(id) or id, deleted_too)
            if isinstance(found, Missing) or not self._is_final(entity, guid(id) or id):
                return found
            self._led[asked] = found
        return self._led[asked]

    @cached_property
    def _led(self) -> dict[tuple[str, str, bool], Found]:
        """Answers already given to this view."""
        return {}

    def _is_final(self, entity: str, id: str) -> bool:
        """Whether the answer for a row follows from what was read of it, and of no row that it was merged into."""
        if not guid(id) or entity not in PARTS:
            return True
        if not self.view.has(RowKey(entity, id)):
            return False
        seen = self.view.row(entity, id)
        return seen is None or not seen.columns.get("merged_into")

    def _find(self, entity: str, id: str, deleted_too: bool) -> Found | Missing:
        part = PARTS.get(entity)
        seen = self._row(entity, id) if part else None
        if part is Part.CUSTOMERS and seen:
            after = self._after_merges(seen)
            if not isinstance(after, SeenRow):
                return after
            seen = after
        if part is None or seen is None:
            return self._written(part, entity, id)
        return _useless(seen, deleted_too) or self._placed(part, seen)

    def resolve(self, entity: str, id: str) -> str | None:
        """The finance id of a Dataverse row, ``None`` without one or when finance has no such master data."""
        found = self.find(entity, id)
        return found.name if isinstance(found, Found) else None

    def named(self, reference: Reference | None) -> str | None:
        """As ``resolve``, for a reference that may be missing."""
        return self.resolve(reference.entity, reference.id) if reference else None

    def ids_of(self, part: Part, name: str) -> tuple[Reference, ...]:
        """The rows that the document's ``references`` lead to this name from; looked at where no row has the name."""
        return self._ids.get((part, name), ())

    def own_name(self, reference: Reference) -> str | None:
        """The name that a row gives itself, whatever its number is; ``None`` for one that was merged into another."""
        row = self._row(reference.entity, reference.id)
        return row.columns.get("name") if row and not row.columns.get("merged_into") else None

    def _row(self, entity: str, id: str) -> SeenRow | None:
        return self.view.row(entity, id) if guid(id) else None

    def _after_merges(self, row: SeenRow) -> SeenRow | Found | Missing:
        """The account that counts in place of ``row``; without a row of its own, what the document says of it."""
        first, followed = row, 0
        while into := look_up(row.columns.get("merged_into")):
            if followed == _MERGES_FOLLOWED:
                why = f"was merged more than {_MERGES_FOLLOWED} times, or into itself; correct it in Dataverse"
                return _missing(first, why)
            seen = self._row(into.entity, into.id)
            if seen is None:
                found = self._written(Part.CUSTOMERS, into.entity, into.id)
                why = f"was merged into {into.entity} {into.id}, which has not arrived"
                blocker = row_blocker(into.entity, into.id)
                return found if isinstance(found, Found) else Missing(f"{first.entity} {first.id}", why, blocker)
            row, followed = seen, followed + 1
        return row

    def _placed(self, part: Part, row: SeenRow) -> Found | Missing:
        """A row under its own number, or the name that the document gives it."""
        written = self._names.get(row.entity, {}).get(row.id)
        if part is Part.CURRENCIES:
            return self._currency(row, written)
        own = self._own_name(part, row)
        first_written = part is Part.CONTRACT_LINES or part not in NAMED
        name = (written or own) if first_written else (own or written)
        if name is None:
            return _missing(row, f"cannot be used: {row.problem or _lacking(part, row)}")
        company = row.company or self._company_written(part, name)
        if part in _OF_A_COMPANY and company is None:
            return _missing(row, f"({name}) cannot be used: {row.problem or 'it has no company'}")
        return self._in_its_company(part, name, company)

    def _own_name(self, part: Part, row: SeenRow) -> str | None:
        if part is Part.UNITS:
            return row.company or self.document.units.get(row.columns.get("name") or "")
        if part in NAMED:
            return None if row.problem else row.number
        own: str | None = row.columns.get("code" if part is Part.COMPANIES else "name")
        return own.upper() if own and part is Part.COMPANIES else own

    def _currency(self, row: SeenRow, written: str | None) -> Found | Missing:
        """A currency that the policy has, else one whose row says its precision."""
        problem = without_precision(row, self.document, written)
        return _missing(row, f"cannot be used: {problem}") if problem else Found(written or row.columns["code"])

    def _in_its_company(self, part: Part, name: str, company: str | None) -> Found | Missing:
        if part in _OF_A_COMPANY and company and company not in self.document.companies:
            return Missing(name, f"belongs to {company}, which is not among the set-up's companies")
        return Found(name, company)

    def _written(self, part: Part | None, entity: str, id: str) -> Found | Missing:
        """What the document says of a row that has not arrived: its entry must be there and be complete."""
        name, blocker = self._names.get(entity, {}).get(id), row_blocker(entity, id)
        if name is None or not self._has_entry(part, name):
            return Missing(f"{entity} {id}", "is not among the set-up's references", blocker)
        if part is None:
            return Found(name)
        entry = self._entry(part, name)
        if isinstance(entry, MasterEntry) and entry.lacking:
            why = f"has not arrived, and its entry {name} in {part} lacks {' and '.join(entry.lacking)}"
            return Missing(f"{entity} {id}", why, blocker)
        return self._in_its_company(part, name, self._company_written(part, name))

    def _has_entry(self, part: Part | None, name: str) -> bool:
        match part:
            case Part.CUSTOMERS:
                return name in self._customer_names
            case Part.PROJECTS | Part.CONTRACTS | Part.CONTRACT_LINES | Part.PRODUCTS:
                return self._entry(part, name) is not None
            case _:
                return True

    def _entry(self, part: Part, name: str) -> Any:
        """The document's entry of a part that is not kept by company."""
        entries: Mapping[str, Any] = getattr(self.document, part, {})
        return entries.get(name)

    def _company_written(self, part: Part, name: str) -> str | None:
        """The company of an entry of the document; that of a contract line is its contract's."""
        if part is Part.CONTRACT_LINES:
            line = self.document.contract_lines.get(name)
            return self._company_written(Part.CONTRACTS, line.contract) if line and line.contract else None
        entry = self._entry(part, name) if part in _OF_A_COMPANY else None
        company: str | None = entry.company if entry else None
        return company

    @shared
    def _customer_names(self) -> frozenset[str]:
        return frozenset(name for of_company in self.document.customers.values() for name in of_company)

    @shared
    def _names(self) -> dict[str, dict[str, str]]:
        return {
            entity: {guid.strip("{}").lower(): name for guid, name in references.items()}
            for entity, references in self.document.references.items()
        }

    @shared
    def _ids(self) -> dict[tuple[Part, str], tuple[Reference, ...]]:
        ids: dict[tuple[Part, str], tuple[Reference, ...]] = defaultdict(tuple)
        for entity, names in self._names.items():
            if (part := PARTS.get(entity)) in NAMED:
                for id, name in names.items():
                    ids[part, name] += (Reference(entity, id),)
        return dict(ids)


def without_precision(row: SeenRow, document: SetupDocument, written: str | None = None) -> str | None:
    """Why a currency cannot be used whose row does not say how many digits it has, unless the policy does.

    ``written``: the code that the document gives it.
    """
    code = written or row.columns.get("code")
    if code and (code in document.currencies or row.columns.get("precision") is not None):
        return None
    return f"currency {code} has no precision; add it to currencies" if code else "it has no currency code"


def look_up(value: object) -> Reference | None:
    """A look-up of a row, ``[table, id]`` or ``[table, id, name]``."""
    return Reference(*value) if isinstance(value, list | tuple) and len(value) in (2, 3) else None


def _useless(row: SeenRow, deleted_too: bool) -> Missing | None:
    if row.deleted and not deleted_too:
        return _missing(row, "was deleted in Dataverse; correct what names it")
    if row.columns.get("template"):
        return _missing(row, "is a template, not a project; correct what names it")
    return None


def _missing(row: SeenRow, why: str) -> Missing:
    return Missing(f"{row.entity} {row.id}", why, row_blocker(row.entity, row.id))


def _lacking(part: Part, row: SeenRow) -> str:
    if part is Part.UNITS:
        return f"unit {row.columns.get('name')} has no company; add it to units"
    return "it has no number" if part in NAMED else "it has no name"
