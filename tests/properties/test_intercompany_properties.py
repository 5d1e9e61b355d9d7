"""IC-09, IC-15, IC-16, INV-01, INV-14, INV-28: a lender's month in any order of events, with deaths in between.

Hours are sold in two currencies to two borrowers, taken back, changed too late, posted, billed for whole months and
parts of them, and invoiced; some of these runs die at a transaction. When everything has been finished at the end, each
posted sale is on one invoice, with the amount it was posted with, and nothing stays accrued.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local import engines
from project_invoicing.use_cases.proposals import pages as proposal_pages
from project_invoicing.use_cases.reconciliation.run import Reconciliation
from tests.builders import guid
from tests.faults import TRANSACTION, Killed, dying
from tests.harness import World
from tests.imbalances import imbalances
from tests.rules.books import Books
from tests.rules.invoices.test_intercompany_invoices import between_companies, sold
from tests.rules.journals.cases import opened
from tests.rules.stories import reverses
from tests.rules.test_reconciliation import Side
from tests.thorough import thorough

FEW = settings(
    max_examples=thorough(6, 40),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
BORROWERS = ("USPM", "FRPM")
MONTH = ("2026-08-01", "2026-08-31")


def companies() -> dict[str, Any]:
    """GBPM lends to USPM and to FRPM, whose project is PRJ-2."""
    made = between_companies()
    made["companies"]["FRPM"] = {**made["companies"]["USPM"], "name": "Contoso France"}
    for key in ("fiscal_periods", "parameters", "categories", "ledger_posting", "number_sequences", "customers"):
        made[key]["FRPM"] = made[key]["USPM"]
    made["contracts"]["CTR-2"] |= {"company": "FRPM"}
    made["projects"]["PRJ-2"] |= {"company": "FRPM"}
    made["customers"]["GBPM"]["IC-FRPM"] = {"name": "Contoso France", "sales_tax_group": "DOM"}
    terms = {"lender": "GBPM", "borrower": "FRPM", "customer": "IC-FRPM", "vendor": "V-GBPM"}
    made["intercompany"].append(terms)
    return made


DOCUMENT = companies()
PLACES: dict[str, dict[str, Any]] = {
    "USPM": {},
    "FRPM": {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "CTR-2-1"},
}


@dataclass(frozen=True)
class Sale:
    quantity: int
    day: int
    currency: str
    borrower: str

    def columns(self, sign: int = 1) -> dict[str, Any]:
        quantity, on = str(sign * self.quantity), f"2026-08-{self.day:02d}"
        return {"quantity": quantity, "on": on, "currency": self.currency, **PLACES[self.borrower]}


SALES = st.builds(
    Sale,
    quantity=st.integers(1, 9),
    day=st.sampled_from([3, 14, 31]),
    currency=st.sampled_from(["USD", "GBP"]),
    borrower=st.sampled_from(BORROWERS),
)
STEPS = ["sell", "sell", "sell", "reverse", "change", "import", "journalise", "bill", "bill", "invoice"]


@dataclass(frozen=True)
class Step:
    """What happens; ``n`` chooses among what there is; it ``dies`` after so many transactions, 0: it does not."""

    what: str
    sale: Sale
    n: int
    days: tuple[str, str]
    dies: int


PERIODS = st.sampled_from([MONTH, MONTH, ("2026-08-01", "2026-08-15"), ("2026-08-10", "2026-09-30")])
EVENTS = st.builds(
    Step, st.sampled_from(STEPS), SALES, st.integers(0, 99), PERIODS, st.sampled_from([0, 0, 0, 1, 2, 3])
)


class Month:
    """The events of one example."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sales: list[Sale] = []
        self.reversed: set[int] = set()

    def happens(self, step: Step) -> None:
        match step.what:
            case "sell":
                name = f"sold-{len(self.sales)}"
                self.sales.append(step.sale)
                self.books.arrive(sold(name, **step.sale.columns()))
            case "reverse" if open_ := [n for n in range(len(self.sales)) if n not in self.reversed]:
                n = open_[step.n % len(open_)]
                self.reversed.add(n)
                back = sold(f"back-{n}", **self.sales[n].columns(-1))
                self.books.arrive(back, reverses(f"back-{n}", f"sold-{n}"))
            case "change" if self.sales:
                n = step.n % len(self.sales)
                if n not in self.reversed:
                    changed = {**self.sales[n].columns(), "quantity": "99", "message": "Update"}
                    self.books.arrive(sold(f"sold-{n}", row_version=10_000 + step.n, **changed))
            case "import":
                self._dying(step, lambda: self.books.run("staging_import"))
            case "journalise":
                self._dying(step, lambda: self.books.run("journal_posting"))
            case "bill":
                scope = {"company": "GBPM", "borrower": BORROWERS[step.n % 2]}
                days = {"from": step.days[0], "to": step.days[1]}
                self._dying(step, lambda: self.books.world.edit("intercompany_invoice", **scope, **days))
            case "invoice":
                self._dying(step, lambda: self.books.run("invoice_posting"))

    def _dying(self, step: Step, run: Any) -> None:
        if not step.dies:
            run()
            return
        with suppress(Killed), dying(self.books.world.client, step.dies, applied=True, operation=TRANSACTION):
            run()

    def ends(self) -> None:
        """Everything is finished: twice, for what is taken back waits until its original is invoiced."""
        for _ in range(2):
            self.books.run("staging_import")
            self.books.run("journal_posting")
            for borrower in BORROWERS:
                scope = {"company": "GBPM", "borrower": borrower, "from": MONTH[0], "to": MONTH[1]}
                self.books.world.edit("intercompany_invoice", **scope)
            self.books.run("staging_import")
            self.books.run("invoice_posting")


