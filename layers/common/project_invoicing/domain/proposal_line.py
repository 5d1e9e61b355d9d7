"""Lines of an invoice proposal: which billed actuals become lines, when, and of which kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from project_invoicing.domain.codes import LineKind, TransactionClass
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.lineage import Charge
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.named import Named

KINDS: dict[TransactionClass, LineKind] = {
    TransactionClass.TIME: LineKind.HOUR,
    TransactionClass.EXPENSE: LineKind.EXPENSE,
    TransactionClass.MATERIAL: LineKind.ITEM,
    TransactionClass.FEE: LineKind.FEE,
    TransactionClass.MILESTONE: LineKind.ON_ACCOUNT,
    TransactionClass.RETAINER: LineKind.ON_ACCOUNT,
}
"""PROP-08."""


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """One billed actual on a proposal. Amounts are in the proposal's currency, before tax and after discount.

    A line that is not ``shown`` is an actual without money that the proposal covers without a line on the invoice
    (99-21). ``accruals`` is what posting its unbilled sale accrued: none or one. Posting fills ``sales_tax_amount`` and
    ``accounting_amount``. ``discount`` is what ``amount`` was reduced by, ``rounded_by`` what rounding to the digits of
    the currency added to the amount from Dataverse. ``took`` is the actual that only this line may continue (99-25):
    the unbilled sale it bills, or the actual it takes back.

    ``takes_back`` is the billed actual that a credit line reverses. ``continues``, none or one, is what the posted line
    that it takes back or replaces was computed with, and ``retaxed`` says that a person has since chosen another tax.
    ``charges``, none or one, is what the line itself was computed with, filled by posting.

    ``transaction_date``, ``unit`` (a name), ``task`` and ``role`` are for the document: ``None`` on a line that an
    earlier version built. Posting fills ``project_name`` and ``contract_line_name``.
    """

    line_number: int
    actual_id: str
    kind: LineKind
    transaction_class: TransactionClass
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    chargeable: bool = True
    shown: bool = True
    category: str | None = None
    line_property: str | None = None
    sales_tax_group: str | None = None
    item_sales_tax_group: str | None = None
    resource: str | None = None
    project: str | None = None
    contract: str | None = None
    contract_line: str | None = None
    description: str | None = None
    dimensions: dict[str, str] | None = None
    accruals: tuple[Accrual, ...] = ()
    sales_tax_amount: Decimal | None = None
    accounting_amount: Decimal | None = None
    discount: Decimal = ZERO
    rounded_by: Decimal = ZERO
    took: str | None = None
    takes_back: str | None = None
    continues: tuple[Charge, ...] = ()
    retaxed: bool = False
    charges: tuple[Charge, ...] = ()
    transaction_date: date | None = None
    unit: Named | None = None
    task: Named | None = None
    role: Named | None = None
    project_name: Named | None = None
    contract_line_name: Named | None = None
    tags: dict[str, str] | None = None

    @property
    def inherited(self) -> Charge | None:
        """The charge whose taxes also apply to this line; ``None`` where the set-up decides them."""
        charge = self.continues[0] if self.continues else None
        return charge if charge and charge.taxes is not None and not self.retaxed else None


def subtotal(lines: list[ProposalLine]) -> Decimal:
    """The amount before tax: chargeable lines only (EDIT-08, PROP-07)."""
    return sum((line.amount for line in lines if line.chargeable), ZERO)
