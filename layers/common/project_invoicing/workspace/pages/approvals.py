"""Approval of proposals: the list of what is to be approved, and the steps that a person takes on a proposal's page."""

from __future__ import annotations

from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from project_invoicing.domain.codes import ApprovalState
from project_invoicing.use_cases.lists.asked import FILTERS, STATUSES, Kind
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import CHANGED, kept, refusal_of, reopened
from project_invoicing.workspace.pages.proposals import header_of, seen_now

JUDGES: Final = {"approve": "approve_proposal", "reject": "reject_proposal", "request_changes": "request_changes"}
SAID: Final = {
    ApprovalState.SUBMITTED: "It is submitted for approval.",
    ApprovalState.APPROVED: "It is approved.",
    ApprovalState.REJECTED: "It is rejected.",
    ApprovalState.CHANGES_REQUESTED: "It is sent back for changes.",
    ApprovalState.DRAFT: "It is out of approval: it can be changed, and submitted again.",
}


def listed(desk: Desk) -> Response[Any]:
    """The proposals and vendor invoices that are to be approved, as the filters in the address let them through."""
    kind = Kind.APPROVALS
    companies = desk.lists.companies
    known: dict[str, Any] = {"page": desk.listed(kind), "fields": FILTERS[kind]}
    known["choices"] = {"company": companies, "status": STATUSES[kind]}
    parameters = map(desk.lists.setup.parameters, companies)
    known["approving"] = any(one.approval or one.approve_vendor_invoices for one in parameters)
    return desk.page("approvals.html", title="Approvals", **known)


def submit(desk: Desk, id: str) -> Response[Any]:
    return _step(desk, id, "submit_proposal")


def recall(desk: Desk, id: str) -> Response[Any]:
    return _step(desk, id, "recall_proposal")


def reset(desk: Desk, id: str) -> Response[Any]:
    return _step(desk, id, "reset_approval")


def judge(desk: Desk, id: str) -> Response[Any]:
    """Approves, rejects or asks for changes, as the button says."""
    action = JUDGES.get(desk.form.get("step", ""))
    if action is None:
        header = header_of(desk, id)
        return reopened(desk, f"/proposals/{header.id}", "Choose what to do.", refused=True, **kept(desk))
    return _step(desk, id, action)


def _step(desk: Desk, id: str, action: str) -> Response[Any]:
    """Takes a step, as the proposal was shown, or says why not."""
    header = header_of(desk, id)
    own = f"/proposals/{header.id}"
    if desk.form.get("seen") != seen_now(desk, header):
        return reopened(desk, own, CHANGED, refused=True, **kept(desk))
    comment = {"comment": desk.form["comment"]} if desk.form.get("comment") else {}
    answer = desk.do(action, company=header.company, proposal_id=header.id, **comment)
    if why := refusal_of(answer):
        return reopened(desk, own, why, refused=True, **kept(desk))
    return reopened(desk, own, SAID[ApprovalState(answer["outcome"])], refused=False, **kept(desk))
