"""INV-01, -02, -05, -06, -14, -15, -16, -22 over random work that is sold, accrued, billed, discounted and credited.

One to two hundred lines in four currencies are sold and posted at one rate, billed and invoiced at another, through the
rules themselves: resolution, journal lines and their posting, the plan of a proposal, the invoice and its voucher. Some
are sold, taken back and sold anew first, as when a part is billed; some are management fees; discounts may be posted
another way when work is invoiced than when it was sold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from project_invoicing.domain.actual import Actual, Proforma, Reference, RowVersion
from project_invoicing.domain.codes import (
    BillingType,
    ConnectionRole,
    JournalStatus,
    ProposalStatus,
    StagingState,
    TransactionClass,
    TransactionType,
)
from project_invoicing.domain.invoice_totals import DocumentType
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import Accrual, JournalLine
from project_invoicing.domain.ledger import VoucherLine
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.invoice_draft import InvoiceDraft, draft
from project_invoicing.rules.invoice_voucher import invoice_voucher
from project_invoicing.rules.journal_lines import Candidate, discounted_as, journal_line, original_rate
from project_invoicing.rules.journal_posting import PostedLine, judge
from project_invoicing.rules.proposal_lines import linked_ids, plan
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import REFERENCE_TABLES, guid, references
from tests.rules.finance import finance

repeatable = settings(
    max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)

DIGITS = {"USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}
FREE = (BillingType.NON_CHARGEABLE, BillingType.COMPLIMENTARY)
CLASSES = (TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL, TransactionClass.FEE)
JOURNAL = Journal("USPM", "USPM-000001", JournalStatus.DRAFT, "all")
INVOICED = date(2026, 8, 31)
BEFORE = RowVersion(1, "2026-08-15T12:00:00.000Z", "a")


@dataclass(frozen=True)
class Work:
    """One sale and what is billed of it. ``discount`` is a share of the amount in hundredths.

    ``corrected``: another sale with another discount came before it, and was reversed when it was corrected (FEE-10).
    """

    transaction_class: TransactionClass
    billing_type: BillingType
    quantity: Decimal
    amount: Decimal
    discount: int
    credited: bool
    corrected: bool = False


@dataclass(frozen=True)
class Case:
    """Work in a currency that is worth ``sold_at`` when it is sold and ``billed_at`` when it is invoiced."""

    works: tuple[Work, ...]
    currency: str
    sold_at: Decimal
    billed_at: Decimal
    retainer: Decimal
    taxed: bool
    gross_discounts: bool
    on_account: str
    gross_before: bool | None = None
    """How discounts were posted when work was sold; ``None``: as ``gross_discounts``."""


@cache
def _document(taxed: bool, gross_discounts: bool, on_account: str) -> dict[str, Any]:
    made = finance(("profiles.TM.on_account", on_account))
    made["currencies"]["KWD"] = {"precision": "0.001"}
    made["contracts"] = {f"CTR-{code}": {"company": "USPM", "customer": "C-001", "currency": code} for code in DIGITS}
    made["contract_lines"] = {}
    made["projects"] = {f"PRJ-{code}": {"company": "USPM", "contract": f"CTR-{code}"} for code in DIGITS}
    made["references"] = references(
        contract=made["contracts"], project=made["projects"], customer=["C-001"], currency=DIGITS
    )
    made["ledger_posting"]["USPM"].append({"posting_type": "discount", "account": "411900"})
    if taxed:
        made["customers"]["USPM"]["C-001"]["sales_tax_group"] = "DOM"
    if gross_discounts:
        made["parameters"]["USPM"]["line_discount_category"] = "Labor"
    return made


def setup_of(case: Case, *, before: bool = False) -> FinanceSetup:
    """The set-up when work is invoiced, or ``before``, when it is sold."""
    gross = case.gross_discounts if not before or case.gross_before is None else case.gross_before
    document = _document(case.taxed, gross, case.on_account)
    rates = [
        {"from": case.currency, "to": "USD", "valid_from": day, "rate": str(rate), "factor": 100}
        for day, rate in (("2026-08-01", case.sold_at), ("2026-08-31", case.billed_at))
    ]
    return FinanceSetup(SetupDocument.model_validate({**document, "exchange_rates": rates}), 1)


def row(case: Case, name: str, kind: TransactionType, work: Work, sign: int = 1, **links: str) -> StagedRow:
    def reference(column: str, to: str) -> Reference:
        return Reference(REFERENCE_TABLES[column], guid(to))

    step = Decimal(1).scaleb(-DIGITS[case.currency])
    discount = (sign * work.amount * work.discount / 100).quantize(step)
    on_account = work.transaction_class is TransactionClass.RETAINER
    actual = Actual(
        id=name,
        version=BEFORE,
        transaction_type=kind,
        transaction_class=work.transaction_class,
        billing_type=work.billing_type,
        quantity=sign * work.quantity,
        price=abs(work.amount),
        amount=sign * work.amount,
        currency=reference("currency", case.currency),
        project=None if on_account else reference("project", f"PRJ-{case.currency}"),
        contract=reference("contract", f"CTR-{case.currency}"),
        start="2026-08-15" if kind is TransactionType.UNBILLED_SALES else "2026-08-31",
        discount=discount if work.discount else None,
    )
    return StagedRow(
        actual, StagingState.PENDING, 1, 1, links={ConnectionRole(role): linked for role, linked in links.items()}
    )


class Books:
    """What a case leaves: the journal's vouchers, the proposal, the invoice and its voucher."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.setup, self.before = setup_of(case), setup_of(case, before=True)
        self.ledger: list[VoucherLine] = []
        for n, work in enumerate(case.works):
            if work.corrected:
                first = self._posted(f"first-{n}", replace(work, amount=2 * work.amount, discount=31), self.before)
                self._reversed(f"back-{n}", first)
        self.sold = {f"sold-{n}": self._posted(f"sold-{n}", work, self.before)[0] for n, work in enumerate(case.works)}
        self.billed = list(self._billed())
        self.draft, voucher = self._invoice()
        self.voucher = voucher.lines
        self.ledger += voucher.lines

    def _posted(self, name: str, work: Work, setup: FinanceSetup) -> tuple[StagedRow, JournalLine]:
        made = row(self.case, name, TransactionType.UNBILLED_SALES, work)
        resolved = resolve(made.actual, setup)
        assert isinstance(resolved, Resolved)
        line = journal_line(Candidate(made, resolved, "all"), 1, f"PV-{name}")
        return replace(made, state=StagingState.POSTED, price_rate=line.rate, accrual=self._post(line)), line

    def _post(self, line: JournalLine, original: StagedRow | None = None) -> Accrual | None:
        posted: PostedLine = judge(line, JOURNAL, self.before, original)
        assert posted.line.error is None
        self.ledger += posted.voucher.lines if posted.voucher else ()
        return posted.accrual

    def _reversed(self, name: str, original: tuple[StagedRow, JournalLine]) -> None:
        """A reversal of the whole, imported with the set-up of later, with negative amount and discount."""
        taken_back, line = original
        actual = taken_back.actual
        discount = None if actual.discount is None else -actual.discount
        back = replace(actual, id=name, quantity=-actual.quantity, amount=-actual.amount, discount=discount)
        resolved = resolve(back, self.setup, original_rate(taken_back, self.setup))
        assert isinstance(resolved, Resolved)
        candidate = Candidate(replace(taken_back, actual=back), discounted_as(resolved, back, line), "all")
        self._post(journal_line(candidate, 1, f"PV-{name}"), taken_back)

    def _billed(self) -> Iterable[StagedRow]:
        case, kind = self.case, TransactionType.BILLED_SALES
        for n, work in enumerate(case.works):
            yield row(case, f"billed-{n}", kind, work, unbilled=f"sold-{n}")
            if work.credited:
                yield row(case, f"credited-{n}", kind, work, -1, original=f"billed-{n}")
        if case.retainer:
            applied = Work(TransactionClass.RETAINER, BillingType.NOT_AVAILABLE, Decimal(1), case.retainer, 0, False)
            yield row(case, "retainer", kind, applied, -1)

    @property
    def charged(self) -> list[Actual]:
        return [one.actual for one in self.billed if one.actual.billing_type not in FREE]

    @property
    def proforma_total(self) -> Decimal:
        """Amounts less discounts of what is charged: what Dataverse would say."""
        return sum((one.amount - (one.discount or 0) for one in self.charged), Decimal(0))

    def _invoice(self) -> tuple[InvoiceDraft, Any]:
        def reference(column: str, to: str) -> Reference:
            return Reference(REFERENCE_TABLES[column], guid(to))

        proforma = Proforma(
            id="inv-1",
            version=BEFORE,
            number="INV-0001",
            contract=reference("contract", f"CTR-{self.case.currency}"),
            customer=reference("customer", "C-001"),
            currency=reference("currency", self.case.currency),
            total=self.proforma_total,
        )
        linked = {id: self.sold[id] for id in linked_ids(self.billed) if id in self.sold}
        found = plan(proforma, "USPM", self.billed, [], linked, self.setup)
        assert found.waits == []
        header = Proposal(proforma, ProposalStatus.READY, 1, 1, company="USPM")
        made = draft(header, [line for _, line in found.lines], self.setup, INVOICED)
        return made, invoice_voucher(made, "PV-1", "FTI-1", self.setup)

    def balance(self, *posting_types: str, of: Iterable[VoucherLine] | None = None) -> tuple[Decimal, Decimal]:
        """In transaction and in accounting currency."""
        lines = [line for line in (self.ledger if of is None else of) if line.posting_type in posting_types]
        return sum((x.amount for x in lines), Decimal(0)), sum((x.accounting_amount for x in lines), Decimal(0))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    currency = draw(st.sampled_from(sorted(DIGITS)))
    amounts = st.integers(-(10**7), 10**7).map(lambda units: Decimal(units).scaleb(-DIGITS[currency]))
    work = st.builds(
        Work,
        transaction_class=st.sampled_from(CLASSES),
        billing_type=st.sampled_from([BillingType.CHARGEABLE] * 3 + list(FREE)),
        quantity=st.integers(1, 5000).map(lambda units: Decimal(units) / 100),
        amount=amounts,
        discount=st.sampled_from([0, 0, 0, 7, 100]) | st.integers(-20, 120),
        credited=st.sampled_from([False, False, True]),
        corrected=st.sampled_from([False, False, True]),
    )
    drawn = draw(st.lists(work, min_size=1, max_size=20)) * draw(st.integers(1, 10))
    rates = st.integers(1, 30000).map(lambda units: Decimal(units) / 100)
    return Case(
        works=tuple(drawn),
        currency=currency,
        sold_at=draw(rates),
        billed_at=draw(rates),
        retainer=abs(draw(st.just(Decimal(0)) | amounts)),
        taxed=draw(st.booleans()),
        gross_discounts=draw(st.booleans()),
        on_account=draw(st.sampled_from(["balance", "profit_and_loss"])),
        gross_before=draw(st.sampled_from([None, None, True, False])),
    )


