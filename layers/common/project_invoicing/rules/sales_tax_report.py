"""The sales tax report: base and tax of every line and code, summed by code, and compared with the ledger.

Nothing of it is stored. A posted line says which codes it was charged, at which percent, on which account, and how
much. It never changes, so the same records come of it whenever they are asked for (STX-01).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from project_invoicing.domain.calendar import Interval
from project_invoicing.domain.codes import PostingType, VendorInvoiceStatus
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import revenue
from project_invoicing.domain.ledger import Voucher, VoucherLine
from project_invoicing.domain.lineage import ChargedTax
from project_invoicing.domain.money import ZERO, round_to
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.sales_tax import TaxOrigin

NONE: Final = "none"
"""What the row of lines without a code is called (STX-04)."""
_EXACT: Final = Context(prec=60)
_OF_A_RATE: Final = Decimal("1e-15")
"""A stored rate is cut off after 28 digits; what is finer than this in an amount comes of that."""

Convert = Callable[[Decimal], Decimal]
"""From the currency of a document to the accounting currency, rounded."""


class Direction(StrEnum):
    """Whose tax it is: charged to a customer, or charged to the company by its lender (STX-12)."""

    PAYABLE = "payable"
    RECEIVABLE = "receivable"


class Differs(StrEnum):
    """What does not agree (STX-09)."""

    LEDGER = "ledger"
    DOCUMENT = "document"
    LINE = "line"
    NOT_TOLD = "not_told"


def converting(multiplier: Decimal, precision: Decimal) -> Convert:
    """Conversion with the rate of a posted invoice."""

    def convert(amount: Decimal) -> Decimal:
        return round_to(round_to(_EXACT.multiply(amount, multiplier), _OF_A_RATE), precision)

    return convert


@dataclass(frozen=True, slots=True)
class TaxRecord:
    """Base and tax of one line and code, in ``currency``, that of the document, and in accounting currency.

    ``code`` and what belongs to it are ``None`` where a line has none. ``tax_date`` is the invoice date (STX-06).
    ``not_deductible``: what a borrower is charged beside its ``tax`` and does not get back.
    """

    company: str
    direction: Direction
    tax_date: date
    accounting_date: date
    invoice: str
    voucher: str | None
    other: str
    line: int
    actual_id: str
    sales_tax_group: str | None
    item_sales_tax_group: str | None
    code: str | None
    percent: Decimal | None
    origin: TaxOrigin | None
    account: str | None
    currency: str
    base: Decimal
    tax: Decimal
    accounting_base: Decimal
    accounting_tax: Decimal
    not_deductible: Decimal = ZERO
    accounting_not_deductible: Decimal = ZERO

    @property
    def is_credit(self) -> bool:
        """STX-05: told by the sign of the base, and where there is none, of the tax."""
        return (self.base or self.tax or self.not_deductible) < ZERO

    @property
    def is_tax_free(self) -> bool:
        """Without a code, or with one that takes nothing of it (STX-04)."""
        return not (self.percent or self.tax or self.not_deductible)


@dataclass(frozen=True, slots=True)
class Received:
    """What a borrower has posted of a lender's invoice. ``voucher``: ``None`` where no line has money.

    ``entries``: cost and tax of its lines, by actual.
    """

    voucher: str | None
    on: date
    entries: Mapping[str, Sequence[VoucherLine]]


@dataclass(frozen=True, slots=True)
class TaxDocument:
    """A posted invoice with its lines; ``converts`` makes a conversion of a rate.

    ``received``: for the borrower, its posted vendor invoice of the invoice; ``company`` is then the borrower.
    """

    company: str
    invoice: Invoice
    lines: Sequence[ProposalLine]
    converts: Callable[[Decimal], Convert]
    received: Received | None = None

    @property
    def direction(self) -> Direction:
        return Direction.RECEIVABLE if self.received else Direction.PAYABLE

    @property
    def other(self) -> str:
        """Who pays it, or who lent."""
        return self.invoice.company if self.received else self.invoice.customer

    @property
    def voucher(self) -> str | None:
        return self.received.voucher if self.received else self.invoice.voucher

    @property
    def accounting_date(self) -> date:
        return self.received.on if self.received else self.invoice.accounting_date

    def entries(self, line: ProposalLine) -> Sequence[VoucherLine]:
        """What the borrower has posted of a line."""
        return self.received.entries.get(line.actual_id, ()) if self.received else ()


class _Taken(NamedTuple):
    """What is payable or got back of a code of a line, and of it what is not got back, with its account."""

    tax: Decimal
    accounting: Decimal
    lost: Decimal
    accounting_lost: Decimal
    account: str | None


_NOTHING: Final = _Taken(ZERO, ZERO, ZERO, ZERO, None)


def net_of(line: ProposalLine) -> Decimal:
    """The revenue of a posted line, without tax."""
    return revenue(line, tax_included=bool(line.charges and line.charges[0].tax_included))


def accounting_net(document: TaxDocument, line: ProposalLine) -> Decimal:
    """The same in accounting currency, as it was posted: a borrower's is its cost but for the tax in it."""
    if document.received:
        costs = (one.accounting_amount for one in document.entries(line) if not one.sales_tax_code)
        lost = (one.accounting_lost for one in _received(document, line).values())
        return sum(costs, ZERO) - sum(lost, ZERO)
    posted = line.accounting_amount
    return document.converts(document.invoice.exchange_rate)(net_of(line)) if posted is None else posted


