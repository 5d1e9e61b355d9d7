"""The voucher of a customer invoice, from its figures and the main accounts of its lines.

Conversion follows the contract, section 5: revenue and accrual are rounded per actual, sales tax per code and
document, and the customer balance takes what balances the voucher, so that no rounding line is needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.invoice_totals import Terms, Totals
from project_invoicing.domain.ledger import INVOICE, Origin, Voucher, VoucherLine, summed
from project_invoicing.domain.money import ZERO, round_to
from project_invoicing.domain.proposal_line import ProposalLine


@dataclass(slots=True)
class _Tax:
    """What a document charges for a code, on what, and of which lines."""

    amount: Decimal = ZERO
    base: Decimal = ZERO
    lines: list[ProposalLine] = field(default_factory=list)

    def add(self, other: _Tax) -> None:
        self.amount += other.amount
        self.base += other.base
        self.lines += other.lines


_Taxes = Mapping[tuple[str, str | None], _Tax]
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
    customer_tags: dict[str, str] | None = None,
) -> Voucher:
    """Builds the invoice's voucher. ``document`` must be ``accounted``."""
    lines = voucher_lines(source_id, document, terms, accounts, customer_dimensions, customer_tags)
    return Voucher(number, terms.company, terms.accounting_date, INVOICE, source_id, lines)


def voucher_lines(
    source_id: str,
    document: Totals,
    terms: Terms,
    accounts: InvoiceAccounts,
    customer_dimensions: dict[str, str] | None = None,
    customer_tags: dict[str, str] | None = None,
) -> tuple[VoucherLine, ...]:
    """Revenue, reversed accrual, sales tax, and the customer balance that balances them.

    LED-11, LED-12, LED-36, LED-37, LED-44, LED-46, FEE-06, FEE-07.
    """
    lines: list[VoucherLine] = []
    for line, to in zip(document.lines, accounts.lines, strict=True):
        lines.extend(revenue_lines(line, document.revenue(line), terms, to))
        for accrual in line.accruals:
            lines.extend(accrual.lines(-1, _origin(line, terms), line.tags))
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
                origin=Origin.of_all(_origin(line, terms) for line in document.lines if line.shown),
                tags=customer_tags,
            )
        )
    return summed(lines)


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
    found = (code for (code, account), tax in _taxes(document).items() if tax.amount and not account)
    return tuple(found)


def taxes_by_code(document: Totals) -> dict[str, tuple[Decimal, Decimal]]:
    """The base and the amount of each sales tax code, in the order of the lines.

    The base of a code that charges nothing, as one of zero percent does, is the revenue of all lines that have it.
    """
    taxed: dict[str, _Tax] = defaultdict(_Tax)
    for (code, _), tax in _taxes(document).items():
        taxed[code].add(tax)
    untaxed: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in document.lines:
        for code in {tax.code for tax in line.charges[0].taxes or ()}:
            untaxed[code] += document.revenue(line)
    return {code: (tax.base if tax.lines else untaxed[code], tax.amount) for code, tax in taxed.items()}


def is_owed(document: Totals, terms: Terms, taxes: Mapping[str, str]) -> bool:
    """Whether the customer owes or is owed anything, in either currency. A reversed accrual balances by itself."""
    revenue = sum((line.accounting_amount or ZERO for line in document.lines), ZERO)
    tax = sum((-line.accounting_amount for line in _tax_lines(document, terms, taxes)), ZERO)
    return bool(document.total or revenue + tax)


def _origin(line: ProposalLine, terms: Terms) -> Origin:
    return Origin(terms.customer, line.contract, line.actual_id, terms.invoice_date)


def _taxes(document: Totals) -> _Taxes:
    """Taxes use the account of the line that a line takes back or replaces, else the code's own.

    The base of a code is the revenue of the lines that it is charged on, whatever it is computed from; a line that is
    exempt from a code is not among them.
    """
    taxes: dict[tuple[str, str | None], _Tax] = defaultdict(_Tax)
    for line in document.lines:
        for tax in line.charges[0].taxes or ():
            taxed = bool(tax.percent or tax.amount)
            base = document.revenue(line) if taxed else ZERO
            taxes[tax.code, tax.account].add(_Tax(tax.amount, base, [line] if taxed else []))
    return taxes


def _tax_lines(document: Totals, terms: Terms, accounts: Mapping[str, str]) -> Iterator[VoucherLine]:
    found: dict[tuple[str, str], _Tax] = defaultdict(_Tax)
    for (code, account), tax in _taxes(document).items():
        if tax.amount:
            found[code, account or accounts[code]].add(tax)
    for (code, account), tax in found.items():
        left = terms.exchange_rate.convert(tax.amount, terms.accounting_precision)
        shares = _by_tags(tax, code, account, document, accounts) if tax.amount else []
        for place, (tags, share) in enumerate(shares, start=1):
            last = place == len(shares)
            accounted = left if last else terms.exchange_rate.convert(share.amount, terms.accounting_precision)
            left -= accounted
            yield VoucherLine(
                account=account,
                posting_type=PostingType.SALES_TAX_PAYABLE,
                currency=terms.currency,
                amount=-share.amount,
                accounting_amount=-accounted,
                exchange_rate=terms.exchange_rate.multiplier,
                sales_tax_code=code,
                sales_tax_base=-share.base,
                origin=Origin.of_all(_origin(line, terms) for line in share.lines),
                tags=tags,
            )


def _by_tags(
    tax: _Tax, code: str, account: str, document: Totals, accounts: Mapping[str, str]
) -> list[tuple[dict[str, str] | None, _Tax]]:
    """The shares of a tax of lines with the same financial tags (TAG-04). In all they come to the tax (TAG-05)."""
    if not any(line.tags for line in tax.lines):
        return [(None, tax)]
    found: dict[tuple[tuple[str, str], ...], _Tax] = defaultdict(_Tax)
    for line in tax.lines:
        taxes = [one for one in line.charges[0].taxes or () if one.code == code]
        amount = sum((one.amount for one in taxes if (one.account or accounts[code]) == account), ZERO)
        found[tuple(sorted((line.tags or {}).items()))].add(_Tax(amount, document.revenue(line), [line]))
    return [(dict(tags) or None, share) for tags, share in found.items()]


def revenue_lines(line: ProposalLine, earned: Decimal, terms: Terms, to: LineAccounts) -> Iterator[VoucherLine]:
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
            origin=_origin(line, terms),
            tags=line.tags,
        )

    if gross:
        if to.revenue is None:
            raise ValueError(f"the revenue of actual {line.actual_id} has no account")
        posting_type, account = to.revenue
        yield posted(account, posting_type, -gross, -((line.accounting_amount or ZERO) + accounted_discount))
    if to.discount is not None:
        yield posted(to.discount, PostingType.DISCOUNT, discount, accounted_discount)