A_CENT = Case(
    works=(Work(TransactionClass.TIME, BillingType.CHARGEABLE, Decimal(1), Decimal("0.01"), 0, credited=True),),
    currency="GBP",
    sold_at=Decimal("49.99"),
    billed_at=Decimal(50),
    retainer=Decimal(0),
    taxed=True,
    gross_discounts=False,
    on_account="balance",
)

A_CORRECTION = Case(
    works=(
        Work(
            TransactionClass.TIME,
            BillingType.CHARGEABLE,
            Decimal(1),
            Decimal("99.99"),
            7,
            credited=False,
            corrected=True,
        ),
        Work(TransactionClass.FEE, BillingType.CHARGEABLE, Decimal(1), Decimal("10.01"), 0, credited=False),
    ),
    currency="KWD",
    sold_at=Decimal("325.17"),
    billed_at=Decimal("326.01"),
    retainer=Decimal(0),
    taxed=True,
    gross_discounts=False,
    on_account="balance",
    gross_before=True,
)
"""Sold gross, taken back and invoiced net, in a currency of three digits, beside a fee."""


@repeatable
@given(cases())
@example(A_CENT)
def test_inv_01_every_voucher_balances_in_both_currencies(case: Case) -> None:
    """A voucher that did not could not be made at all: these sums are taken without it."""
    books = Books(case)
    for lines in (books.voucher, books.ledger):
        assert sum(line.accounting_amount for line in lines) == 0
        amounts: dict[str, Decimal] = defaultdict(Decimal)
        for line in lines:
            amounts[line.currency] += line.amount
        assert not any(amounts.values())


