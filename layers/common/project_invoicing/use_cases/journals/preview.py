"""Dry run of a journal's posting: the vouchers it would get and the lines that would fail; nothing is written."""

from __future__ import annotations

from project_invoicing.domain.codes import JournalStatus, PostingFailure
from project_invoicing.domain.journal import Journal, refusals
from project_invoicing.domain.refusals import Refusal
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.journal_posting import PostedLine
from project_invoicing.store.journals import Journals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.journals.judged import judged
from project_invoicing.use_cases.result_rows import ResultRow, voucher_row
from project_invoicing.use_cases.setups import SetupVersions


def preview_journal(journals: Journals, staging: Staging, setups: SetupVersions, journal: Journal) -> ResultRow:
    """What posting a journal would make, as far as it is not posted.

        {"journal_id", "company", "status", "lines": [{…}], "vouchers": [{…}], "failing": 0, "refused": null}

    with vouchers as results print them (contract, section 4). A line that would fail has its ``error``; ``refused`` is
    the first reason, or why nothing of the journal can be posted.
    """
    made = judged(journals, staging, setups, journal)
    show = Figures(made.setup)
    lines = [one for page in made.pages for one in page.lines]
    refused = next(iter([*_not_now(journal), *refusals(journal, made.failing)]), None)
    return {
        "journal_id": journal.journal_id,
        "company": journal.company,
        "status": journal.status,
        "lines": [_line(one, show) for one in lines],
        "vouchers": [voucher_row(one.voucher, show) for one in lines if one.voucher],
        "failing": len(made.failing),
        "refused": {"reason": refused.reason, "detail": refused.detail} if refused else None,
    }


def _not_now(journal: Journal) -> list[Refusal]:
    """Why a posting would do nothing with the journal as it is."""
    if journal.status is JournalStatus.POSTED:
        return [_refused(journal, PostingFailure.ALREADY_POSTED, "is posted")]
    if journal.status is JournalStatus.ERROR:
        return [_refused(journal, PostingFailure.LINES_MISSING, "is in error until it is reset")]
    return [] if journal.line_count else [_refused(journal, PostingFailure.LINES_MISSING, "has no lines")]


def _refused(journal: Journal, reason: PostingFailure, why: str) -> Refusal:
    return Refusal(journal.company, journal.journal_id, reason, f"journal {journal.journal_id} {why}")


def _line(one: PostedLine, show: Figures) -> ResultRow:
    line = one.line
    return {
        "line_number": line.line_number,
        "actual_id": line.actual_id,
        "kind": line.kind,
        "class": line.transaction_class,
        "category": line.category,
        "quantity": show.figure(line.quantity),
        "amount": show.amount(line.amount, line.currency),
        "currency": line.currency,
        "accounting_date": line.accounting_date.isoformat(),
        "sales_tax_group": line.sales_tax_group,
        "item_sales_tax_group": line.item_sales_tax_group,
        "voucher": line.voucher if one.voucher else None,
        "error": line.error,
        **({"tags": line.tags} if line.tags else {}),
    }
