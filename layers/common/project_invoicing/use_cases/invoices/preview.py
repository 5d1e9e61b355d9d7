"""Dry run of the posting: the invoice and the voucher that a proposal would get; nothing is written.

The figures come from the same code as in posting (``drafted``, ``invoice_voucher``). No number is drawn: invoice and
voucher numbers are null, unless a posting that has begun has drawn them (D-014).
"""

from __future__ import annotations

from typing import Final

from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.errors import Rejected
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.invoice_voucher import invoice_voucher
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.documents.requests import proposals_named
from project_invoicing.use_cases.invoices.draft import drafted, invoice_of
from project_invoicing.use_cases.result_rows import ResultRow, invoice_row, proposal_line_row, voucher_row
from project_invoicing.use_cases.setups import SetupVersions

ENTITY: Final = "preview"
_NOT_DRAWN: Final = ""


def preview(
    proposals: Proposals,
    staging: Staging,
    setups: SetupVersions,
    number: str,
    now: str,
    company: str | None = None,
    invoice_date: str | None = None,
) -> list[ResultRow]:
    """What posting each proposal with this number would create, or why it would be refused. One row per company.

        {"proposal_id", "company", "status", "invoice": {…}, "lines": [{…}], "voucher": {…}, "refused": null}

    with invoice, lines and voucher as results print them (contract, section 4), the voucher null where it has no line;
    or null, [] and null beside ``"refused": {"reason", "detail"}``. Raises ``Rejected`` for an unknown number or a
    malformed date.
    """
    if invoice_date is not None:
        given_day(invoice_date, "invoice_date")
    companies = [company] if company else list(setups.current.document.companies)
    headers = proposals_named(proposals, companies, number)
    if not headers:
        raise Rejected("schema", f"there is no proposal {number}", entity=ENTITY, field="proposal_id")
    return [_one(proposals, staging, setups, header, invoice_date, now) for header in headers]


def _one(
    proposals: Proposals, staging: Staging, setups: SetupVersions, header: Proposal, given: str | None, now: str
) -> ResultRow:
    row: ResultRow = {"proposal_id": header.number, "company": header.company, "status": header.status}
    number, voucher_number = header.invoice_number or _NOT_DRAWN, header.voucher or _NOT_DRAWN
    try:
        draft, setup, *_ = drafted(proposals, staging, setups, header, given, now)
        invoice = invoice_of(proposals, header, draft, number, voucher_number)
        voucher = invoice_voucher(draft, voucher_number, number, setup)
    except Refused as refused:
        refusal = {"reason": refused.reason, "detail": refused.detail}
        return {**row, "invoice": None, "lines": [], "voucher": None, "refused": refusal}
    show = Figures(setup)
    return {
        **row,
        "invoice": _with_nulls(invoice_row(invoice, show)),
        "lines": [proposal_line_row(line, invoice.currency, show) for line in draft.totals.lines if line.shown],
        "voucher": _with_nulls(voucher_row(voucher, show)) if voucher.lines else None,
        "refused": None,
    }


def _with_nulls(row: ResultRow) -> ResultRow:
    return {name: None if value == _NOT_DRAWN else value for name, value in row.items()}