@repeatable
@given(cases())
@example(A_CENT)
@example(A_CORRECTION)
def test_inv_14_inv_15_nothing_stays_accrued_at_whatever_rates_work_was_sold_and_billed(case: Case) -> None:
    books = Books(case)
    assert books.balance("wip_sales_value") == (Decimal(0), Decimal(0))
    assert books.balance("accrued_revenue_sales_value") == (Decimal(0), Decimal(0))


@repeatable
@given(cases())
def test_inv_02_inv_05_each_billed_actual_is_on_the_invoice_once_and_only_what_is_charged_has_money(case: Case) -> None:
    books = Books(case)
    lines = books.draft.totals.lines
    assert sorted(line.actual_id for line in lines) == sorted(one.id for one in books.billed)
    assert [line.line_number for line in lines] == list(range(1, len(lines) + 1))
    charged = {one.id for one in books.charged}
    assert all(line.amount == 0 == line.sales_tax_amount for line in lines if line.actual_id not in charged)


@repeatable
@given(cases())
def test_inv_06_the_subtotal_is_the_sum_of_the_lines_and_the_proformas_amount(case: Case) -> None:
    books = Books(case)
    figures = books.draft.totals
    assert figures.subtotal == sum(line.amount for line in figures.lines) == books.proforma_total
    assert figures.sales_tax == sum(line.sales_tax_amount or 0 for line in figures.lines)
    assert figures.document_type is (DocumentType.CREDIT_NOTE if figures.total < 0 else DocumentType.INVOICE)