def records(document: TaxDocument) -> Iterator[TaxRecord]:
    """The records of a document, line by line, each line's codes in the order of its sales tax group.

    In accounting currency a code of an account is rounded once for the document, as its voucher is, and each line has
    the difference of two rounded running totals. What a borrower gets back is what its voucher says.
    """
    running: dict[tuple[str, str | None], Decimal] = defaultdict(lambda: ZERO)
    for line in document.lines:
        if not line.chargeable:
            continue
        net, accounting = net_of(line), accounting_net(document, line)
        taxes = _taxes(line)
        if not taxes:
            yield _record(document, line, None, net, accounting, _NOTHING)
            continue
        taken = _received(document, line) if document.received else _paid(document, taxes, running)
        exact = {tax.code: tax.amount for tax in taxes}
        converted = {code: one.accounting + one.accounting_lost for code, one in taken.items()}
        for tax in taxes:
            base = _base(tax, taxes, net, exact)
            in_accounting = _base(tax, taxes, accounting, converted)
            yield _record(document, line, tax, base, in_accounting, taken[tax.code])


def _taxes(line: ProposalLine) -> Sequence[ChargedTax]:
    return line.charges[0].taxes or () if line.charges else ()


def _paid(
    document: TaxDocument, taxes: Sequence[ChargedTax], running: dict[tuple[str, str | None], Decimal]
) -> dict[str, _Taken]:
    convert, taken = document.converts(document.invoice.exchange_rate), dict[str, _Taken]()
    for tax in taxes:
        key = tax.code, tax.account
        before = convert(running[key])
        running[key] += tax.amount
        taken[tax.code] = _Taken(tax.amount, convert(running[key]) - before, ZERO, ZERO, tax.account)
    return taken


def _received(document: TaxDocument, line: ProposalLine) -> dict[str, _Taken]:
    """What the voucher has of each code, and what is in the cost (STX-12)."""
    entries = document.entries(line)
    got = {one.sales_tax_code: one for one in entries if one.sales_tax_code}
    convert = document.converts(entries[0].exchange_rate if entries else Decimal(1))
    taken: dict[str, _Taken] = {}
    for tax in _taxes(line):
        entry = got.get(tax.code)
        lost = tax.amount - (entry.amount if entry else ZERO)
        back = (entry.amount, entry.accounting_amount) if entry else (ZERO, ZERO)
        taken[tax.code] = _Taken(*back, lost, convert(lost), entry.account if entry else None)
    return taken


def _base(tax: ChargedTax, taxes: Sequence[ChargedTax], net: Decimal, amounts: Mapping[str, Decimal]) -> Decimal:
    """What a code was computed from (STX-02, STX-03); for an amount per unit, the net amount of those units."""
    match tax.form.origin:
        case TaxOrigin.PERCENT_OF_TAX:
            return amounts.get(tax.base_code or "", ZERO)
        case TaxOrigin.PERCENT_OF_GROSS:
            on_gross = [one.code for one in taxes if one.form.origin is TaxOrigin.PERCENT_OF_GROSS]
            later = on_gross[on_gross.index(tax.code) :]
            return net + sum((amounts[one.code] for one in taxes if one.code not in later), ZERO)
        case _:
            return net


