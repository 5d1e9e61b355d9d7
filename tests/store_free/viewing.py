"""Rows of master data built by hand, and set-ups that see them: no table map, no store.

seeing(finance(), project("PRJ-1", contract=to("contract", "CTR-1")))    a set-up with this row, all else is absent
strictly(finance(), …)                                                   the same, where everything else was not read
policy()                                                                 a document without master data

A name becomes a GUID that is always the same, as in ``builders``. A row that has a number takes its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import (
    GLOBAL,
    NAMED,
    PARTS,
    SPLIT_RULE,
    Children,
    ChildrenKey,
    Key,
    NameKey,
    Part,
    RateKey,
    Rates,
    RowKey,
    Seen,
    SeenName,
    SeenRow,
)
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.master_view import MasterView, T
from project_invoicing.setup.problems import problems
from tests.builders import REFERENCE_TABLES, guid
from tests.rules.finance import finance

VERSION = RowVersion(1, "2026-08-27T16:05:00.000Z", "a")
Read = dict[Key, Seen | None]


class Whole(MasterView):
    """All that there is: what it does not hold was read, and is absent."""

    def has(self, key: Key) -> bool:
        return True

    def _of(self, key: Key, kind: type[T]) -> T | None:
        return super()._of(key, kind) if super().has(key) else None


def to(column: str, name: str) -> list[str]:
    """A look-up, as rows have it."""
    return [REFERENCE_TABLES.get(column, column), guid(name)]


def row(entity: str, of: str, /, **given: Any) -> Read:
    """A row and, if it is placed under a number, its name. ``given``: columns, and the state of the row."""
    state = {key: given.pop(key) for key in ("deleted", "company", "number", "problem") if key in given}
    seen = SeenRow(entity, guid(of), VERSION, given, **state)
    made: Read = {RowKey(entity, seen.id): seen}
    part = PARTS[entity]
    if part in NAMED and seen.number:
        company = "" if part in GLOBAL else str(seen.company)
        made[NameKey(part, company, seen.number)] = SeenName(entity, seen.id, given, {}, seen.deleted)
    return made


def project(of: str, /, **given: Any) -> Read:
    return row("msdyn_project", of, **{"number": of, "company": "USPM", "open": True} | given)


def contract(of: str, /, **given: Any) -> Read:
    return row("salesorder", of, **{"number": of, "company": "USPM"} | given)


def contract_line(of: str, /, **given: Any) -> Read:
    return row("salesorderdetail", of, **{"number": of, "company": "USPM"} | given)


def account(of: str, /, **given: Any) -> Read:
    return row("account", of, **{"number": of, "company": "USPM"} | given)


def finances(part: Part, company: str, number: str, **columns: Any) -> Read:
    """Finance's own columns, where no row has the name."""
    return {NameKey(part, company, number): SeenName(None, None, {}, columns)}


def children(parent: str, *rows: tuple[str, str, dict[str, Any]]) -> Read:
    return {ChildrenKey(guid(parent)): Children({(entity, guid(name)): columns for entity, name, columns in rows})}


def share(customer: str, terms: str | None = None) -> tuple[str, str, dict[str, Any]]:
    """A split billing rule, as its contract has it."""
    return SPLIT_RULE, f"share of {customer}", {"customer": to("customer", customer), "terms_of_payment": terms}


def rates(from_: str, to: str, **days: str) -> Read:
    """Rates for a hundred units, by day: ``_2026_08_01="140"``."""
    found = [(date.fromisoformat(day[1:].replace("_", "-")), Decimal(rate)) for day, rate in days.items()]
    return {RateKey("default", from_, to): Rates(tuple((day, ExchangeRate(rate, Decimal(100))) for day, rate in found))}


def seeing(document: Mapping[str, Any], *read: Read) -> FinanceSetup:
    return _setup(document).seeing(Whole(_merged(read)))


def strictly(document: Mapping[str, Any], *read: Read) -> FinanceSetup:
    return _setup(document).seeing(MasterView(_merged(read)))


def policy(**keys: Any) -> dict[str, Any]:
    """Contoso's document with policy alone; ``keys`` are put in place of its parts."""
    rows = ("customers", "contracts", "contract_lines", "projects", "products", "references")
    return finance(**{**{part: {} for part in rows}, **keys})


def _setup(document: Mapping[str, Any]) -> FinanceSetup:
    assert problems(document) == []
    return FinanceSetup(SetupDocument.model_validate(document), 1)


def _merged(read: tuple[Read, ...]) -> Read:
    """Finance's columns and the row of one name are one answer."""
    made: Read = {}
    for key, seen in (entry for some in read for entry in some.items()):
        before = made.get(key)
        if isinstance(before, SeenName) and isinstance(seen, SeenName):
            named = before if before.id else seen
            finance = {**before.finance, **seen.finance}
            seen = SeenName(named.entity, named.id, named.columns, finance, named.deleted)  # noqa: PLW2901
        made[key] = seen
    return made
