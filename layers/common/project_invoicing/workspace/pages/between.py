"""Between companies: what lenders have billed and who has posted it, the posting of one, and new invoices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing.domain.actor import Role
from project_invoicing.domain.codes import ApprovalState
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.rules.approval import approval_in_words
from project_invoicing.rules.figures import Figures
from project_invoicing.store.vendor_invoices import VendorInvoices
from project_invoicing.use_cases.vendor_invoices.shown import vendor_invoice_row
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import history_of, refusal_of, voucher_table, why_not
from project_invoicing.workspace.pages.approvals import JUDGES, SAID

_UNSAID: Final[dict[str, Any]] = {"voucher": None, "posted_on": None, "reason": None}
"""What is said of some only."""
_NEWEST: Final = 100
_NAMED: Final = ("company", "number", "lender")
_BILLED: Final = ("company", "borrower", "from", "to", "by", "project", "contract")


def listed(desk: Desk) -> Response[Any]:
    """The vendor invoices of a borrower: those that wait, then the newest that are posted."""
    companies = desk.lists.companies
    company = desk.company or next(iter(companies), None)
    show_as = Figures(desk.lists.setup)
    rows: list[dict[str, Any]] = []
    if company:
        store = VendorInvoices(desk.stores.proposals.client, desk.stores.proposals.table)
        waiting = store.open(company)
        posted = [one for one in store.newest(company, _NEWEST) if not one.is_open]
        rows = [_UNSAID | vendor_invoice_row(one, show_as) for one in (*waiting, *posted)]
    return desk.page(
        "between.html",
        title="Between companies",
        companies=companies,
        company=company,
        rows=rows,
        may_bill=desk.actor.may(Role.POSTER),
        may_change=desk.actor.may(Role.ACCOUNTANT),
    )


def show(desk: Desk) -> Response[Any]:
    """A vendor invoice with its lines, and the voucher that posting it would make, or that it was posted with."""
    company, given = desk.company, {name: desk.query.get(name, "") for name in (*_NAMED, "date")}
    if company is None or not given["number"]:
        raise NotFoundError
    asked = {name: value for name, value in given.items() if value}
    answer = desk.do("preview_vendor_invoice", **asked)
    if "vendor_invoice" not in answer:
        raise NotFoundError
    one, setup = _UNSAID | answer["vendor_invoice"], desk.lists.setup
    is_open = one["status"] in ("pending", "refused")
    store = VendorInvoices(desk.stores.proposals.client, desk.stores.proposals.table)
    found = store.get(company, one["lender"], one["invoice_number"])
    return desk.page(
        "vendor_invoice.html",
        title=f"Vendor invoice {one['invoice_number']}",
        one=one,
        given=given | {"lender": one["lender"]},
        lines=answer["lines"],
        voucher=voucher_table(answer["voucher"], setup, "", "") if answer["voucher"] else None,
        why=[why_not(each["reason"], each["detail"]) for each in answer.get("refused", ()) if is_open],
        is_open=is_open,
        history=history_of(store.history(found)) if found else [],
        may_post=desk.actor.may(Role.POSTER),
        approval=_approval(desk, found) if found and is_open else None,
    )


class _Approval(NamedTuple):
    """Where the approval of a vendor invoice stands. ``own``: the person has submitted it."""

    words: str
    state: str
    inside: bool
    own: bool


def _approval(desk: Desk, one: VendorInvoice) -> _Approval | None:
    """``None`` where the company approves none, and none is left in approval from before."""
    setup = desk.lists.setup
    if not (setup.parameters(one.company).approve_vendor_invoices or one.in_approval):
        return None
    own = bool(one.approval and one.approval.submitter == desk.actor.id.casefold())
    return _Approval(approval_in_words(one, setup), one.approval_state, one.in_approval, own)


def submit(desk: Desk) -> Response[Any]:
    return _step(desk, "submit_proposal")


def recall(desk: Desk) -> Response[Any]:
    return _step(desk, "recall_proposal")


def reset(desk: Desk) -> Response[Any]:
    return _step(desk, "reset_approval")


def judge(desk: Desk) -> Response[Any]:
    """Approves, rejects or asks for changes, as the button says."""
    action = JUDGES.get(desk.form.get("step", ""))
    if action is None:
        return desk.go("/vendor-invoice", "Choose what to do.", refused=True, **_given(desk.form, _NAMED))
    return _step(desk, action)


def _step(desk: Desk, action: str) -> Response[Any]:
    """Takes a step of the approval of a vendor invoice."""
    given = _given(desk.form, ("company", "lender", "comment"))
    answer = desk.do(action, vendor_invoice=desk.form.get("number", ""), **given)
    why = refusal_of(answer)
    said = why or SAID[ApprovalState(answer["outcome"])]
    return desk.go("/vendor-invoice", said, refused=bool(why), **_given(desk.form, _NAMED))


def post(desk: Desk) -> Response[Any]:
    """Posts it."""
    given, back = _given(desk.form, ("company", "lender", "date", "reason")), _given(desk.form, _NAMED)
    answer = desk.do("post_vendor_invoices", numbers=[desk.form.get("number", "")], **given)
    why, posted = refusal_of(answer), answer.get("posted", [])
    voucher = posted[0].get("voucher") if posted else None
    said = f"Posted with voucher {voucher}." if voucher else "Posted: it has nothing for the ledger."
    return desk.go("/vendor-invoice", why or said, refused=bool(why), **back)


def answer(desk: Desk) -> Response[Any]:
    """Notes what other payables have done with it."""
    given = _given(desk.form, (*_NAMED, "answer", "voucher", "reason"))
    why = refusal_of(desk.do("answer_vendor_invoice", **given))
    said = f"Noted: {given.get('answer')} elsewhere."
    return desk.go("/vendor-invoice", why or said, refused=bool(why), **_given(desk.form, _NAMED))


def bill(desk: Desk) -> Response[Any]:
    """Makes proposals for what a company sold to another."""
    answer = desk.do("intercompany_invoice", **_given(desk.form, _BILLED))
    why = refusal_of(answer)
    if why:
        return desk.go("/between", why, refused=True, company=desk.form.get("company"))
    return desk.go("/proposals", _said(answer), company=desk.form.get("company"))


def lines(desk: Desk) -> Response[Any]:
    """Takes lines off a proposal, or adds some."""
    form = desk.form
    ids = form.get("ids", "").replace(",", " ").split()
    what = "add" if form.get("what") == "add" else "off"
    answer = desk.do("intercompany_lines", **_given(form, ("company", "proposal_id")), **{what: ids})
    why = refusal_of(answer)
    return desk.go("/between", why or _said(answer), refused=bool(why), company=form.get("company"))


def _said(answer: Mapping[str, Any]) -> str:
    said = str(answer["outcome"])
    return f"{said[:1].upper()}{said[1:]}."


def _given(form: Mapping[str, str], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: form[name] for name in names if form.get(name)}