def _record(
    document: TaxDocument, line: ProposalLine, tax: ChargedTax | None, base: Decimal, accounting: Decimal, of: _Taken
) -> TaxRecord:
    invoice = document.invoice
    return TaxRecord(
        company=document.company,
        direction=document.direction,
        tax_date=invoice.invoice_date,
        accounting_date=document.accounting_date,
        invoice=invoice.invoice_number,
        voucher=document.voucher,
        other=document.other,
        line=line.line_number,
        actual_id=line.actual_id,
        sales_tax_group=line.sales_tax_group,
        item_sales_tax_group=line.item_sales_tax_group,
        code=tax.code if tax else None,
        percent=tax.percent if tax else None,
        origin=tax.form.origin if tax else None,
        account=of.account,
        currency=invoice.currency,
        base=base,
        tax=of.tax,
        accounting_base=accounting,
        accounting_tax=of.accounting,
        not_deductible=of.lost,
        accounting_not_deductible=of.accounting_lost,
    )


# --- sums -------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Sides:
    """Bases and taxes in one currency: of what is charged, and, positive too, of what is credited (STX-05)."""

    taxable: Decimal = ZERO
    tax_free: Decimal = ZERO
    tax: Decimal = ZERO
    credited: Decimal = ZERO
    credited_tax_free: Decimal = ZERO
    credited_tax: Decimal = ZERO
    not_deductible: Decimal = ZERO
    """Signed: of what is charged and of what is credited together."""

    def add(self, record: TaxRecord, base: Decimal, tax: Decimal, not_deductible: Decimal) -> None:
        self.not_deductible += not_deductible
        if record.is_credit:
            self.credited_tax -= tax
            if record.is_tax_free:
                self.credited_tax_free -= base
            else:
                self.credited -= base
        else:
            self.tax += tax
            if record.is_tax_free:
                self.tax_free += base
            else:
                self.taxable += base

    @property
    def base(self) -> Decimal:
        return self.taxable + self.tax_free - self.credited - self.credited_tax_free

    @property
    def due(self) -> Decimal:
        """What is left to pay, or to get back."""
        return self.tax - self.credited_tax


@dataclass(frozen=True, slots=True, order=True)
class RowKey:
    """A row of the report: a code's interval. ``authority`` is empty where the code has no settlement period."""

    direction: Direction
    authority: str
    interval: Interval
    code: str


@dataclass(slots=True)
class TaxRow:
    """``accounting`` has the sums in accounting currency, ``documents`` those in each currency of the documents."""

    accounting: Sides = field(default_factory=Sides)
    documents: defaultdict[str, Sides] = field(default_factory=lambda: defaultdict(Sides))


class NotPosted(NamedTuple):
    """What a lender has billed and the borrower has not posted here: in no sum (STX-12)."""

    invoice: Invoice
    status: VendorInvoiceStatus


@dataclass(frozen=True, slots=True)
class Difference:
    """Two figures that should be one, of which document, in which currency; ``expected`` is the report's."""

    what: Differs
    invoice: str
    voucher: str | None
    code: str | None
    account: str | None
    expected: Decimal | None
    found: Decimal | None
    currency: str
    detail: str


Settled = Callable[[str, date], tuple[str, Interval] | None]
"""The authority that a code is due to, and its interval with a day."""


