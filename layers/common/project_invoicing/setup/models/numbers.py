"""The number formats of journals, vouchers, proposals and invoices."""

from __future__ import annotations

from project_invoicing.domain.ledger import PERSONS
from project_invoicing.setup.models.row import SetupRow
from project_invoicing.setup.models.values import NumberFormat


class ProposalNumbers(SetupRow):
    """Whether a proforma's number may be lower or higher than those before it (NUM-01).

    ``format`` says where the counter is: ``#`` for the counter, ``?`` for any one character, ``*`` for any number of
    characters, as in ``INV-#####-??????``. A number of another form is accepted only where both lower and higher ones
    are. Without a format the counter is the one Dataverse counts in ``INV-01000-K7R9T4``, else the last digits.
    """

    allow_lower: bool = True
    allow_higher: bool = True
    format: NumberFormat | None = None


class NumberSequences(SetupRow):
    """``voucher`` numbers what journals and invoices post.

    ``post_costs``, ``adjust_accounting``, ``accrual_reconciliation`` and ``vendor_invoice`` number the vouchers of what
    a person posts beside them. All of these differ, so that a number is one voucher.
    """

    journal: NumberFormat = "{company}-######"
    voucher: NumberFormat = "PV-########"
    invoice: NumberFormat = "FTI-########"
    intercompany: NumberFormat = "IC-######"
    correction_journal: NumberFormat = "ARJ-######"
    proposal: ProposalNumbers = ProposalNumbers()
    post_costs: NumberFormat = "PCV-######"
    adjust_accounting: NumberFormat = "AAV-######"
    accrual_reconciliation: NumberFormat = "ARV-########"
    vendor_invoice: NumberFormat = "VIV-######"

    def vouchers(self) -> dict[str, str]:
        """The formats of voucher numbers: that of journals and invoices, and of each source that persons make."""
        return {name: getattr(self, name) for name in ("voucher", *PERSONS)}
