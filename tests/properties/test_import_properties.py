"""Import from staging, in whatever order rows arrive, however often it runs: lines follow from the rows alone (INV-03).

Books are kept in moto, emptied for each example. What is expected of a row is computed from its latest version and the
set-up, without staging, queue or journal: so every order and every number of imports must come to the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local import engines
from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.mapping import to_actual
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.actual import Actual
from project_invoicing.domain.calendar import period_key
from project_invoicing.domain.codes import StagingState, TransactionClass
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.money import round_to
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.journal_lines import Candidate, journal_line
from project_invoicing.rules.owner import Blocked, Invalid
from project_invoicing.rules.resolution import resolve
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import Context, actual, guid
from tests.harness import World
from tests.rules.books import Books
from tests.rules.finance import finance, second_company
from tests.rules.journals.cases import opened, stored_lines
from tests.rules.stories import approval, confirmation_of_six_of_eight
from tests.thorough import thorough

FEW = settings(
    max_examples=thorough(3, 20),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def contoso() -> dict[str, Any]:
    """Contoso, which borrows from GBPM, with a project that is closed and one that keeps costs on the balance sheet."""
    made = second_company(
        finance(
            ("projects.PRJ-GBP.open", False),
            ("parameters.USPM.journal_period", "months"),
            ("parameters.USPM.journal_line_limit", 3),
            ("parameters.USPM.beginning_balance_date", "2026-06-30"),
            intercompany=[{"lender": "GBPM", "borrower": "USPM", "customer": "C-001", "vendor": "V-GBPM"}],
        )
    )
    del made["parameters"]["USPM"]["line_property_mapping"]["not_available"]
    return made


DOCUMENT = contoso()
SETUP = FinanceSetup(SetupDocument.model_validate(DOCUMENT), 1)


@dataclass(frozen=True)
class Row:
    """An actual with one or two versions that differ in quantity and date."""

    columns: dict[str, Any]
    quantities: tuple[str, ...]
    days: tuple[str, ...]

    def versions(self, name: str) -> list[Context]:
        return [
            actual(name, quantity=quantity, start=day, document_date=None, at=f"2026-08-27T16:0{n}:00Z", **self.columns)
            for n, (quantity, day) in enumerate(zip(self.quantities, self.days, strict=True))
        ]


PLACES = st.sampled_from(
    [
        {},
        {"project": "PRJ-FIXED", "contract": "CTR-FIXED", "contract_line": "CTR-FIXED-1", "currency": "GBP"},
        {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "CTR-2-1"},
    ]
)
FLAWS: list[dict[str, Any]] = [
    {"project": "PRJ-404"},
    {"project": "PRJ-GBP", "contract": "CTR-GBP", "contract_line": None},
    {"currency": "JPY"},
    {"currency": None},
    {"category": "Training"},
    {"billing_type": "not_available", "project": "PRJ-1"},
    {"transaction_class": "tax"},
    {"skip_sync": True},
]
QUANTITIES = st.decimals("-12", "12", places=2).filter(bool).map(str)
DAYS = st.sampled_from(["2026-07-31", "2026-08-01", "2026-08-27", "2026-06-30"])
TYPES = ["cost", "unbilled_sales", "resourcing_unit_cost", "inter_organizational_sales"]


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A good row, or one with a flaw for which it waits, is skipped or invalid."""
    versions = draw(st.integers(1, 2))
    columns = {
        "transaction_type": draw(st.sampled_from(TYPES)),
        "transaction_class": draw(st.sampled_from(["time", "expense", "material"])),
        "billing_type": draw(st.sampled_from(["chargeable", "non_chargeable"])),
        "price": draw(st.decimals("0", "500", places=2).map(str)),
        **draw(PLACES),
    }
    if draw(st.integers(0, 2)) == 2:
        columns |= draw(st.sampled_from(FLAWS))
    return Row(
        columns,
        tuple(draw(QUANTITIES) for _ in range(versions)),
        tuple(draw(DAYS) for _ in range(versions)),
    )


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Row], list[list[Context]]]:
    """Rows, and their versions in any order, some twice, in three deliveries with an import after each."""
    made = draw(st.lists(rows(), min_size=2, max_size=8))
    messages = [message for n, row in enumerate(made) for message in row.versions(f"row {n}")]
    again = draw(st.lists(st.sampled_from(messages), max_size=3))
    order = draw(st.permutations([*messages, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), min_size=2, max_size=2)))
    ends = zip([0, *cuts], [*cuts, len(order)], strict=True)
    return made, [list(order[start:end]) for start, end in ends]


def latest(row: Row, name: str) -> Actual:
    (event,) = row_events(row.versions(name)[-1], "2026-08-31T13:00:00Z")
    return to_actual(RowEvent.read(event.detail))


def expected(of: Actual) -> tuple[str, str | None, JournalLine | None]:
    """State, reason and journal line of a row, from its latest version and the set-up."""
    if of.skip_sync or of.transaction_class is TransactionClass.TAX:
        return StagingState.SKIPPED, None, None
    outcome = resolve(of, SETUP)
    if isinstance(outcome, Blocked):
        return StagingState.PENDING, outcome.wait.reason, None
    if isinstance(outcome, Invalid):
        return StagingState.INVALID, None, None
    period = period_key(SETUP.parameters(outcome.company).journal_period, outcome.transaction_date)
    line = journal_line(Candidate(StagedRow(of, StagingState.PENDING, 1, 1), outcome, period), 0, "")
    return StagingState.IMPORTED, None, line


