"""Integration accounts of a stack beside the lines of the other side: what ``invoicing integration`` reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from operate.explain import stores
from operate.invalid_input import InvalidInput
from operate.lists import place_of
from operate.stack_tables import check_company
from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.reconciliation import CHECKS, Check
from project_invoicing.use_cases.lists.errors import Errors, errors
from project_invoicing.use_cases.reconciliation.books import Books
from project_invoicing.use_cases.reconciliation.integration import (
    OtherSide,
    differences,
    report_of,
)
from project_invoicing.use_cases.reconciliation.watch import Watch

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """``everything``: with what is reconciled. ``repair``: asks for the missing costs again, for ``actor``."""

    company: str | None = None
    first: str | None = None
    last: str | None = None
    everything: bool = False
    stack_prefix: str | None = None
    repair: bool = False
    actor: str | None = None


def balances(options: Options) -> Json:
    """The report of ``use_cases.reconciliation.integration`` with every line, our accounts, and what was repaired.

    Reads all tables, as a reconciliation does. Raises ``InvalidInput``.
    """
    at = utc_text(datetime.now(UTC))
    read = stores(options.stack_prefix)
    setup = read.setup
    check_company(options.company, setup)
    if options.first and options.last and options.last < options.first:
        raise InvalidInput([f"--to: it is {options.last}, which is before {options.first}"])
    bus = options.stack_prefix or settings().event_bus_name  # the bus has the name of its stack
    if options.repair and not bus:
        raise InvalidInput(["--repair: set EVENT_BUS_NAME, the bus of the stack, or name it with --stack"])
    watch = Watch(lambda: True)
    books = Books(read, {name: Check(name) for name in CHECKS}, watch, at)
    books.read()
    first, last = (date.fromisoformat(day) if day else None for day in (options.first, options.last))
    found = OtherSide(bootstrap.dataverse(), books, watch, at, options.company, first, last).compare()
    report = report_of(found, setup, most=None, everything=options.everything)
    accounts = [one.row() for one in books.accounts.all() if options.company in (None, one.company)]
    told = {"at": at, "accounts": accounts, **report}
    if options.repair:
        repairs = bootstrap.repairs(at, options.actor, read, bus)
        told["repaired"] = repairs.everything(differences(found.unreconciled))
    return told


def problems(company: str | None, first: str | None, stack_prefix: str | None) -> Errors:
    """The newest errors of imports, postings and write-backs. Raises ``InvalidInput``."""
    place = place_of(stack_prefix)
    check_company(company, place.setup)
    return errors(place, company, first)
