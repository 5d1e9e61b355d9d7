"""Master data, one row each: what it is named by, and what a step sees of it.

A row arrives from Dataverse under its id. Documents name most master data by company and number, so a row that has
both takes a *name*; finance's own columns lie on the name and may be there before any row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from project_invoicing.domain import tables
from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.money import ExchangeRate


class Part(StrEnum):
    """The kinds of master data, named as the parts of the set-up document."""

    CUSTOMERS = "customers"
    CONTRACTS = "contracts"
    CONTRACT_LINES = "contract_lines"
    PROJECTS = "projects"
    PRODUCTS = "products"
    WORKERS = "workers"
    CURRENCIES = "currencies"
    COMPANIES = "companies"
    UNITS = "units"
    TRANSACTION_CATEGORIES = "transaction_categories"
    ON_ACCOUNT_TRANSACTIONS = "on_account_transactions"


PARTS: Final[Mapping[str, Part]] = {
    "account": Part.CUSTOMERS,
    "contact": Part.CUSTOMERS,
    "salesorder": Part.CONTRACTS,
    "salesorderdetail": Part.CONTRACT_LINES,
    "msdyn_project": Part.PROJECTS,
    "product": Part.PRODUCTS,
    "bookableresource": Part.WORKERS,
    "transactioncurrency": Part.CURRENCIES,
    "cdm_company": Part.COMPANIES,
    "msdyn_organizationalunit": Part.UNITS,
    "msdyn_transactioncategory": Part.TRANSACTION_CATEGORIES,
    tables.MILESTONE: Part.ON_ACCOUNT_TRANSACTIONS,
}
"""The part that a Dataverse table belongs to."""
NAMED: Final = frozenset(
    {
        Part.CUSTOMERS,
        Part.CONTRACTS,
        Part.CONTRACT_LINES,
        Part.PROJECTS,
        Part.PRODUCTS,
        Part.ON_ACCOUNT_TRANSACTIONS,
    }
)
"""The parts whose rows have a number that is unique: in their company, or overall for those in ``GLOBAL``."""
GLOBAL: Final = frozenset({Part.PRODUCTS})
SPLIT_RULE: Final = tables.SPLIT_RULE
EXCHANGE_RATE: Final = tables.EXCHANGE_RATE


@dataclass(frozen=True, slots=True, order=True)
class RowKey:
    """A row by its Dataverse table and id."""

    entity: str
    id: str


@dataclass(frozen=True, slots=True, order=True)
class NameKey:
    """Master data by company and number. ``company`` is ``""`` for the parts in ``GLOBAL``."""

    part: Part
    company: str
    number: str


@dataclass(frozen=True, slots=True, order=True)
class ChildrenKey:
    """What hangs on a row: split billing rules of a contract, contract lines of a project, milestones of a line."""

    parent: str


@dataclass(frozen=True, slots=True, order=True)
class RateKey:
    """The exchange rates of one currency pair."""

    type: str
    from_: str
    to: str


Key = RowKey | NameKey | ChildrenKey | RateKey


@dataclass(frozen=True, slots=True)
class SeenRow:
    """A row as it was read.

    ``columns`` are the mapped ones, by field; a look-up is ``[table, id]`` or ``[table, id, name]``. ``company`` and
    ``number`` are those it is placed under; of a part that has no names, ``number`` is what it is called. ``problem``
    says why it cannot be used, ``warning`` what is wrong and stops nothing: each a code of ``MasterProblem``, a colon
    and what to do.
    """

    entity: str
    id: str
    version: RowVersion
    columns: Mapping[str, Any]
    deleted: bool = False
    company: str | None = None
    number: str | None = None
    problem: str | None = None
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class SeenName:
    """What stands under a name: the row that has it, if one does, with its columns, and finance's own columns.

    ``former``: the other rows that have had the name, by table and id. Unposted lines may still name them by it.
    ``earlier``: the numbers that its row had before in the company, the last one first. The policy may still name it by
    them.
    """

    entity: str | None
    id: str | None
    columns: Mapping[str, Any]
    finance: Mapping[str, Any]
    deleted: bool = False
    former: tuple[tuple[str, str], ...] = ()
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Children:
    """The children of a row: a few of their columns, by table and id."""

    rows: Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Rates:
    """All exchange rates of a pair, from which day on each is valid, in order."""

    days: tuple[tuple[date, ExchangeRate], ...]


Seen = SeenRow | SeenName | Children | Rates
