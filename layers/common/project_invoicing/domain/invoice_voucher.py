"""The voucher of a customer invoice, from its figures and the main accounts of its lines.

Conversion follows the contract, section 5: revenue and accrual are rounded per actual, sales tax per code and
document, and the customer balance takes what balances the voucher, so that no rounding line is needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.invoice_totals import Terms, Totals
from project_invoicing.domain.ledger import INVOICE, Voucher, VoucherLine, summed
from project_invoicing.domain.money import ZERO, round_to
from project_invoicing.domain.proposal_line import ProposalLine

TaxAmounts = Mapping[tuple[str, str | None], Decimal]
"""A document's tax by code and main account; ``None`` stands for the code's own account."""


@dataclass(frozen=True, slots=True)
class LineAccounts:
    """The accounts that a line is posted to.

    ``revenue`` is the posting type and the main account, ``None`` where the line has no revenue. ``discount`` is the
    main account of its discount, ``None`` where revenue is posted net of the discount (FEE-07).
    """

    revenue: tuple[PostingType, str] | None = None
    discount: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceAccounts:
    """The accounts that an invoice is posted to.

    ``lines`` are in the order of the document's lines. ``taxes`` has the main accounts of the ``codes_to_post``;
    ``customer`` is ``None`` unless ``is_owed``.
    """

    lines: Sequence[LineAccounts]
    taxes: Mapping[str, str]
    customer: str | None


def voucher(
    number: str,
    source_id: str,
    document: Totals,
    terms: Terms,
    accounts: InvoiceAccounts,
    customer_dimensions: dict[str, str] | None = None,
) -> Voucher:
    """Builds the invoice's voucher: revenue, reversed accrual, sales tax, and the customer balance that balances it.

    LED-11, LED-12, LED-36, LED-37, LED-44, LED-46, FEE-06, FEE-07. ``document`` must be ``accounted``.
    """
    lines: list[VoucherLine] = []
    for line, to in zip(document.lines, accounts.lines, strict=True):
        lines.extend(_revenue_lines(line, document.revenue(line), terms, to))
        for accrual in line.accruals:
            lines.extend(accrual.lines(-1))
    lines.extend(_tax_lines(document, terms, accounts.taxes))
    owed = -sum((line.accounting_amount for line in lines), ZERO)
    if document.total or owed:
        if accounts.customer is None:
            raise ValueError(f"invoice {source_id} is owed by nobody")
        lines.append(
            VoucherLine(
                account=accounts.customer,
                posting_type=PostingType.CUSTOMER_BALANCE,
                currency=terms.currency,
                amount=document.total,
                accounting_amount=owed,
                exchange_rate=terms.exchange_rate.multiplier,
                dimensions=customer_dimensions or None,
            )
        )
    return Voucher(number, terms.company, terms.accounting_date, INVOICE, source_id, summed(lines))


def gross_and_discount(line: ProposalLine, earned: Decimal, terms: Terms, *, shown: bool) -> tuple[Decimal, Decimal]:
    """A line's revenue before discount, and the discount. Unless the discount is ``shown``: its revenue, and zero.

    Where amounts include sales tax, so does the discount; the tax share of it is not lost revenue.
    """
    discount = line.discount if shown else ZERO
    if discount and earned != line.amount:
        discount = round_to(discount * earned / line.amount, terms.currency_precision)
    return earned + discount, discount


def codes_to_post(document: Totals) -> tuple[str, ...]:
    """The sales tax codes that post to their own main account."""
    found = (code for (code, account), amount in _tax_amounts(document).items() if amount and not account)
    return tuple(found)


def is_owed(document: Totals, terms: Terms, taxes: Mapping[str, str]) -> bool:
    """Whether the customer owes or is owed anything, in either currency. A reversed accrual balances by itself."""
    revenue = sum((line.accounting_amount or ZERO for line in document.lines), ZERO)
    tax = sum((-line.accounting_amount for line in _tax_lines(document, terms, taxes)), ZERO)
    return bool(document.total or revenue + tax)


def _tax_amounts(document: Totals) -> TaxAmounts:
    """Taxes use the account of the line that a line takes back or replaces, else the code's own."""
    amounts: dict[tuple[str, str | None], Decimal] = defaultdict(lambda: ZERO)
    for line in document.lines:
        for tax in line.charges[0].taxes or ():
            amounts[tax.code, tax.account] += tax.amount
    return amounts


def _tax_lines(document: Totals, terms: Terms, accounts: Mapping[str, str]) -> Iterator[VoucherLine]:
    found: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for (code, account), amount in _tax_amounts(document).items():
        if amount:
            found[code, account or accounts[code]] += amount
    for (code, account), amount in found.items():
        if amount:
            yield VoucherLine(
                account=account,
                posting_type=PostingType.SALES_TAX_PAYABLE,
                currency=terms.currency,
                amount=-amount,
                accounting_amount=-terms.exchange_rate.convert(amount, terms.accounting_precision),
                exchange_rate=terms.exchange_rate.multiplier,
                sales_tax_code=code,
            )


def _revenue_lines(line: ProposalLine, earned: Decimal, terms: Terms, to: LineAccounts) -> Iterator[VoucherLine]:
    """The revenue of a line; where its discount has an account, the revenue before discount and the discount (FEE-06).

    In accounting currency the discount is rounded separately, and both add up to the line's own amount.
    """
    gross, discount = gross_and_discount(line, earned, terms, shown=to.discount is not None)
    accounted_discount = terms.exchange_rate.convert(discount, terms.accounting_precision)

    def posted(account: str, posting_type: PostingType, amount: Decimal, accounting_amount: Decimal) -> VoucherLine:
        return VoucherLine(
            account=account,
            posting_type=posting_type,
            currency=terms.currency,
            amount=amount,
            accounting_amount=accounting_amount,
            exchange_rate=terms.exchange_rate.multiplier,
            project=line.project,
            dimensions=line.dimensions,
        )

    if gross:
        if to.revenue is None:
            raise ValueError(f"the revenue of actual {line.actual_id} has no account")
        posting_type, account = to.revenue
        yield posted(account, posting_type, -gross, -((line.accounting_amount or ZERO) + accounted_discount))
    if to.discount is not None:
        yield posted(to.discount, PostingType.DISCOUNT, discount, accounted_discount)
