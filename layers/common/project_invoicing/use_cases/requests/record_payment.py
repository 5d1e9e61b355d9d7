"""Says what receivables knows of a payment, in place of an event or a file of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.domain.payment import Payment
from project_invoicing.events.details import Says
from project_invoicing.events.own import AMOUNT, DATE, Company
from project_invoicing.rules.payment_form import payment_of
from project_invoicing.use_cases.requests.request import SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayment(SignedRequest):
    """Says what was settled of a posted invoice: of each settlement the newest version counts."""

    FUNCTION: ClassVar[str] = "ledger_answers"
    UNDER: ClassVar[str | None] = "payment"

    company: Company
    settlement_id: Annotated[str, Says("the id of the settlement, the same in each version of it")]
    version: Annotated[int, Says("a whole number from 1 that rises with each change of the settlement")]
    date: Annotated[str | None, Says("when it was settled; may be left out of what is canceled", DATE)] = None
    currency: Annotated[str | None, Says("the currency of the invoice; as date")] = None
    amount: Annotated[str | None, Says("what was paid, negative where a credit note is paid out", AMOUNT)] = None
    cash_discount: Annotated[str | None, Says("the cash discount that was taken", AMOUNT)] = None
    written_off: Annotated[str | None, Says("what was written off, as a difference of pennies", AMOUNT)] = None
    invoice_number: Annotated[str | None, Says("the number of the posted invoice")] = None
    credit_note: Annotated[str | None, Says("the credit note that gives the amount to the invoice")] = None
    customer: Annotated[str | None, Says("the number of the customer, where it is settled against nothing")] = None
    canceled: Annotated[bool | None, Says("whether it counts no more")] = None

    @property
    def payment(self) -> Payment:
        """Raises ``Rejected`` for what fits no payment."""
        return payment_of(self.as_detail())
