"""A page of any list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from project_invoicing.use_cases.lists import (
    approvals,
    differences,
    invoices,
    journals,
    on_account,
    proposals,
    rejected,
    unexported,
    vouchers,
    waiting,
)
from project_invoicing.use_cases.lists.asked import Asked, Kind, Page, bad
from project_invoicing.use_cases.lists.place import ListPlace

PAGES: Final[Mapping[Kind, Callable[[ListPlace, Asked], Page[Any]]]] = {
    Kind.PROPOSALS: proposals.page,
    Kind.APPROVALS: approvals.page,
    Kind.JOURNALS: journals.page,
    Kind.INVOICES: invoices.page,
    Kind.WAITING: waiting.page,
    Kind.REJECTED: rejected.page,
    Kind.DIFFERENCES: differences.page,
    Kind.VOUCHERS: vouchers.page,
    Kind.UNEXPORTED: unexported.page,
    Kind.ON_ACCOUNT: on_account.page,
}

ROWS: Final[Mapping[Kind, type]] = {
    Kind.PROPOSALS: proposals.ProposalRow,
    Kind.APPROVALS: approvals.ApprovalRow,
    Kind.JOURNALS: journals.JournalRow,
    Kind.INVOICES: invoices.InvoiceRow,
    Kind.WAITING: waiting.WaitingRow,
    Kind.REJECTED: rejected.RejectedRow,
    Kind.DIFFERENCES: differences.DifferenceRow,
    Kind.VOUCHERS: vouchers.VoucherRow,
    Kind.UNEXPORTED: unexported.UnexportedRow,
    Kind.ON_ACCOUNT: on_account.OnAccountRow,
}


def page(place: ListPlace, asked: Asked) -> Page[Any]:
    """The rows that are asked for, as ``ROWS`` names their types. Raises ``Rejected`` for what a list does not know.

    A page is at most three requests, whatever the history, beside those for names that only rows of master data have.
    It may be short or even empty and still have a cursor.
    """
    if asked.company is not None and asked.company not in place.companies_of_proposals:
        known = ", ".join(place.companies)
        raise bad("company", f"the set-up has no company {asked.company}; there are {known}")
    if place.only is not None and not place.companies:  # of those that whoever asks may see, the set-up has none
        return Page()
    found = PAGES[asked.kind](place, asked.checked())
    return found if place.only is None else Page([row for row in found.rows if place.sees(row.company)], found.cursor)
