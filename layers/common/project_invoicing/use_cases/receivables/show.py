"""What is open of one invoice, and what a file says of payments, for whoever asks by hand."""

from __future__ import annotations

from project_invoicing.domain.payment import Payment
from project_invoicing.errors import Rejected
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.payment_form import payment_of, payments_in
from project_invoicing.store.receivables import Receivables
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.receivables.shown import Row, receivable_row


def show(place: ListPlace, company: str, number: str) -> Row | None:
    """``receivable_row`` of a posted invoice; ``None`` where there is none."""
    store = place.stores.proposals.invoices
    invoice = store.get(company, number)
    if invoice is None:
        return None
    return receivable_row(invoice, Receivables(store.client, store.table).get(company, number), Figures(place.setup))


def read_file(name: str, text: bytes) -> tuple[list[tuple[int, Payment]], list[str]]:
    """The payments in a file with their lines, and what is wrong with its other rows.

    Raises ``Rejected`` for a file that nobody can read.
    """
    payments: list[tuple[int, Payment]] = []
    problems: list[str] = []
    for line, row in payments_in(name, text):
        try:
            payments.append((line, payment_of(row)))
        except Rejected as rejected:
            problems.append(f"{name} line {line}: {rejected.detail}")
    return payments, problems