@dataclass(slots=True)
class TaxReport:
    """The sums of a company's documents with tax dates in ``asked``; the order in which they come does not matter.

    ``nets``: what the documents come to without tax, by direction, each line once. ``accounts``: by direction,
    code and account, what the records say and what the ledger says. ``code``: only what this code, or ``NONE``, is
    charged on. ``not_posted``: what lenders have billed, whatever it is charged, and is not posted here.
    """

    company: str
    currency: str
    asked: Interval
    settled: Settled
    code: str | None = None
    documents: int = 0
    rows: defaultdict[RowKey, TaxRow] = field(default_factory=lambda: defaultdict(TaxRow))
    nets: defaultdict[Direction, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    accounts: defaultdict[tuple[Direction, str, str], list[Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: [ZERO, ZERO])
    )
    not_posted: list[NotPosted] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    def add(self, document: TaxDocument, vouchers: Iterable[Voucher] = ()) -> list[TaxRecord]:
        """Adds a document and what its vouchers say. Returns its records, those of ``code`` if one is asked for."""
        every = list(records(document))
        self.documents += 1
        self.nets[document.direction] += sum(
            (accounting_net(document, line) for line in document.lines if line.chargeable), ZERO
        )
        ours = [record for record in every if self.code in (None, record.code or NONE)]
        for record in ours:
            row = self.rows[self._key(record)]
            row.accounting.add(record, record.accounting_base, record.accounting_tax, record.accounting_not_deductible)
            row.documents[record.currency].add(record, record.base, record.tax, record.not_deductible)
        self.differences += [*unlike_itself(document, every), *_other_costs(document)]
        self._compare(document, every, vouchers)
        return ours

    def cannot_tell(self, number: str, voucher: str | None, currency: str, what: Differs, detail: str) -> None:
        """Notes a document that the report lacks."""
        self.documents += 1
        self.differences.append(Difference(what, number, voucher, None, None, None, None, currency, detail))

    def _key(self, record: TaxRecord) -> RowKey:
        found = self.settled(record.code, record.tax_date) if record.code else None
        authority, interval = found or ("", self.asked)
        return RowKey(record.direction, authority, interval, record.code or NONE)

    def _compare(self, document: TaxDocument, every: Sequence[TaxRecord], vouchers: Iterable[Voucher]) -> None:
        """STX-09: the sum of a code's taxes is the movement of its account by the same voucher."""
        both: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        for record in every:
            if record.code and record.accounting_tax:
                both[record.code, record.account or ""][0] += record.accounting_tax
        of_taxes, sign = (PostingType.SALES_TAX_PAYABLE, -1)
        if document.received:
            of_taxes, sign = (PostingType.SALES_TAX_RECEIVABLE, 1)
        for voucher in vouchers:
            for line in voucher.lines:
                if line.posting_type is of_taxes:
                    both[line.sales_tax_code or "", line.account][1] += sign * line.accounting_amount
        for (code, account), (reported, moved) in both.items():
            if self.code not in (None, code):
                continue
            sums = self.accounts[document.direction, code, account]
            sums[0] += reported
            sums[1] += moved
            if reported != moved:
                self.differences.append(
                    Difference(
                        Differs.LEDGER,
                        document.invoice.invoice_number,
                        document.voucher,
                        code,
                        account,
                        reported,
                        moved,
                        self.currency,
                        f"voucher {document.voucher} moves account {account or '(none)'} by another amount",
                    )
                )


def _other_costs(document: TaxDocument) -> Iterator[Difference]:
    """Where a borrower's cost of a line is not what was charged but for the tax that is got back."""
    for line in document.lines if document.received else ():
        lost = sum((one.lost for one in _received(document, line).values()), ZERO) if line.chargeable else ZERO
        costs = sum((one.amount for one in document.entries(line) if not one.sales_tax_code), ZERO)
        if costs != net_of(line) + lost:
            yield Difference(
                Differs.LEDGER,
                document.invoice.invoice_number,
                document.voucher,
                None,
                None,
                net_of(line) + lost,
                costs,
                document.invoice.currency,
                f"voucher {document.voucher} has another cost of line {line.line_number} (actual {line.actual_id})",
            )


def unlike_itself(document: TaxDocument, every: Iterable[TaxRecord]) -> Iterator[Difference]:
    """Where a document's records do not add up to its lines, and its lines not to its header."""
    invoice, by_line = document.invoice, defaultdict[int, Decimal](lambda: ZERO)
    for record in every:
        by_line[record.line] += record.tax + record.not_deductible
    charged = [line for line in document.lines if line.chargeable]

    def differ(what: Differs, expected: Decimal, found: Decimal, detail: str) -> Iterator[Difference]:
        if expected != found:
            yield Difference(
                what,
                invoice.invoice_number,
                document.voucher,
                None,
                None,
                expected,
                found,
                invoice.currency,
                detail,
            )

    for line in charged:
        told = f"the sales tax of line {line.line_number} (actual {line.actual_id}) is not the sum of its codes"
        yield from differ(Differs.LINE, by_line[line.line_number], line.sales_tax_amount or ZERO, told)
    net = sum(map(net_of, charged), ZERO)
    yield from differ(Differs.DOCUMENT, net, invoice.subtotal, "the subtotal of the document is not that of its lines")
    tax = sum(by_line.values(), ZERO)
    yield from differ(
        Differs.DOCUMENT, tax, invoice.sales_tax, "the sales tax of the document is not that of its lines"
    )
