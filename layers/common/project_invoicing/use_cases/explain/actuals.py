"""Explains an actual from the stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.history import HistoryEntry
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.staged_item import StagedItem
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.rules.explaining.actual import actual_in_words, not_arrived_in_words
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.rules.explaining.facts import ActualFacts, OnJournal, OnProposal, is_posted_with, wait_now
from project_invoicing.rules.explaining.history import woven
from project_invoicing.rules.waiting import waits_as
from project_invoicing.store.whole_tables import staged_item
from project_invoicing.use_cases.explain.batches import say_where
from project_invoicing.use_cases.explain.blockers import blockers, not_taken
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.lists.facts import ReferenceFacts


def explain_actual(stores: Stores, id: str) -> Explanation | None:
    """Everything known about an actual; ``None`` if nothing is."""
    item = staged_item(stores.staging, id)
    if item and item.row:
        _look_ahead(stores, item.row.actual)
        facts = _facts(stores, item, item.row)
        made = actual_in_words(facts, stores.setup)
        _say_where(stores, made, facts)
        if on := item.row.correction_journal:
            made.facts["correction journal"] = f"{on}, which is not posted, has what its invoice left of its accrual"
        return woven(made, [*stores.staging.history(ACTUAL, id), *_corrections(stores, item.row)])
    links = item.links if item else {}
    linked = stores.staging.readable(links.values())
    absent = not_arrived_in_words(id, not_taken(stores, ACTUAL, id), links, linked, stores.setup)
    return woven(absent, stores.staging.history(ACTUAL, id)) if absent else None


def _corrections(stores: Stores, row: StagedRow) -> Iterator[HistoryEntry]:
    """Who moved what was posted with the row, with the numbers of the vouchers."""
    if not row.corrections:
        return
    from project_invoicing.store import finance_vouchers  # noqa: PLC0415 - most rows have none

    client, table = stores.journals.client, stores.journals.table
    for source, number, borrower in row.corrections:
        if not number:  # its entry is in the history of the actual
            continue
        company = {"company": borrower} if borrower else {}
        for made in finance_vouchers.history(client, table, borrower or str(row.company), source, number):
            yield replace(made, after={**made.after, "voucher": number, **company})


def _look_ahead(stores: Stores, actual: Actual) -> None:
    """Reads in one request the rows whose names will be shown; each would be a request of its own."""
    named = (actual.project, actual.contract, actual.contract_line, actual.customer)
    of_line = (actual.currency, actual.category, actual.resource, actual.product)
    stores.setups.seeing(ReferenceFacts(one) for one in (*named, *of_line) if one)


def _say_where(stores: Stores, made: Explanation, facts: ActualFacts) -> None:
    """Where what was posted with it stands on its way to the general ledger."""
    row, on_proposal = facts.row, facts.proposal
    if row.state is not StagingState.POSTED or not row.company or not row.voucher:
        return
    if row.journal_id:
        say_where(stores, made, JOURNAL, row.company, row.journal_id, row.voucher)
    elif on_proposal and on_proposal.header and on_proposal.header.invoice_number:
        say_where(stores, made, INVOICE, row.company, on_proposal.header.invoice_number, row.voucher)


def _facts(stores: Stores, item: StagedItem, row: StagedRow) -> ActualFacts:
    linked = stores.staging.readable(row.links.values())
    header = stores.proposals.get(row.actual.invoice.id) if row.queued and row.actual.invoice else None
    wait = waits_as(row, header)
    now = [wait_now(row, header, wait, linked, stores.setup)] if wait else []
    number = row.intercompany_proposal
    return ActualFacts(
        row=row,
        reason=item.reason,
        not_taken=not_taken(stores, ACTUAL, row.id),
        linked=linked,
        taker=stores.staging.readable([row.taken_by]).get(row.taken_by) if row.taken_by else None,
        header=header,
        wait=wait,
        blockers=blockers(stores, now),
        journal=_on_journal(stores, row, row.journal_id) if row.journal_id else None,
        proposal=_on_proposal(stores, row, row.proposal_id) if row.proposal_id else None,
        between=stores.proposal_numbered(row.company, number) if number else None,
        late=stores.off(row)[1] if row.late and not row.actual.inactive else None,
    )


def _on_journal(stores: Stores, row: StagedRow, journal_id: str) -> OnJournal:
    company = str(row.company)
    journal = stores.journals.get(company, journal_id)
    found = stores.journals.line(company, journal_id, row.line_number or 0, row.id)
    if journal is None or found is None or row.state is not StagingState.POSTED:
        return OnJournal(journal, found[0] if found else None)
    return OnJournal(journal, found[0], list(stores.vouchers(JOURNAL, company, journal_id)))


def _on_proposal(stores: Stores, row: StagedRow, number: str) -> OnProposal:
    header = stores.proposal_numbered(row.company, number)
    if header is None or row.accounting_amount is None or not is_posted_with(row, header):
        return OnProposal(header)
    vouchers = stores.vouchers(INVOICE, str(header.company), str(header.invoice_number))
    return OnProposal(header, list(vouchers))
