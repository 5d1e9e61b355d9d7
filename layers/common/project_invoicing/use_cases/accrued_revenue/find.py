"""Finds what invoices left of accrued revenue, from the vouchers of some days (ARR-01 to ARR-06).

It reads what was invoiced on these days and nothing else: the index of the ledger, and for fifty invoices their
headers, their first pages, their vouchers and the unbilled sales they bill. What reversals left is looked for on
demand, in the journals of these days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from project_invoicing.chunks import chunks
from project_invoicing.domain.accrued_revenue import Imbalance, Taking, left_after, left_of, parts_of
from project_invoicing.domain.codes import ConnectionRole, StagingState, TransactionType
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import INVOICE, JOURNAL, Unbalanced, VoucherLine
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.accrued_revenue import Chosen, imbalance, in_order, may_bill, taken_back
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.ledger_ahead import DOCUMENTS, LedgerAhead
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging

_PLACES: Final = 500
"""Pages of the ledger that are looked for at once, in its index."""
_LONG_AGO: Final = date.min


@dataclass(frozen=True, slots=True)
class Sources:
    """What accrued revenue is compared by."""

    staging: Staging
    journals: Journals
    proposals: Proposals
    ledger: Ledger


@dataclass(slots=True)
class Found:
    """The imbalances, by project. ``unclear``: what a voucher took back that nobody can tell of which sale.

    ``invoices``: how many were looked at. ``sales``: the rows of the unbilled sales, as they were read.
    """

    rows: list[Imbalance] = field(default_factory=list)
    sales: dict[str, StagedRow] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)
    invoices: int = 0
    whole: bool = True


@dataclass(slots=True)
class _Sale:
    """An unbilled sale with everything that took its accrual back."""

    row: StagedRow
    takings: dict[str, Taking] = field(default_factory=dict)
    customer: str | None = None
    contract: str | None = None
    day: date | None = None

    @property
    def is_even(self) -> bool:
        """Whether nothing is left, and its row names nothing else that took it: most sales are forgotten at once."""
        row = self.row
        known = row.taken_by in self.takings or row.id in self.takings
        return (
            known
            and row.accrual is not None
            and not left_after(row.accrual, self.takings.values(), row.accrual_corrections)
        )


def find(sources: Sources, company: str, chosen: Chosen, *, most: int | None = None) -> Found:
    """The imbalances that are ``chosen``. Stops after ``most`` invoices, and is then not ``whole``."""
    found, sales = Found(), dict[str, _Sale]()
    ahead = LedgerAhead(sources.ledger.client, sources.ledger.table)
    for invoices in _invoices(sources, company, chosen):
        if most is not None and found.invoices + len(invoices) > most:
            found.whole = False
            break
        found.invoices += len(invoices)
        ahead.look_ahead(company, [(INVOICE, one.invoice_number) for one in invoices])
        _add(sources, ahead, invoices, sales, found.unclear)
    if chosen.reversals:
        _add_reversals(sources, company, chosen, sales)
    _add_others(sources, sales)
    rows = (_imbalance(sale) for sale in sales.values())
    found.rows = list(in_order(row for row in rows if row and chosen.has(row)))
    found.sales = {one.unbilled_id: sales[one.unbilled_id].row for one in found.rows}
    found.unclear.sort()
    return found


def again(sources: Sources, known: Mapping[str, Sequence[Taking]]) -> dict[str, tuple[StagedRow, tuple[Taking, ...]]]:
    """These unbilled sales as they are now, with what took them back as known, and what has since."""
    rows = sources.staging.readable(known)
    sales = {id: _Sale(row, {one.billed_id: one for one in known[id]}) for id, row in rows.items() if id in known}
    _add_others(sources, sales)
    return {id: (sale.row, tuple(sale.takings.values())) for id, sale in sales.items()}


def _imbalance(sale: _Sale) -> Imbalance | None:
    return imbalance(sale.row, sale.takings.values(), sale.customer, sale.contract, sale.day)


def _invoices(sources: Sources, company: str, chosen: Chosen) -> Iterator[list[Invoice]]:
    """The posted invoices with vouchers on these days, fifty at a time."""
    before = f"0|{chosen.days.last.isoformat()}~"
    since = chosen.days.first.isoformat()
    while before:
        documents, before = sources.ledger.documents(company, INVOICE, _PLACES, since=since, before=before)
        for some in chunks([number for _, number in documents], DOCUMENTS):
            yield list(sources.proposals.invoices.many(company, some).values())


def _add(
    sources: Sources, ledger: Ledger, invoices: Sequence[Invoice], sales: dict[str, _Sale], unclear: list[str]
) -> None:
    lines = sources.proposals.invoices.whole(invoices)
    bills, rows = _bills(sources, invoices, lines)
    for invoice in invoices:
        billed = {
            line.actual_id: id
            for line in lines[invoice.invoice_number]
            if (id := bills[invoice.invoice_number].get(line.actual_id)) in rows and rows[id].accrual
        }
        if not billed:
            continue
        by_id = {line.actual_id: line for line in lines[invoice.invoice_number]}
        for taking in _takings(invoice, list(by_id.values()), ledger, rows, billed, unclear):
            id = billed[taking.billed_id]
            sale = sales.setdefault(id, _Sale(rows[id]))
            sale.takings[taking.billed_id] = taking
            line = by_id[taking.billed_id]
            sale.customer, sale.contract, sale.day = invoice.customer, line.contract, line.transaction_date
        for id in billed.values():
            if id in sales and sales[id].is_even:
                del sales[id]


def _takings(
    invoice: Invoice,
    lines: Sequence[ProposalLine],
    ledger: Ledger,
    rows: Mapping[str, StagedRow],
    billed: Mapping[str, str],
    unclear: list[str],
) -> Iterator[Taking]:
    """What the invoice took back of each accrual that it bills; ``billed``: the unbilled sale of each billed one."""
    projects = {by: accrual.project or "" for by, id in billed.items() if (accrual := rows[id].accrual)}
    try:
        voucher = list(_voucher(ledger, invoice))
    except Unbalanced as unbalanced:
        unclear.append(f"invoice {invoice.invoice_number}: {unbalanced}")
        return
    taken = taken_back(invoice, lines, voucher, projects)
    unclear += taken.unclear
    for by in billed:
        parts = taken.by_line.get(by, ())
        yield Taking(by, invoice.invoice_number, invoice.voucher or "", invoice.accounting_date, parts)


def _voucher(ledger: Ledger, invoice: Invoice) -> Iterator[VoucherLine]:
    for voucher in ledger.vouchers(INVOICE, invoice.company, invoice.invoice_number):
        yield from voucher.lines


def _bills(
    sources: Sources, invoices: Iterable[Invoice], lines: Mapping[str, Sequence[ProposalLine]]
) -> tuple[dict[str, dict[str, str]], dict[str, StagedRow]]:
    """By invoice: the unbilled sale that each of its billed sales bills; and the rows of these unbilled sales.

    Between companies that is the sale itself. Else the row of a billed sale names it. Where that sale is taken by
    another, or none is named and yet an accrual was taken back, the line of the proposal tells: a connection may have
    changed since.
    """
    found: dict[str, dict[str, str]] = {}
    billing: dict[str, tuple[Invoice, ProposalLine]] = {}
    for invoice in invoices:
        own = invoice.borrower is not None
        number = invoice.invoice_number
        found[number] = {line.actual_id: line.actual_id for line in lines[number] if own}
        billing |= {line.actual_id: (invoice, line) for line in lines[number] if not own and may_bill(line)}
    billed = sources.staging.readable(billing) if billing else {}
    named = {id: row.links.get(ConnectionRole.UNBILLED) for id, row in billed.items()}
    wanted = {id for id in named.values() if id} | {id for some in found.values() for id in some}
    rows = sources.staging.readable(wanted) if wanted else {}
    told: dict[str, dict[str, str]] = {}
    for id, by_row in named.items():
        invoice, line = billing[id]
        unbilled = by_row
        taker = rows[unbilled].taken_by if unbilled in rows else None
        if (taker or id) != id or (unbilled is None and line.accruals):
            if invoice.proforma_id not in told:
                of_proposal = sources.proposals.lines(invoice.proforma_id)
                told[invoice.proforma_id] = {one.actual_id: one.took for one in of_proposal if one.took}
            unbilled = told[invoice.proforma_id].get(id, unbilled)
        if unbilled:
            found[invoice.invoice_number][id] = unbilled
    missing = {id for some in found.values() for id in some.values()} - rows.keys()
    return found, rows | (sources.staging.readable(missing) if missing else {})


def _add_others(sources: Sources, sales: Mapping[str, _Sale]) -> None:
    """Adds what took a sale on another day: its row names what continues it.

    Between companies a sale and its reversal are both invoiced, each under its own id, and nothing else takes them.
    """
    missing = {
        by: sale
        for id, sale in sales.items()
        if (by := sale.row.taken_by) and by not in sale.takings and id not in sale.takings
    }
    for id, row in (sources.staging.readable(missing) if missing else {}).items():
        taking = _other(sources, row, missing[id].row)
        if taking:
            missing[id].takings[id] = taking


def _reversed(row: StagedRow, journal: str, on: date) -> Taking:
    """What the reversal of an unbilled sale took back of its accrual."""
    parts = parts_of(row.accrual) if row.accrual else ()
    return Taking(row.id, "", row.voucher or "", on, left_of(parts), journal)


def _add_reversals(sources: Sources, company: str, chosen: Chosen, sales: dict[str, _Sale]) -> None:
    """Adds what posted journals of these days took back, journal by journal."""
    before, since = f"0|{chosen.days.last.isoformat()}~", chosen.days.first.isoformat()
    seen: set[str] = set()
    while before:
        documents, before = sources.ledger.documents(company, JOURNAL, _PLACES, since=since, before=before)
        for number in dict.fromkeys(number for _, number in documents if number not in seen):
            seen.add(number)
            _add_journal(sources, company, number, sales)


def _add_journal(sources: Sources, company: str, number: str, sales: dict[str, _Sale]) -> None:
    lines = {
        line.actual_id: line
        for page in sources.journals.pages(company, number)
        for line in page.lines
        if page.posted and line.original_id and line.kind is TransactionType.UNBILLED_SALES
    }
    if not lines:
        return
    rows = sources.staging.readable([*lines, *(str(line.original_id) for line in lines.values())])
    for id, line in lines.items():
        row, original = rows.get(id), rows.get(str(line.original_id))
        if row and original and original.accrual:
            sale = sales.setdefault(original.id, _Sale(original))
            sale.takings[id] = _reversed(row, number, line.accounting_date)
            sale.contract, sale.customer, sale.day = line.contract, line.customer, line.transaction_date
            if sale.is_even:
                del sales[original.id]


def _other(sources: Sources, row: StagedRow, sale: StagedRow) -> Taking | None:
    """What a posted row took of a sale's accrual: on an invoice, or on a journal as its reversal."""
    if row.state is not StagingState.POSTED or row.company is None or sale.accrual is None:
        return None
    if row.journal_id:
        return _reversed(row, row.journal_id, _LONG_AGO)
    proposals = sources.proposals
    proforma = proposals.by_number([row.company], row.proposal_id or "").get(row.company)
    header = proposals.get(proforma) if proforma else None
    invoice = proposals.invoices.get(row.company, header.invoice_number) if header and header.invoice_number else None
    if invoice is None:
        return None
    lines = proposals.invoices.lines(row.company, invoice.invoice_number)
    found = _takings(invoice, lines, sources.ledger, {sale.id: sale}, {row.id: sale.id}, [])
    return next(found, None)
