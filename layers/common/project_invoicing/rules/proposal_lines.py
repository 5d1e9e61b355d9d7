"""Which lines a proposal gets from its billed actuals, or what it has to wait for. Pure: reads and writes nothing.

All or none (INV-04): the billed set must equal the proforma's, and every time-and-material line's unbilled sale must be
posted (STG-05 to STG-09, MS-17). Actuals without money are waited for too, but contribute no amount (99-21).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial

from project_invoicing.domain.actual import Proforma, Reference, fee_id, in_order, may_have_fee
from project_invoicing.domain.codes import (
    ON_ACCOUNT,
    SECOND_REASONS,
    BillingMethod,
    ConnectionRole,
    LineKind,
    StagingState,
    TransactionClass,
    WaitReason,
)
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.named import Named
from project_invoicing.domain.proposal_line import KINDS, ProposalLine, subtotal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.text import number_of
from project_invoicing.domain.waits import ANY_INVOICE, ANY_JOURNAL
from project_invoicing.rules.defaults import ruled_tags
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.lineage import CONTINUED, NOTHING_BEFORE, Continued, continued_by
from project_invoicing.rules.owner import Blocked, Invalid, Owner, owner_of
from project_invoicing.rules.proforma import proforma_currency
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.rules.taking import Takers
from project_invoicing.rules.waiting import defect_wait
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.setup.lookups import FinanceSetup


@dataclass(slots=True)
class ProposalPlan:
    """What to do with a proposal's rows. It has lines only when ``waits`` is empty.

    ``own_waits`` are those of single rows; ``documents`` are the journals, and the proformas of invoices, whose posting
    would change something. ``billed_on`` is the accounting date that all its billed sales carry.
    """

    lines: list[tuple[StagedRow, ProposalLine]] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    own_waits: dict[str, Wait] = field(default_factory=dict)
    invalid: list[tuple[StagedRow, Invalid]] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)
    billed_on: date | None = None

    @property
    def second(self) -> bool:
        """Whether another document has taken what one of the rows would take."""
        return any(wait.reason in SECOND_REASONS for wait in self.own_waits.values())


def linked_ids(rows: Iterable[StagedRow]) -> set[str]:
    """The actuals needed to judge these rows: what they bill, reverse or replace."""
    return {row.links[role] for row in rows for role in CONTINUED if role in row.links}


def plan(
    proforma: Proforma,
    company: str,
    rows: Sequence[StagedRow],
    existing: Sequence[ProposalLine],
    linked: Mapping[str, StagedRow],
    setup: FinanceSetup,
    takers: Takers | None = None,
) -> ProposalPlan:
    """Judges all billed rows of one proforma. ``existing`` are lines that an interrupted run already wrote."""
    result = ProposalPlan()
    takers = takers or Takers()
    asked: dict[str, StagedRow] = {}
    here, written = {row.id: row for row in rows}, {line.actual_id: line for line in existing}
    currency, together = proforma_currency(proforma, setup), here.keys() | written.keys()
    judge = _Judge(result, company, currency, linked, here, together, setup)
    lines: list[tuple[tuple[object, ...], StagedRow, ProposalLine]] = []
    for row in sorted(rows, key=lambda row: row.id):
        continued = continued_by(row, linked, here, written)
        resolved = guarded("actual", row.id, resolve, row.actual, setup, before=continued.lineage)
        wait = judge.of(row, resolved)
        if isinstance(resolved, Resolved):
            wait = wait or takers.second(row, asked, setup)
            line = proposal_line(row, resolved, linked, continued)
            if not resolved.continues and setup.active_tags(company):
                line = replace(line, tags=ruled_tags(resolved, line.tags, company, setup))
            order = (not line.shown, resolved.transaction_date, line.project or "", *in_order(row.actual))
            lines.append((order, row, line))
        if wait:
            result.own_waits[row.id] = wait
    result.waits = list(result.own_waits.values())
    if len(lines) == len(rows):
        required = setup.parameters(company).require_invoice_total
        money = partial(Figures(setup).money, currency=judge.currency)
        result.waits += _completeness(proforma, [*existing, *(line for _, _, line in lines)], required, money)
    first = 1 + max((line.line_number for line in existing), default=0)
    for number, (_, row, line) in enumerate(sorted(lines, key=lambda entry: entry[0]), start=first):
        result.lines.append((row, replace(line, line_number=number)))
    return result


@dataclass(frozen=True, slots=True)
class _Judge:
    """What single rows of a proforma wait for. ``together``: all actuals meant for the proposal."""

    result: ProposalPlan
    company: str
    currency: str | None
    linked: Mapping[str, StagedRow]
    rows: Mapping[str, StagedRow]
    together: Set[str]
    setup: FinanceSetup

    def of(self, row: StagedRow, resolved: Resolved | Blocked | Invalid | Defect) -> Wait | None:
        if isinstance(resolved, Resolved):
            return self._foreign(row, resolved) or self._unposted(row, resolved)
        if isinstance(resolved, Blocked):
            return resolved.wait
        if isinstance(resolved, Defect):
            return defect_wait(resolved, row.id)
        self.result.invalid.append((row, resolved))
        return Wait(WaitReason.BILLED_SALES_MISMATCH, f"{resolved.field}: {resolved.detail}", row.id)

    def _foreign(self, row: StagedRow, resolved: Resolved) -> Wait | None:
        """A row of another company or currency than its proforma can never be on its invoice (INV-28)."""
        if resolved.company != self.company:
            detail = f"the actual belongs to {resolved.company}, its proforma to {self.company}"
        elif resolved.currency != self.currency:
            detail = f"the actual is in {resolved.currency}, its proforma in {self.currency}"
        else:
            return None
        return Wait(WaitReason.BILLED_SALES_MISMATCH, detail, row.id)

    def _unposted(self, row: StagedRow, resolved: Resolved) -> Wait | None:
        """What a time-and-material row waits for: the posting of what it bills or takes back."""
        actual = row.actual
        if actual.transaction_class in ON_ACCOUNT or resolved.billing_method is BillingMethod.FIXED_PRICE:
            return None
        fee = actual.transaction_class is TransactionClass.FEE
        reason = WaitReason.FEE_NOT_POSTED if fee else WaitReason.UNBILLED_SALES_NOT_POSTED
        amount = Figures(self.setup).money(actual.amount, resolved.currency)
        original_id = row.links.get(ConnectionRole.ORIGINAL)
        unbilled_id = row.links.get(ConnectionRole.UNBILLED)
        if unbilled_id is None and original_id is not None:
            original = self.linked.get(original_id)
            if original_id in self.together or (original and original.state is StagingState.POSTED):
                return None
            proforma = original.actual.invoice if original else None
            document = proforma.id if proforma else ANY_INVOICE
            self.result.documents.add(document)
            detail = f"reverses billed actual {original_id} for {amount}, whose invoice is not posted"
            return Wait(reason, detail, original_id, document)
        if unbilled_id is None:
            detail = f"no transaction connection says which unbilled sale actual {row.id} bills; amount {amount}"
            return Wait(reason, detail, row.id)
        unbilled = self.linked.get(unbilled_id)
        if (unbilled and unbilled.state is StagingState.POSTED) or self._first_on_invoice(row):
            return None
        document = (unbilled.journal_id if unbilled else None) or ANY_JOURNAL
        self.result.documents.add(document)
        return Wait(reason, unposted(unbilled_id, unbilled, self.setup), unbilled_id, document)

    def _first_on_invoice(self, row: StagedRow) -> bool:
        """Whether it is the fee of a sale that had none before it was billed, so that nothing of it was accrued."""
        work = self.rows.get(row.actual.fee_of or "")
        unbilled = self.linked.get(work.links.get(ConnectionRole.UNBILLED, "")) if work else None
        return unbilled is not None and unbilled.state is StagingState.POSTED and not unbilled.actual.fee


def without_fee(rows: Sequence[StagedRow], linked: Mapping[str, StagedRow]) -> list[str]:
    """The billed sales that lack the fee that what they bill has: one of zero takes its accrual back (FEE-10)."""
    here = {row.id for row in rows}
    return [
        row.id
        for row in rows
        if may_have_fee(row.actual)
        and (unbilled := linked.get(row.links.get(ConnectionRole.UNBILLED, "")))
        and unbilled.actual.fee
        and fee_id(row.id) not in here
    ]


def unposted(id: str, sale: StagedRow | None, setup: FinanceSetup) -> str:
    """The status of an unbilled sale whose billed sale waits for its posting: amount, date, journal."""
    if sale is None:
        return f"unbilled sale {id} has not arrived"
    actual = sale.actual
    currency = setup.resolve(actual.currency.entity, actual.currency.id) if actual.currency else None
    day = day_of(sale, setup)
    where = f"on journal {sale.journal_id}" if sale.journal_id else f"in staging, {sale.state}"
    what = f"unbilled sale {id}{f' of {day}' if day else ''} for {Figures(setup).money(actual.amount, currency)}"
    return f"{what} is {where} and not posted"


def day_of(row: StagedRow, setup: FinanceSetup, company: str | None = None) -> str | None:
    """The day of an actual in the time zone of its company, else of ``company``, if either is known."""
    written = row.actual.start or row.actual.document_date
    owner = owner_of(row.actual, setup)
    company = row.company or (owner.company if isinstance(owner, Owner) else company)
    if not written or not company or not setup.company(company):
        return written
    return setup.local_date(company, written).isoformat()


def _completeness(
    proforma: Proforma, lines: Sequence[ProposalLine], total_required: bool, money: Callable[[Decimal], str]
) -> list[Wait]:
    if not lines:
        return [Wait(WaitReason.BILLED_SALES_MISMATCH, "no billed sales actual of this proforma has arrived")]
    if proforma.total is None:
        if not total_required:
            return []
        detail = "the proforma carries no totallineitemamount, so that nobody can tell whether all its actuals are here"
        return [Wait(WaitReason.INVOICE_TOTAL_MISSING, detail)]
    found = subtotal(list(lines))
    sent = found - sum((line.rounded_by for line in lines), ZERO)
    if proforma.total in (found, sent):  # Dataverse may add up amounts with more digits than the currency has
        return []
    missing = proforma.total - found
    differs = f"{money(missing)} is missing" if missing > 0 else f"{money(-missing)} is too much"
    detail = f"{_counted(lines)} to {money(found)}, the proforma to {money(proforma.total)}: {differs}"
    return [Wait(WaitReason.BILLED_SALES_MISMATCH, detail)]


def _counted(lines: Sequence[ProposalLine]) -> str:
    """The actuals that Dataverse has: a fee that is a column of its sale is a line, and no actual there (OAT-11)."""
    fees = {line.actual_id for line in lines if line.kind is LineKind.FEE}
    own = sum(fee_id(line.actual_id) in fees for line in lines) if fees else 0
    told = len(lines) - own
    with_fees = f", {number_of(own, 'of them with a fee', 'of them with fees')}," if own else ""
    return f"{number_of(told, 'billed sales actual')}{with_fees} {'sums' if told == 1 else 'sum'}"


def proposal_line(
    row: StagedRow, resolved: Resolved, linked: Mapping[str, StagedRow], continued: Continued = NOTHING_BEFORE
) -> ProposalLine:
    """The line of a billed row, without a number yet. ``linked`` has what it bills, for the accrual.

    ``resolved`` includes what the line inherits from ``continued``.
    """
    actual = row.actual
    unbilled = linked.get(row.links.get(ConnectionRole.UNBILLED, ""))
    chargeable = resolved.chargeable
    return ProposalLine(
        line_number=0,
        actual_id=actual.id,
        kind=KINDS[actual.transaction_class],
        transaction_class=actual.transaction_class,
        quantity=actual.quantity,
        unit_price=actual.price,
        amount=resolved.amount - resolved.discount if chargeable else ZERO,
        chargeable=chargeable,
        shown=chargeable or resolved.on_invoice,
        category=resolved.category,
        line_property=resolved.line_property,
        sales_tax_group=resolved.sales_tax_group,
        item_sales_tax_group=resolved.item_sales_tax_group,
        resource=resolved.resource,
        project=resolved.project,
        contract=resolved.contract,
        contract_line=resolved.contract_line,
        description=actual.external_description or actual.description,
        dimensions=resolved.dimensions,
        accruals=(unbilled.accrual,) if unbilled and unbilled.accrual else (),
        discount=resolved.discount,
        rounded_by=resolved.amount - actual.amount if chargeable else ZERO,
        took=row.takes,
        takes_back=continued.takes_back,
        continues=resolved.charges,
        transaction_date=resolved.transaction_date,
        unit=Named(actual.unit) if actual.unit else None,
        task=named(actual.task),
        role=named(actual.role),
        tags=resolved.tags,
    )


def named(reference: Reference | None) -> Named | None:
    """What a line names that finance has no master data of: by its id, with the name that the event carried."""
    return Named(reference.id, reference.name) if reference else None