@repeatable
@given(cases())
@example(A_CENT)
def test_inv_16_the_customer_owes_the_total_revenue_is_net_and_tax_is_tax(case: Case) -> None:
    books = Books(case)
    figures = books.draft.totals
    on_account = {"balance": "wip_invoiced_on_account", "profit_and_loss": "invoiced_revenue_on_account"}
    revenue = books.balance("invoiced_revenue", "discount", on_account[case.on_account], of=books.voucher)
    assert books.balance("customer_balance", of=books.voucher)[0] == figures.total
    assert -revenue[0] == figures.subtotal
    assert -books.balance("sales_tax_payable", of=books.voucher)[0] == figures.sales_tax
    assert -books.balance(on_account[case.on_account])[0] == -case.retainer
    assert "sales_tax_payable" not in {line.posting_type for line in books.ledger[: -len(books.voucher) or None]}


@repeatable
@given(cases())
def test_inv_22_what_the_actuals_are_told_is_what_is_in_the_ledger(case: Case) -> None:
    books = Books(case)
    told = sum(line.accounting_amount or 0 for line in books.draft.totals.lines)
    earned = (
        "invoiced_revenue",
        "discount",
        "wip_invoiced_on_account",
        "invoiced_revenue_on_account",
    )
    assert told == -books.balance(*earned, of=books.voucher)[1]


@repeatable
@given(cases())
@example(A_CORRECTION)
def test_fee_06_what_was_discounted_is_on_its_own_account_only_where_it_is_posted_for_itself(case: Case) -> None:
    books = Books(case)
    charged = [line for line in books.draft.totals.lines if line.chargeable]
    discount = sum((line.discount for line in charged), Decimal(0)) if case.gross_discounts else Decimal(0)
    assert books.balance("discount", of=books.voucher)[0] == discount
    worked = [line for line in charged if line.transaction_class is not TransactionClass.RETAINER]
    earned = sum((line.amount for line in worked), Decimal(0))
    assert -books.balance("invoiced_revenue", of=books.voucher)[0] == earned + discount


@repeatable
@given(cases())
def test_fee_07_work_accrues_with_its_discount_or_without_as_it_was_when_it_was_sold(case: Case) -> None:
    books = Books(case)
    gross = case.gross_discounts if case.gross_before is None else case.gross_before
    for sold in books.sold.values():
        off = Decimal(0) if gross else sold.actual.discount or Decimal(0)
        charged = sold.actual.billing_type not in FREE
        assert (sold.accrual.amount if sold.accrual else 0) == (sold.actual.amount - off if charged else 0)


@repeatable
@given(cases())
def test_fee_08_a_discount_that_is_posted_for_itself_changes_neither_total_nor_tax(case: Case) -> None:
    """FEE-06, FEE-07."""
    gross, net = (Books(replace(case, gross_discounts=posted)).draft.totals for posted in (True, False))
    assert (gross.subtotal, gross.sales_tax, gross.total) == (net.subtotal, net.sales_tax, net.total)
