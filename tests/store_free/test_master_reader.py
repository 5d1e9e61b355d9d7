"""What a step reads of master data: all that its rules ask for, each key once, in few rounds. No table is needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from project_invoicing.domain.actual import Actual, Reference, RowVersion
from project_invoicing.domain.codes import BillingType, TransactionClass, TransactionType
from project_invoicing.domain.master_data import (
    Children,
    ChildrenKey,
    Key,
    NameKey,
    Part,
    RateKey,
    RowKey,
    Seen,
    SeenName,
    SeenRow,
)
from project_invoicing.rules.owner import Owner, owner_of
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.use_cases.master_data.facts import ActualFacts
from project_invoicing.use_cases.master_data.reader import Reader
from tests.builders import guid
from tests.setups import finance_setup

VERSION = RowVersion(1, "2026-08-31T09:00:00.000Z", "")
FINANCE = finance_setup(customers={}, contracts={}, contract_lines={}, projects={}, products={}, references={})


def row(entity: str, called: str, part: Part | None = None, **columns: Any) -> dict[Key, Seen]:
    """A row that has arrived, under its id and under its name."""
    id = guid(called)
    found: dict[Key, Seen] = {
        RowKey(entity, id): SeenRow(entity, id, VERSION, columns, company="USPM", number=called),
    }
    if part:
        found[NameKey(part, "USPM", called)] = SeenName(entity, id, columns, {})
    return found


def to(entity: str, name: str) -> list[str]:
    return [entity, guid(name)]


class Table:
    """Stands in for the table, and keeps what each request asked for."""

    def __init__(self, *rows: Mapping[Key, Seen]) -> None:
        self.rows = {key: seen for one in rows for key, seen in one.items()}
        self.asked: list[set[Key]] = []

    def read(self, keys: Collection[Key]) -> dict[Key, Seen | None]:
        self.asked.append(set(keys))
        return {key: self.rows.get(key) for key in keys}


CURRENCY = row("transactioncurrency", "GBP", code="GBP")
PROJECT = row("msdyn_project", "PRJ-7", Part.PROJECTS, name="Seven", contract=to("salesorder", "CTR-7"))
CONTRACT = row(
    "salesorder",
    "CTR-7",
    Part.CONTRACTS,
    customer=to("account", "C-7"),
    currency=to("transactioncurrency", "GBP"),
)
ACCOUNT = row("account", "C-7", Part.CUSTOMERS, name="Seventh")


def named(entity: str, name: str) -> Reference:
    return Reference(entity, guid(name))


def an_actual(**columns: Any) -> Actual:
    usual: dict[str, Any] = {
        "project": named("msdyn_project", "PRJ-7"),
        "currency": named("transactioncurrency", "GBP"),
    }
    return Actual(
        id=guid("an actual"),
        version=VERSION,
        transaction_type=TransactionType.UNBILLED_SALES,
        transaction_class=TransactionClass.TIME,
        billing_type=BillingType.CHARGEABLE,
        quantity=8,  # type: ignore[arg-type]
        price=100,  # type: ignore[arg-type]
        amount=800,  # type: ignore[arg-type]
        start="2026-08-27",
        **{**usual, **columns},
    )


def test_a_project_leads_to_its_contract_and_that_to_its_customer() -> None:
    table = Table(CURRENCY, PROJECT, CONTRACT, ACCOUNT)
    reader = Reader(FINANCE, table.read)

    reader.actuals([an_actual()])

    owner = owner_of(an_actual(), reader.setup)
    assert isinstance(owner, Owner)
    assert (owner.company, owner.project, owner.contract, owner.customer) == ("USPM", "PRJ-7", "CTR-7", "C-7")
    assert len(table.asked) <= 4


def test_a_contract_that_only_its_lines_name_is_found() -> None:
    line = ("salesorderdetail", guid("CTR-7-1"))
    lines: dict[Key, Seen] = {ChildrenKey(guid("PRJ-7")): Children({line: {"contract": to("salesorder", "CTR-7")}})}
    table = Table(CURRENCY, row("msdyn_project", "PRJ-7", Part.PROJECTS), lines, CONTRACT, ACCOUNT)
    reader = Reader(FINANCE, table.read)

    reader.actuals([an_actual()])

    owner = owner_of(an_actual(), reader.setup)
    assert isinstance(owner, Owner)
    assert (owner.contract, owner.customer) == ("CTR-7", "C-7")
    assert len(table.asked) <= 4


def test_three_merges_are_followed_from_the_furthest_customer() -> None:
    """The actual names its project alone, whose contract has a customer that was merged three times."""
    merged = [row("account", f"C-{n}", merged_into=to("account", f"C-{n + 1}")) for n in (7, 8, 9)]
    last = row("account", "C-10", Part.CUSTOMERS, name="Tenth")
    table = Table(CURRENCY, PROJECT, CONTRACT, *merged, last)
    reader = Reader(FINANCE, table.read)

    reader.actuals([an_actual()])

    owner = owner_of(an_actual(), reader.setup)
    assert isinstance(owner, Owner)
    assert owner.customer == "C-10"
    assert len(table.asked) <= 7


def test_nothing_is_read_twice_and_the_first_answer_stays() -> None:
    table = Table(CURRENCY, PROJECT, CONTRACT, ACCOUNT)
    reader = Reader(FINANCE, table.read)
    reader.actuals([an_actual()])
    asked = [key for keys in table.asked for key in keys]
    assert len(asked) == len(set(asked))
    before = len(table.asked)
    table.rows.clear()

    reader.actuals([an_actual(), an_actual()])
    apart, found = reader.apart([ActualFacts.of(an_actual())])

    assert len(table.asked) == before
    assert found
    assert isinstance(owner_of(an_actual(), reader.setup), Owner)
    assert isinstance(owner_of(an_actual(), FINANCE.seeing(apart)), Owner)


def test_a_view_apart_has_only_what_its_facts_name_and_says_where_there_is_nothing() -> None:
    table = Table(CURRENCY, PROJECT, CONTRACT, ACCOUNT)
    reader = Reader(FINANCE, table.read)
    reader.actuals([an_actual()])
    other = replace(an_actual(), project=named("msdyn_project", "PRJ-8"), currency=None)

    apart, found = reader.apart([ActualFacts.of(other)])

    assert not found
    assert apart.has(RowKey("msdyn_project", guid("PRJ-8")))
    assert not apart.has(RowKey("msdyn_project", guid("PRJ-7")))


def test_what_a_document_names_is_read_by_its_names_and_by_the_ids_it_maps() -> None:
    """An entry of the document may be partial: its row is found by the id that the document maps to the name."""
    setup = finance_setup()
    table = Table()
    reader = Reader(setup, table.read)
    actual = replace(
        an_actual(),
        project=named("msdyn_project", "PRJ-1"),
        contract=named("salesorder", "CTR-1"),
        contract_line=named("salesorderdetail", "CTR-1-1"),
        customer=named("account", "C-001"),
        category=named("msdyn_transactioncategory", "Installation"),
        resource=Reference("bookableresource", guid("Bob Kozack"), "Bob Kozack"),
    )

    reader.actuals([actual])

    assert isinstance(resolve(actual, reader.setup), Resolved)
    asked = {key for keys in table.asked for key in keys}
    assert {
        RowKey("msdyn_project", guid("PRJ-1")),
        NameKey(Part.PROJECTS, "USPM", "PRJ-1"),
        NameKey(Part.CONTRACTS, "USPM", "CTR-1"),
        NameKey(Part.CONTRACT_LINES, "USPM", "CTR-1-1"),
        NameKey(Part.CUSTOMERS, "USPM", "C-001"),
        NameKey(Part.WORKERS, "USPM", "Bob Kozack"),
        RateKey("default", "GBP", "USD"),
    } <= asked
    assert len(table.asked) == 1, "without rows one request tells that there are none"


@pytest.mark.parametrize("kind", [TransactionType.RESOURCING_UNIT_COST, TransactionType.INTER_ORGANIZATIONAL_SALES])
def test_between_companies_the_lenders_customer_and_rate_are_read_too(kind: TransactionType) -> None:
    table = Table(CURRENCY, PROJECT, CONTRACT, ACCOUNT)
    reader = Reader(FINANCE, table.read)
    actual = replace(an_actual(resource=Reference("bookableresource", guid("Bob"), "Bob")), transaction_type=kind)

    reader.actuals([actual])

    resolved = resolve(actual, reader.setup)
    assert getattr(resolved, "company", None) == "GBPM", resolved
    asked = {key for keys in table.asked for key in keys}
    assert {NameKey(Part.CUSTOMERS, "GBPM", "IC-USPM"), NameKey(Part.WORKERS, "GBPM", "Bob")} <= asked


def test_rows_that_are_off_are_not_read() -> None:
    table = Table(CURRENCY, PROJECT, CONTRACT, ACCOUNT)
    reader = Reader(finance_setup(master_rows="off"), table.read)

    reader.actuals([an_actual()])

    assert table.asked == []


def test_a_fact_that_cannot_be_looked_up_does_not_stop_its_neighbours() -> None:
    class Broken:
        def ask(self, setup: object) -> None:
            raise ValueError("no such thing")

    table = Table(CURRENCY, PROJECT, CONTRACT, ACCOUNT)
    reader = Reader(FINANCE, table.read)

    reader.look([Broken(), ActualFacts.of(an_actual())])

    assert isinstance(owner_of(an_actual(), reader.setup), Owner)
