"""On-account transactions (milestones) of a company by date, with how each stands (OAT-01, OAT-02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.master_data import NameKey, Part, SeenName
from project_invoicing.domain.text import decimal, guid
from project_invoicing.rules.milestones import Standing, contract_of
from project_invoicing.setup.indexes.references import look_up
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.lists.asked import (
    BILLED,
    NOT_BILLED,
    ON_PROPOSAL,
    Asked,
    Page,
    companies_from,
    page_of,
)
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.master_data.milestones import standings
from project_invoicing.use_cases.master_data.shown import by_name

_PART = Part.ON_ACCOUNT_TRANSACTIONS


@dataclass(frozen=True, slots=True)
class OnAccountRow:
    """``id`` is that of the milestone, ``amount`` and ``in_dataverse`` (its status) are what Dataverse has now.

    ``status``: not_billed, on_proposal or billed, ``stands`` the same in words. ``own``: which columns finance has set.
    """

    company: str
    id: str
    name: str | None
    date: str | None
    contract: str | None
    contract_line: str | None
    amount: str | None
    currency: str | None
    status: str
    stands: str
    proposal_id: str | None
    own: str
    in_dataverse: str | None


@dataclass(frozen=True, slots=True)
class _LineFacts:
    """The contract of a milestone's line, and its currency."""

    company: str
    line: Reference | None

    def ask(self, setup: FinanceSetup) -> None:
        _line_of(self, setup)


def page(place: ListPlace, asked: Asked) -> Page[OnAccountRow]:
    """Four requests: the index, the milestones, and two for what bills them; and those for contracts of rows alone.

    Those without a date come first. A page that is asked for by status may be short, and still go on.
    """
    if asked.number:
        return Page(_rows(place, asked, _numbered(place, asked, asked.number)))
    companies = place.companies
    if not companies:
        return Page()
    company = next(companies_from(asked, companies))
    names, after = place.stores.master.listed(
        _PART,
        company,
        asked.limit,
        since=asked.from_month and f"{asked.from_month}-01",
        until=asked.to_month and f"{asked.to_month}-31",
        after=asked.place.get("before"),
    )
    return page_of(asked, companies, _rows(place, asked, names), after)


def _numbered(place: ListPlace, asked: Asked, text: str) -> list[NameKey]:
    """The one with this id, else those whose name begins so."""
    among = [asked.company] if asked.company else place.companies
    if id := guid(text):
        return [NameKey(_PART, company, id) for company in among]
    found = by_name(place.stores, text, _PART, among)
    return [NameKey(_PART, one.company, one.number) for one in found if one.company and one.number]


def _rows(place: ListPlace, asked: Asked, names: Sequence[NameKey]) -> list[OnAccountRow]:
    read = place.stores.master.read(names) if names else {}
    seen = {name: one for name in names if isinstance(one := read[name], SeenName) and one.id and not one.deleted}
    stands = standings(place.stores.staging, [name.number for name in seen]) if seen else {}
    facts = {name: _LineFacts(name.company, look_up(one.columns.get("contract_line"))) for name, one in seen.items()}
    place = place.seeing(dict.fromkeys(facts.values()))
    rows = (_row(place, name, one, stands[name.number], facts[name]) for name, one in seen.items())
    return [
        row
        for row in rows
        if asked.status in (None, row.status)
        and (asked.from_month is None or (row.date or "") >= asked.from_month)
        and (asked.to_month is None or (row.date or "")[: len(asked.to_month)] <= asked.to_month)
    ]


def _row(place: ListPlace, name: NameKey, seen: SeenName, stands: Standing, line: _LineFacts) -> OnAccountRow:
    columns: Mapping[str, Any] = seen.columns
    contract_line, contract, currency = _line_of(line, place.setup)
    amount, on = columns.get("amount"), stands.on
    return OnAccountRow(
        company=name.company,
        id=name.number,
        name=columns.get("name"),
        date=columns.get("date"),
        contract=contract,
        contract_line=contract_line,
        amount=place.amount(decimal(str(amount)), currency) if amount is not None else None,
        currency=currency,
        status=NOT_BILLED if on is None else BILLED if on.state is StagingState.POSTED else ON_PROPOSAL,
        stands=stands.text,
        proposal_id=on.proposal_id if on else None,
        own=", ".join(sorted(seen.finance)),
        in_dataverse=columns.get("status"),
    )


def _line_of(facts: _LineFacts, setup: FinanceSetup) -> tuple[str | None, str | None, str | None]:
    """Contract line, contract and currency, as far as they are known."""
    name = setup.named(facts.line)
    return name, *contract_of(name, facts.company, setup)
