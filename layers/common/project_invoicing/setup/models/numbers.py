"""The forms of the numbers of journals, vouchers, proposals and invoices."""

from __future__ import annotations

from project_invoicing.setup.models.values import NumberFormat, Row


class ProposalNumbers(Row):
    """Whether a proforma's number may be below or above the ones before (NUM-01).

    ``format`` says where the counter is in it: ``#`` for the counter, ``?`` for one character that may be any, ``*``
    for any number of them, as in ``INV-#####-??????``. A number of another form is taken only where lower and higher
    ones both may be. Without a format the counter is what Dataverse counts in ``INV-01000-K7R9T4``, else the last
    digits.
    """

    allow_lower: bool = True
    allow_higher: bool = True
    format: NumberFormat | None = None


class NumberSequences(Row):
    journal: NumberFormat = "{company}-######"
    voucher: NumberFormat = "PV-########"
    invoice: NumberFormat = "FTI-########"
    intercompany: NumberFormat = "IC-######"
    proposal: ProposalNumbers = ProposalNumbers()
