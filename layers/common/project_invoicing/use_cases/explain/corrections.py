"""Explains a correction journal of accrued revenue."""

from __future__ import annotations

from project_invoicing.domain.correction_journal import CorrectionStatus
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.rules.explaining.history import woven
from project_invoicing.rules.figures import Figures
from project_invoicing.store.correction_journals import CorrectionJournals
from project_invoicing.use_cases.explain.stores import Stores

_OPEN = (CorrectionStatus.DRAFT, CorrectionStatus.PARTLY_POSTED)


def explain_correction_journal(stores: Stores, company: str, number: str) -> Explanation | None:
    """Its lines, with their vouchers or why they have none; ``None`` if there is no such journal."""
    journals = CorrectionJournals(stores.journals.client, stores.journals.table)
    journal = journals.get(company, number)
    if journal is None:
        return None
    status = journal.status.replace("_", " ")
    headline = f"Correction journal {number} of accrued revenue is {status}: {journal.posted_lines} of {journal.lines} "
    made = Explanation("correction journal", number, company, f"{headline}lines are posted")
    if journal.description:
        made.facts["description"] = journal.description
    made.facts["voucher date"] = journal.voucher_date.isoformat() if journal.voucher_date else "none given yet"
    made.facts["corrects"] = f"what vouchers of {journal.wanted.first} to {journal.wanted.last} left"
    if journal.due:
        made.facts["left to the schedule"] = journal.due
    if journal.error:
        made.facts["not posted because"] = journal.error
    currency, figures = stores.setup.accounting_currency(company), Figures(stores.setup)
    for line in journals.lines(company, number):
        state = f"posted with voucher {line.voucher}" if line.voucher else line.error or "not posted"
        made.linked.append(
            {
                "role": "corrects",
                "id": line.unbilled_id,
                "what": f"line {line.line_number}",
                "amount": figures.amount(line.amount, currency),
                "currency": currency,
                "state": state,
            }
        )
        if line.error:
            made.advise_on(line.error.partition(":")[0])
    if journal.status in _OPEN and not journal.due:
        made.advise(f"post it: `invoicing accruals post {number} --company {company}`")
    return woven(made, journals.history(company, number))