@pytest.fixture(scope="module")
def stack() -> Iterator[World]:
    with engines.running("moto"):
        yield World()


@FEW
@given(steps=st.lists(EVENTS, min_size=6, max_size=24))
def test_ic_09_ic_15_ic_16_inv_14_each_posted_sale_is_billed_once_as_it_was_posted(
    stack: World, steps: list[Step]
) -> None:
    with patch.object(proposal_pages, "PAGE_LINES", 2):
        month = Month(opened(stack, DOCUMENT))
        for step in steps:
            month.happens(step)
        month.ends()
    books = month.books
    books._result = None

    lines = {line["actual_id"]: line for line in books.journal_lines()}
    sales = [f"sold-{n}" for n in range(len(month.sales))] + [f"back-{n}" for n in month.reversed]
    assert lines.keys() == {guid(name) for name in sales}
    billed = [line for proposal in books.result["proposals"] for line in proposal["lines"]]
    assert Counter(line["actual_id"] for line in billed) == dict.fromkeys(lines, 1)
    assert all(line["amount"] == lines[line["actual_id"]]["sales_amount"] for line in billed)
    each_vendor_invoice_is_what_its_borrower_was_sold(books, month, lines)
    nothing_stays_accrued(books)
    assert imbalances(books.world, "GBPM") == []
    outcome = Reconciliation(Side(books).stores, None, books.world.at, lambda: True).run()
    assert {name for name, check in outcome.checks.items() if check.total} <= {"late_changes"}


def each_vendor_invoice_is_what_its_borrower_was_sold(
    books: Books, month: Month, lines: dict[str, dict[str, Any]]
) -> None:
    sold_to: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for n, sale in enumerate(month.sales):
        for name in (f"sold-{n}", f"back-{n}"):
            if guid(name) in lines:
                sold_to[(sale.borrower, sale.currency)] += Decimal(lines[guid(name)]["sales_amount"])
    billed_to: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for invoice in books.result.get("vendor_invoices", []):
        billed_to[(invoice["company"], invoice["currency"])] += Decimal(invoice["subtotal"])
    assert billed_to == sold_to
    assert len(books.result.get("vendor_invoices", [])) == len(books.result["invoices"])


def nothing_stays_accrued(books: Books) -> None:
    left: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for voucher in books.result["vouchers"]:
        assert voucher["company"] == "GBPM"
        assert sum(Decimal(line["accounting_amount"]) for line in voucher["lines"]) == 0
        for line in voucher["lines"]:
            left[(line["posting_type"], line["currency"])] += Decimal(line["amount"])
            left[(line["posting_type"], "")] += Decimal(line["accounting_amount"])
    accrued = ("wip_sales_value", "accrued_revenue_sales_value")
    assert not {place: amount for place, amount in left.items() if amount and place[0] in accrued}