@pytest.fixture(scope="module")
def stack() -> Iterator[World]:
    with engines.running("moto"):
        yield World()


@settings(FEW, max_examples=thorough(6, 40))
@given(arrived=arrivals())
def test_any_order_of_arrival_and_any_number_of_imports_give_the_same_lines(
    stack: World, arrived: tuple[list[Row], list[list[Context]]]
) -> None:
    made, deliveries = arrived
    wanted = {guid(f"row {n}"): expected(latest(row, f"row {n}")) for n, row in enumerate(made)}
    books = opened(stack, DOCUMENT)
    for delivery in deliveries:
        books.arrive(*delivery)
        books.run("staging_import")
    books.run("staging_import")

    each_row_ends_in_exactly_one_state(books, wanted)
    lines = {**stored_lines(books, "USPM"), **stored_lines(books, "GBPM")}
    assert {id: replace(line, line_number=0, voucher="") for id, line in lines.items()} == {
        id: line for id, (_, _, line) in wanted.items() if line
    }
    each_line_is_on_one_journal_of_its_period(books)
    amounts_of_lines_are_those_of_their_rows(books, made)

    books.run("journal_posting")
    every_voucher_balances(books)


def each_row_ends_in_exactly_one_state(
    books: Books, wanted: dict[str, tuple[str, str | None, JournalLine | None]]
) -> None:
    """Imported, waiting with a reason, skipped, or invalid: as its latest version says."""
    found = {row["actual_id"]: (row["state"], row["reason"]) for row in books.result["staging"]}
    assert found == {id: (state, reason) for id, (state, reason, _) in wanted.items()}
    for row in books.result["staging"]:
        assert (row["state"] == StagingState.PENDING) == (row["reason"] is not None)
        assert (row["state"] == StagingState.IMPORTED) == (row["journal_id"] is not None)


def each_line_is_on_one_journal_of_its_period(books: Books) -> None:
    """No journal has more lines than its company allows, and no voucher number or actual is there twice."""
    seen = set()
    for journal in books.result["journals"]:
        unit = SETUP.parameters(journal["company"]).journal_period
        assert len(journal["lines"]) <= SETUP.parameters(journal["company"]).journal_line_limit
        for line in journal["lines"]:
            assert period_key(unit, SETUP.local_date("USPM", line["transaction_date"])) == journal["period"]
            seen |= {("actual", line["actual_id"]), (journal["company"], line["voucher"])}
    assert len(seen) == 2 * len(books.journal_lines())


def amounts_of_lines_are_those_of_their_rows(books: Books, made: list[Row]) -> None:
    """Σ journal lines = Σ staging rows imported, each in the digits of its currency."""
    of_lines: dict[str, Decimal] = defaultdict(Decimal)
    for line in books.journal_lines():
        of_lines[line["currency"]] += Decimal(line["cost_amount"]) + Decimal(line["sales_amount"])
    of_rows: dict[str, Decimal] = defaultdict(Decimal)
    states = {row["actual_id"]: row["state"] for row in books.result["staging"]}
    for n, row in enumerate(made):
        found = latest(row, f"row {n}")
        if states[found.id] == StagingState.IMPORTED and found.currency:
            currency = SETUP.resolve("transactioncurrency", found.currency.id) or ""
            of_rows[currency] += round_to(found.amount, SETUP.currency_precision(currency) or Decimal("0.01"))
    assert of_lines == of_rows


def every_voucher_balances(books: Books) -> None:
    """In each currency and in accounting currency (INV-01).

    A row has the voucher of its line once it is posted, if the line has come to something (INV-22, 99-24).
    """
    posted = set()
    for voucher in books.result["vouchers"]:
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for line in voucher["lines"]:
            totals[line["currency"]] += Decimal(line["amount"])
            totals["accounting"] += Decimal(line["accounting_amount"])
        assert set(totals.values()) == {Decimal(0)}
        posted.add((voucher["company"], voucher["voucher"]))
    numbers = {
        line["actual_id"]: line["voucher"]
        for journal in books.result["journals"]
        for line in journal["lines"]
        if (journal["company"], line["voucher"]) in posted
    }
    for row in books.result["staging"]:
        assert row["voucher"] == (numbers.get(row["actual_id"]) if row["state"] == StagingState.POSTED else None)


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[Context], list[int]]:
    """The messages of TM-12 in any order, and after which of them everything is imported and posted."""
    messages = [*approval(), *confirmation_of_six_of_eight()]
    order = draw(st.permutations(messages))
    return list(order), draw(st.lists(st.integers(0, len(messages) - 1), max_size=2))


@FEW
@given(order=orders())
def test_a_confirmation_ends_the_same_in_whatever_order_it_arrives(
    stack: World, order: tuple[list[Context], list[int]]
) -> None:
    """TM-12, with its connections and its proforma anywhere, and with postings in between."""
    messages, runs = order
    books = opened(stack, finance())
    for n, message in enumerate(messages):
        books.arrive(message)
        if n in runs:
            books.run("staging_import")
            books.run("journal_posting")
    for function in ("staging_import", "journal_posting", "staging_import"):
        books.run(function)
    assert [line["amount"] for line in books.proposal()["lines"]] == ["1200.00"]
    books.run("invoice_posting")
    assert {name: str(amount) for name, amount in books.balances().items()} == {
        "cost": "800.00",
        "payroll_allocation": "-800.00",
        "invoiced_revenue": "-1200.00",
        "customer_balance": "1200.00",
    }
