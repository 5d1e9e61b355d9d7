"""Every address of the workspace, the page behind it, and the role that a person needs.

A page is imported at the first call of its route, so that a cold start loads one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from project_invoicing.domain.actor import Role


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` has its variables in angle brackets, which the page gets by name. ``page`` is ``module:function``.

    ``role`` is ``None`` where nobody has to be signed in. A POST is checked for where it comes from. ``of_all``: about
    the whole stack, so only for those who may see all companies. ``files``: its form may have a file.
    """

    method: str
    path: str
    page: str
    role: Role | None = Role.VIEWER
    of_all: bool = False
    files: bool = False


ROUTES: Final = (
    Route("GET", "/", "pages.overview:show"),
    # proposals
    Route("GET", "/proposals", "pages.proposals:listed"),
    Route("GET", "/proposals/<id>", "pages.proposals:show"),
    Route("GET", "/proposals/<id>/preview", "pages.proposals:preview"),
    Route("GET", "/proposals/<id>/document", "pages.invoice_documents:preview"),
    Route("GET", "/proposals/<id>/document/html", "pages.invoice_documents:preview_paper"),
    Route("GET", "/proposals/<id>/document/pdf", "pages.invoice_documents:preview_file"),
    Route("GET", "/proposals/<id>/document/xml", "pages.invoice_documents:preview_xml"),
    Route("GET", "/proposals/<id>/progress", "pages.proposals:progress"),
    Route("POST", "/proposals/<id>/edit", "pages.proposal_changes:edit", Role.ACCOUNTANT),
    Route("POST", "/proposals/<id>/edit-lines", "pages.proposal_changes:edit_lines", Role.ACCOUNTANT),
    Route("POST", "/proposals/<id>/delete-lines", "pages.proposal_changes:delete_lines", Role.ACCOUNTANT),
    Route("POST", "/proposals/<id>/import", "pages.proposal_changes:import_again", Role.ACCOUNTANT),
    Route("POST", "/proposals/<id>/post", "pages.proposal_changes:post", Role.POSTER),
    # their approval
    Route("GET", "/approvals", "pages.approvals:listed"),
    Route("POST", "/proposals/<id>/submit", "pages.approvals:submit", Role.ACCOUNTANT),
    Route("POST", "/proposals/<id>/recall", "pages.approvals:recall", Role.ACCOUNTANT),
    Route("POST", "/proposals/<id>/judge", "pages.approvals:judge", Role.APPROVER),
    Route("POST", "/proposals/<id>/reset-approval", "pages.approvals:reset", Role.ADMINISTRATOR),
    # journals
    Route("GET", "/journals", "pages.journals:listed"),
    Route("GET", "/journal", "pages.journals:show"),
    Route("GET", "/journal/preview", "pages.journals:preview"),
    Route("POST", "/journal/edit-lines", "pages.journals:edit_lines", Role.ACCOUNTANT),
    Route("GET", "/journal/lines", "pages.journal_lines:choose", Role.ACCOUNTANT),
    Route("POST", "/journal/change-lines", "pages.journal_lines:change", Role.ACCOUNTANT),
    Route("POST", "/journal/delete-lines", "pages.journals:delete_lines", Role.ACCOUNTANT),
    Route("POST", "/journal/tags", "pages.journals:tag", Role.ACCOUNTANT),
    Route("POST", "/journal/reset", "pages.journals:reset", Role.POSTER),
    Route("POST", "/journal/post", "pages.journals:post", Role.POSTER),
    # invoices, vouchers
    Route("GET", "/invoices", "pages.invoices:listed"),
    Route("GET", "/invoice", "pages.invoices:show"),
    Route("GET", "/invoice/document", "pages.invoice_documents:paper"),
    Route("GET", "/invoice/file", "pages.invoice_documents:file"),
    Route("POST", "/invoice/make", "pages.invoice_documents:make", Role.POSTER),
    Route("POST", "/invoice/attach", "pages.invoice_documents:attach", Role.ACCOUNTANT, files=True),
    Route("POST", "/invoice/send", "pages.invoice_documents:send", Role.POSTER),
    Route("GET", "/vouchers", "pages.vouchers:listed"),
    Route("GET", "/voucher", "pages.vouchers:show"),
    Route("POST", "/voucher/tags", "pages.vouchers:correct_tags", Role.ADJUSTER),
    # on-account transactions
    Route("GET", "/on-account", "pages.on_account:listed"),
    # between companies
    Route("GET", "/between", "pages.between:listed"),
    Route("GET", "/vendor-invoice", "pages.between:show"),
    Route("POST", "/between/bill", "pages.between:bill", Role.POSTER),
    Route("POST", "/between/lines", "pages.between:lines", Role.ACCOUNTANT),
    Route("POST", "/vendor-invoice/post", "pages.between:post", Role.POSTER),
    Route("POST", "/vendor-invoice/answer", "pages.between:answer", Role.POSTER),
    Route("POST", "/vendor-invoice/submit", "pages.between:submit", Role.ACCOUNTANT),
    Route("POST", "/vendor-invoice/recall", "pages.between:recall", Role.ACCOUNTANT),
    Route("POST", "/vendor-invoice/judge", "pages.between:judge", Role.APPROVER),
    Route("POST", "/vendor-invoice/reset-approval", "pages.between:reset", Role.ADMINISTRATOR),
    # costs
    Route("GET", "/costs", "pages.costs:show"),
    Route("POST", "/costs/post", "pages.costs:post", Role.COST_POSTER),
    # other dimensions for what is posted
    Route("GET", "/adjust", "pages.adjust:show"),
    Route("POST", "/adjust/post", "pages.adjust:post", Role.ADJUSTER),
    # accrued revenue
    Route("GET", "/accruals", "pages.accruals:show"),
    Route("GET", "/accruals/csv", "pages.accruals:download"),
    Route("POST", "/accruals/correct", "pages.accruals:correct", Role.ACCOUNTANT),
    Route("GET", "/accruals/journal", "pages.accruals:journal"),
    Route("POST", "/accruals/journal/edit", "pages.accruals:edit", Role.ACCOUNTANT),
    Route("POST", "/accruals/journal/remove", "pages.accruals:remove", Role.ACCOUNTANT),
    Route("POST", "/accruals/journal/post", "pages.accruals:post", Role.POSTER),
    # sales tax
    Route("GET", "/sales-tax", "pages.sales_tax:show"),
    Route("GET", "/sales-tax/csv", "pages.sales_tax:download"),
    # receivables
    Route("GET", "/receivables", "pages.receivables:show"),
    Route("GET", "/receivables/csv", "pages.receivables:download"),
    Route("POST", "/receivables/payment", "pages.receivables:pay", Role.POSTER),
    # batches for general ledgers
    Route("GET", "/ledger", "pages.ledger:listed"),
    Route("GET", "/ledger/batch", "pages.ledger:show"),
    Route("GET", "/ledger/file", "pages.ledger:download"),
    Route("GET", "/ledger/missing", "pages.ledger:missing"),
    Route("POST", "/ledger/build", "pages.ledger:build", Role.POSTER),
    Route("POST", "/ledger/batch/deliver", "pages.ledger:deliver", Role.POSTER),
    Route("POST", "/ledger/batch/acknowledge", "pages.ledger:acknowledge", Role.POSTER),
    Route("POST", "/ledger/batch/void", "pages.ledger:void", Role.ADMINISTRATOR),
    # whatever has an id
    Route("GET", "/explain", "pages.explain:show"),
    # what waits
    Route("GET", "/waiting", "pages.waiting:listed"),
    Route("POST", "/waiting/import", "pages.waiting:import_now", Role.ACCOUNTANT),
    # rejected rows
    Route("GET", "/rejected", "pages.rejected:listed"),
    Route("GET", "/rejected/row", "pages.rejected:show"),
    Route("POST", "/rejected/replay", "pages.rejected:replay", Role.ACCOUNTANT),
    Route("POST", "/rejected/dismiss", "pages.rejected:dismiss", Role.ACCOUNTANT),
    # differences
    Route("GET", "/differences", "pages.differences:listed"),
    Route("POST", "/differences/repair", "pages.differences:repair", Role.ADMINISTRATOR),
    Route("POST", "/differences/compare", "pages.differences:compare", Role.ACCOUNTANT, of_all=True),
    # integration accounts
    Route("GET", "/integration", "pages.integration:show"),
    Route("GET", "/integration/csv", "pages.integration:download"),
    Route("POST", "/integration/repair", "pages.integration:repair", Role.ADMINISTRATOR),
    # errors
    Route("GET", "/errors", "pages.errors:listed"),
    Route("GET", "/errors/csv", "pages.errors:download"),
    # table maps
    Route("GET", "/maps", "pages.maps:listed", of_all=True),
    Route("POST", "/maps/change", "pages.maps:change", Role.ADMINISTRATOR, of_all=True),
    # master data
    Route("GET", "/master-data", "pages.master_data:search"),
    Route("GET", "/master-data/row", "pages.master_data:show"),
    Route("POST", "/master-data/edit", "pages.master_data:edit", Role.ADMINISTRATOR),
    # period close
    Route("GET", "/close", "pages.period_close:show"),
    # what anybody may load
    Route("GET", "/sign-in", "sign_in.pages:begin", role=None),
    Route("GET", "/signed-in", "sign_in.pages:callback", role=None),
    Route("POST", "/sign-out", "sign_in.pages:end", role=None),
    Route("GET", "/signed-out", "sign_in.pages:ended", role=None),
    Route("GET", "/static/<name>", "pages.static:show", role=None),
)
