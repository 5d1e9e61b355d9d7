"""Our own event about payments, apart from the others as few functions load it (D-092)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.domain.payment import Standing
from project_invoicing.events.details import Says
from project_invoicing.events.own import AMOUNT, Company, OwnEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaymentsChanged(OwnEvent):
    """Something else is settled of a posted invoice than before: a payment, a credit note, or the end of one."""

    TYPE: ClassVar[str] = "InvoicePaymentsChanged"
    STARTS: ClassVar[str] = "`accounting_writeback`: state and amount due of its proforma"

    company: Company
    invoice_number: Annotated[str, Says("the number of the posted invoice")]
    customer: Annotated[str, Says("the number of the customer")]
    changes: Annotated[int, Says("how often that has changed: of two of these the higher one is newer")]
    standing: Annotated[str, Says("how the invoice stands", values=tuple(Standing))]
    currency: Annotated[str, Says("the currency of the invoice and of its amounts")]
    total: Annotated[str, Says("the total of the invoice", AMOUNT)]
    open: Annotated[str, Says("what is open of it", AMOUNT)]
    over: Annotated[str, Says("what was settled beyond its total, which is the customer's", AMOUNT)]
