"""REG-19, 99-22 over random invoices that are credited in random parts while the set-up changes: nothing is left.

Of a random invoice every line is credited, in any order, on any number of credit notes; in between percents, rounding,
and accounts change, and what was credited is charged again in part, or wholly. At the end every posting type, and of
the tax every code, has what it had before, to the cent. Where nothing is charged again, amounts may include tax in one
document and not in the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project_invoicing.domain.actual import Proforma, Reference, RowVersion
from project_invoicing.domain.codes import LineKind, ProposalStatus, TransactionClass
from project_invoicing.domain.credited_tax import TaxOfInvoice, charged, counting_invoices
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.invoice_draft import draft
from project_invoicing.rules.invoice_voucher import computed_with, invoice_voucher
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import REFERENCE_TABLES, guid
from tests.rules.finance import finance

repeatable = settings(
    max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
DAY = date(2026, 8, 31)
GROUPS = ("ONE", "TWO", "BOTH", "NONE", "TOLL")
CODES = {"A": "222100", "B": "222200", "C": "222300"}


@dataclass(frozen=True)
class Finance:
    """What may change between one document and the next."""

    percents: tuple[int, int, int]
    precision: str
    method: str
    by: str
    calculation: str
    included: bool
    accounts: int

    def setup(self) -> FinanceSetup:
        made = finance()
        codes: dict[str, Any] = {
            code: {
                "rates": [{"valid_from": "2020-01-01", "percent": str(percent / Decimal(10))}],
                "account": f"{account}{self.accounts}",
            }
            for (code, account), percent in zip(CODES.items(), self.percents, strict=True)
        }
        codes["C"]["origin"] = "percent_of_gross"
        made["sales_tax"] = {
            "codes": codes,
            "groups": {"ONE": ["A"], "TWO": ["B"], "BOTH": ["A", "B"], "NONE": [], "TOLL": ["A", "C"]},
            "item_groups": {"ALL": list(CODES)},
            "rounding": {
                "precision": self.precision,
                "method": self.method,
                "by": self.by,
                "calculation": self.calculation,
            },
            "amounts_include_tax": self.included,
        }
        made["parameters"]["USPM"].pop("milestone_item_sales_tax_group")
        for category in made["categories"]["USPM"].values():
            category["item_sales_tax_group"] = "ALL"
        made["products"] = {"P-100": {"item_sales_tax_group": "ALL"}}
        for row in made["ledger_posting"]["USPM"]:
            if row["posting_type"] == "invoiced_revenue":
                row["account"] = f"41110{self.accounts}"
        return FinanceSetup(SetupDocument.model_validate(made), 1)


finances = st.builds(
    Finance,
    percents=st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300)),
    precision=st.sampled_from(["0.01", "0.01", "0.05", "1"]),
    method=st.sampled_from(["normal", "up", "down"]),
    by=st.sampled_from(["code", "combination"]),
    calculation=st.sampled_from(["line", "total"]),
    included=st.booleans(),
    accounts=st.integers(0, 9),
)


class Books:
    """Documents are posted one after the other, each with the set-up of its day."""

    def __init__(self) -> None:
        self.balances: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
        self.counted: dict[str, TaxOfInvoice] = {}
        self.number = 0

    def post(self, lines: Sequence[ProposalLine], setup: FinanceSetup) -> Sequence[ProposalLine]:
        self.number += 1
        number = f"FTI-{self.number}"
        found = {name: self.counted[name] for name in counting_invoices(lines) if name in self.counted}
        of = draft(_header(number), list(lines), setup, DAY, originals=found)
        for line in invoice_voucher(of, f"PV-{number}", number, setup).lines:
            self.balances[line.posting_type, line.sales_tax_code] += line.amount
        posted = computed_with(of, number, setup).totals.lines
        self.counted |= {**of.totals.originals, number: TaxOfInvoice(charged(posted))}
        return posted

    @property
    def open(self) -> dict[tuple[str, str | None], Decimal]:
        return {key: amount for key, amount in self.balances.items() if amount}


def _header(number: str) -> Proposal:
    def reference(column: str, to: str) -> Reference:
        return Reference(REFERENCE_TABLES[column], guid(to))

    proforma = Proforma(
        id=number,
        version=RowVersion(1, "", ""),
        number=number,
        contract=reference("contract", "CTR-1"),
        customer=reference("customer", "C-001"),
        currency=reference("currency", "USD"),
    )
    return Proposal(proforma, ProposalStatus.READY, 1, 1, company="USPM")


def a_line(number: int, cents: int, quantity: int, group: str) -> ProposalLine:
    amount = Decimal(cents) / 100
    return ProposalLine(
        line_number=number,
        actual_id=f"line-{number}",
        kind=LineKind.HOUR,
        transaction_class=TransactionClass.TIME,
        quantity=Decimal(quantity),
        unit_price=amount,
        amount=amount,
        category="Labor",
        sales_tax_group=group,
        item_sales_tax_group="ALL",
        project="PRJ-1",
    )


def credit(line: ProposalLine) -> ProposalLine:
    return replace(
        line,
        actual_id=f"{line.actual_id}/credited",
        quantity=-line.quantity,
        amount=-line.amount,
        takes_back=line.actual_id,
        continues=line.charges,
        charges=(),
        sales_tax_amount=None,
    )


def again(line: ProposalLine) -> ProposalLine:
    """A line that replaces another: half as much, with what that was charged."""
    charges = tuple(charge.handed_on() for charge in line.charges)
    half = (line.amount / 2).quantize(Decimal("0.01"))
    return replace(
        line,
        actual_id=f"{line.actual_id}/again",
        amount=half,
        takes_back=None,
        continues=charges,
        charges=(),
        sales_tax_amount=None,
    )


amounts = st.tuples(st.integers(-5000, 100_000), st.integers(1, 9), st.sampled_from(GROUPS))
invoices = st.lists(st.lists(amounts, min_size=1, max_size=6), min_size=1, max_size=3)


@repeatable
@given(invoices, st.data())
def test_whatever_is_credited_in_whatever_parts_leaves_no_cent_of_anything(
    documents: list[list[tuple[int, int, str]]], data: st.DataObject
) -> None:
    books = Books()
    again_charged, included = data.draw(st.booleans()), data.draw(st.booleans())

    def setup() -> FinanceSetup:
        finance = data.draw(finances)
        return (replace(finance, included=included) if again_charged else finance).setup()

    to_credit: list[ProposalLine] = []
    first = 1
    for document in documents:
        lines = [a_line(first + n, *columns) for n, columns in enumerate(document)]
        first += len(lines)
        to_credit += books.post(lines, setup())
    rounds = 0
    while to_credit:
        rounds += 1
        order = data.draw(st.permutations(to_credit))
        count = data.draw(st.integers(1, len(order)))
        corrected = order[: data.draw(st.integers(0, count))] if again_charged and rounds < 4 else []
        lines = [*(credit(line) for line in order[:count]), *(again(line) for line in corrected)]
        posted = books.post(data.draw(st.permutations(lines)), setup())
        to_credit = [*order[count:], *(line for line in posted if line.takes_back is None)]
    assert books.open == {}


@repeatable
@given(st.lists(amounts, min_size=1, max_size=6), st.data())
def test_what_was_credited_and_charged_again_by_credits_of_credits_comes_back_to_the_cent(
    document: list[tuple[int, int, str]], data: st.DataObject
) -> None:
    books = Books()
    lines = list(books.post([a_line(n, *columns) for n, columns in enumerate(document)], data.draw(finances).setup()))
    charged_once = books.open
    for _ in range(2):
        gone: list[ProposalLine] = []
        while lines:
            count = data.draw(st.integers(1, len(lines)))
            gone += books.post([credit(line) for line in lines[:count]], data.draw(finances).setup())
            lines = lines[count:]
        lines = gone
    assert books.open == charged_once
