"""INV-01, INV-16, INV-17 over random invoices: taxes add up, vouchers balance, a credit note undoes its invoice.

STX-09: and the sales tax report says what the ledger says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project_invoicing.domain.calendar import Interval
from project_invoicing.domain.codes import LineKind, PostingType, TransactionClass
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import DocumentType, Terms, Totals, accounted, totals
from project_invoicing.domain.invoice_voucher import InvoiceAccounts, LineAccounts, codes_to_post, voucher
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.ledger import Voucher, VoucherLine
from project_invoicing.domain.lineage import Charge
from project_invoicing.domain.money import ExchangeRate, Rounding
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.sales_tax import Calculation, MarginalBase, RoundBy, TaxForm, TaxOrigin, TaxRounding
from project_invoicing.rules.sales_tax_report import Direction, TaxDocument, TaxReport, converting

repeatable = settings(
    max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)

CODES = ("A", "B", "C")
DIGITS = {"USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}
INVOICED = date(2026, 8, 31)


@dataclass(frozen=True)
class Document:
    """The lines of a proposal with everything that its tax and its voucher depend on."""

    lines: tuple[ProposalLine, ...]
    combinations: Mapping[str, tuple[str, ...]]
    rates: Mapping[str, Decimal]
    forms: Mapping[str, TaxForm]
    tax_included: bool
    terms: Terms

    def totals(self) -> Totals:
        def percents(line: ProposalLine) -> dict[str, Decimal]:
            return {code: self.rates[code] for code in self.combinations[str(line.sales_tax_group)]}

        figures = totals(self.lines, percents, self.terms.tax_rounding, self.forms, tax_included=self.tax_included)
        return accounted(figures, self.terms)

    def voucher(self) -> Voucher:
        figures = self.totals()
        lines = [LineAccounts((PostingType.INVOICED_REVENUE, "411100"))] * len(figures.lines)
        taxes = {code: f"2221{code}" for code in codes_to_post(figures)}
        return voucher("PV-1", "FTI-1", figures, self.terms, InvoiceAccounts(lines, taxes, "130100"))

    def posted(self) -> TaxDocument:
        """The document as it is read when it is posted: each tax with the account of ``voucher``."""
        figures, terms = self.totals(), self.terms
        header = Invoice(
            invoice_number="FTI-1",
            proposal_id=terms.proposal_id,
            proforma_id="proforma",
            company=terms.company,
            customer=terms.customer,
            document_type=figures.document_type,
            invoice_date=terms.invoice_date,
            due_date=terms.due_date,
            accounting_date=terms.accounting_date,
            currency=terms.currency,
            subtotal=figures.subtotal,
            sales_tax=figures.sales_tax,
            total=figures.total,
            voucher="PV-1",
            exchange_rate=terms.exchange_rate.multiplier,
            line_count=len(figures.lines),
        )
        lines = tuple(
            replace(line, charges=tuple(_on_accounts(charge) for charge in line.charges)) for line in figures.lines
        )
        converts = partial(converting, precision=terms.accounting_precision)
        return TaxDocument(terms.company, header, lines, converts)

    def credited(self) -> Document:
        """The credit note of all lines."""
        return replace(self, lines=tuple(_negated(line) for line in self.lines))


def _on_accounts(charge: Charge) -> Charge:
    return replace(charge, taxes=tuple(replace(tax, account=f"2221{tax.code}") for tax in charge.taxes or ()))


def _negated(line: ProposalLine) -> ProposalLine:
    accruals = tuple(
        replace(accrual, amount=-accrual.amount, accounting_amount=-accrual.accounting_amount)
        for accrual in line.accruals
    )
    return replace(line, quantity=-line.quantity, amount=-line.amount, accruals=accruals)


def amounts(digits: int) -> st.SearchStrategy[Decimal]:
    return st.integers(-(10**7), 10**7).map(lambda units: Decimal(units).scaleb(-digits))


def accruals(currency: str) -> st.SearchStrategy[tuple[Accrual, ...]]:
    def accrual(amount: Decimal, rate: Decimal) -> tuple[Accrual, ...]:
        accounting = ExchangeRate(rate, Decimal(100)).convert(amount, Decimal("0.01"))
        return (Accrual(currency, amount, accounting, rate / 100, "161300", "420200"),)

    rates = st.integers(1, 30000).map(lambda units: Decimal(units) / 100)
    return st.just(()) | st.builds(accrual, amounts(DIGITS[currency]), rates)


@st.composite
def billed_lines(draw: st.DrawFn, currency: str) -> tuple[ProposalLine, ...]:
    """1 to 200 lines. The first few are drawn one by one, the rest are these again in other proportions."""
    drawn = draw(
        st.lists(
            st.tuples(
                amounts(DIGITS[currency]),
                st.integers(-5000, 5000).map(lambda units: Decimal(units) / 100),
                st.sampled_from(["none", "one", "two"]),
                st.sampled_from([True, True, True, False]),
                accruals(currency),
            ),
            min_size=1,
            max_size=20,
        )
    )
    repeats = draw(st.integers(1, 10))
    return tuple(
        ProposalLine(
            line_number=number,
            actual_id=f"actual-{number}",
            kind=LineKind.HOUR,
            transaction_class=TransactionClass.TIME,
            quantity=quantity,
            unit_price=amount,
            amount=amount * (1 + (number - 1) // len(drawn)),
            chargeable=chargeable,
            sales_tax_group=group,
            accruals=accrued,
        )
        for number, (amount, quantity, group, chargeable, accrued) in enumerate(drawn * repeats, start=1)
    )


def form(code: str) -> st.SearchStrategy[TaxForm]:
    base_code = "A" if code != "A" else None
    origins = [origin for origin in TaxOrigin if base_code or origin is not TaxOrigin.PERCENT_OF_TAX]
    if code == "A":
        origins.remove(TaxOrigin.PERCENT_OF_GROSS)  # B and C may be on A, which must then be on none of them
    return st.builds(TaxForm, st.sampled_from(origins), st.just(base_code), st.sampled_from(MarginalBase))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    currency = draw(st.sampled_from(sorted(DIGITS)))
    step = Decimal(1).scaleb(-DIGITS[currency])
    rounding = TaxRounding(
        draw(st.sampled_from([step, step, Decimal("0.000001"), Decimal("0.05"), Decimal(1), Decimal(10)])),
        draw(st.sampled_from(Rounding)),
        draw(st.sampled_from(RoundBy)),
        draw(st.sampled_from(Calculation)),
        currency=step,
    )
    rate = ExchangeRate(draw(st.integers(1, 10**6).map(Decimal)), Decimal(100))
    codes = CODES[: draw(st.integers(1, 3))]
    return Document(
        lines=draw(billed_lines(currency)),
        combinations={"none": (), "one": codes[:1], "two": codes},
        rates={code: draw(st.integers(0, 3000).map(lambda units: Decimal(units) / 100)) for code in codes},
        forms={code: draw(form(code)) for code in codes},
        tax_included=draw(st.booleans()),
        terms=Terms(
            company="USPM",
            proposal_id="INV-0001",
            customer="C-001",
            currency=currency,
            currency_precision=step,
            accounting_precision=Decimal("0.01"),
            exchange_rate=rate,
            invoice_date=INVOICED,
            due_date=INVOICED,
            accounting_date=INVOICED,
            tax_rounding=rounding,
        ),
    )


@repeatable
@given(documents())
def test_inv_17_the_taxes_of_the_lines_are_the_documents_tax(document: Document) -> None:
    figures = document.totals()
    assert sum(line.sales_tax_amount or 0 for line in figures.lines) == figures.sales_tax
    assert sum(figures.tax_by_code.values()) == figures.sales_tax
    assert all((line.sales_tax_amount or 0) % document.terms.currency_precision == 0 for line in figures.lines)
    assert not any(line.sales_tax_amount for line in figures.lines if not line.chargeable)


@repeatable
@given(documents())
def test_what_is_charged_is_the_proformas_amount_with_tax_on_it_or_in_it(document: Document) -> None:
    figures = document.totals()
    charged = sum(line.amount for line in document.lines if line.chargeable)
    assert (figures.total if document.tax_included else figures.subtotal) == charged
    assert sum(figures.revenue(line) for line in figures.lines) == figures.subtotal


@repeatable
@given(documents())
def test_inv_01_inv_16_the_voucher_balances_in_both_currencies(document: Document) -> None:
    figures = document.totals()
    lines = document.voucher().lines  # one that does not balance cannot be made
    assert _sum(lines, PostingType.CUSTOMER_BALANCE) == figures.total
    assert _sum(lines, PostingType.INVOICED_REVENUE) == -figures.subtotal
    assert _sum(lines, PostingType.SALES_TAX_PAYABLE) == -figures.sales_tax
    revenue = sum(line.accounting_amount for line in lines if line.posting_type is PostingType.INVOICED_REVENUE)
    assert revenue == -sum(line.accounting_amount or 0 for line in figures.lines)


@repeatable
@given(documents())
def test_a_credit_note_of_all_lines_undoes_the_invoice(document: Document) -> None:
    invoice, credit = document.totals(), document.credited().totals()
    assert [line.sales_tax_amount for line in credit.lines] == [-(line.sales_tax_amount or 0) for line in invoice.lines]
    assert (credit.subtotal, credit.total) == (-invoice.subtotal, -invoice.total)
    if invoice.total:
        assert {invoice.document_type, credit.document_type} == set(DocumentType)

    booked, unbooked = document.voucher().lines, document.credited().voucher().lines
    assert [_facts(line, 1) for line in booked] == [_facts(line, -1) for line in unbooked]


@repeatable
@given(documents())
def test_the_order_of_the_lines_does_not_change_the_documents_tax(document: Document) -> None:
    backwards = replace(document, lines=document.lines[::-1])
    assert backwards.totals().sales_tax == document.totals().sales_tax


@settings(repeatable, max_examples=20)
@given(documents())
def test_stx_09_the_sales_tax_report_agrees_with_ledger_lines_and_header(document: Document) -> None:
    report = TaxReport("USPM", "USD", Interval(INVOICED, INVOICED), lambda *_: None)
    for one in (document, document.credited()):
        report.add(one.posted(), [one.voucher()])
    assert report.differences == []
    assert all(ours == ledger == 0 for ours, ledger in report.accounts.values())
    assert report.nets == {Direction.PAYABLE: 0}
    assert not any(row.accounting.base or row.accounting.due for row in report.rows.values())


def _sum(lines: tuple[VoucherLine, ...], posting_type: PostingType) -> Decimal:
    return sum((line.amount for line in lines if line.posting_type is posting_type), Decimal(0))


def _facts(line: VoucherLine, sign: int) -> tuple[object, ...]:
    return (line.posting_type, line.account, line.sales_tax_code, sign * line.amount, sign * line.accounting_amount)
