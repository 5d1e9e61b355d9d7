"""``invoicing vendor-invoices`` on the command line: what lenders have billed, posted or answered in the borrower."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from operate import answers
from operate.actor import acting, actor_option
from operate.approval_commands import STEPS
from operate.arguments import ask_a_stack, given_date, named_text, verb
from operate.calling import stack_named
from operate.corrections import debit_and_credit, refusals
from operate.document_verbs import Asker
from operate.found import Document
from operate.outcomes import done, show
from operate.stack_tables import the_company
from operate.terminal import console
from project_invoicing.store.vendor_invoices import VendorInvoices
from project_invoicing.use_cases.vendor_invoices.shown import vendor_invoice_row

if TYPE_CHECKING:
    from operate.arguments import Commands

_KIND: Final = "vendor invoice"
_LISTED: Final = 100
_COLUMNS: Final = ("invoice_number", "lender", "status", "invoice_date", "due_date", "total", "currency", "voucher")


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    invoices = commands.add_parser("vendor-invoices", help="what companies of the group have billed to one of them")
    verbs = invoices.add_subparsers(required=True, metavar="WHAT")
    lists = verb(
        verbs,
        "list",
        f"list those that nobody has posted; with --all the newest {_LISTED}, posted or not",
        "vendor-invoices list --company USPM",
    )
    previews = verb(
        verbs,
        "preview",
        "show the lines of one, and debit and credit of the voucher that posting it would make",
        "vendor-invoices preview FTI-00000001 --company USPM",
    )
    posts = verb(
        verbs,
        "post",
        "post them in the borrower: project cost, tax, and what the lender is owed; up to twenty at once",
        "vendor-invoices post FTI-00000001 --company USPM --date 2026-09-30",
    )
    replies = verb(
        verbs,
        "answer",
        "say what other payables have done with one that was handed on to them",
        "vendor-invoices answer FTI-00000001 --company USPM --posted AP-17",
        "vendor-invoices answer FTI-00000001 --company USPM --refused 'no order'",
    )
    lists.add_argument("--all", action="store_true", help="posted ones, too")
    posts.add_argument("numbers", nargs="+", type=named_text, metavar="NUMBER", help="the numbers of the invoices")
    posts.add_argument("--reason", type=named_text, help="why; kept with the vouchers")
    for one in (previews, replies):
        one.add_argument("number", type=named_text, help="the number of the invoice")
    for one in (previews, posts):
        one.add_argument(
            "--date", type=given_date, help="the accounting date; without it, the lender's or the next open"
        )
    either = replies.add_mutually_exclusive_group(required=True)
    either.add_argument("--posted", type=named_text, metavar="NUMBER", help="the number that it was posted under there")
    either.add_argument("--refused", type=named_text, metavar="WHY", help="why it is refused there")
    for name, action, does, must_say in STEPS:
        example = f"vendor-invoices {name} FTI-00000001 --company USPM"
        step = verb(verbs, name, _of_invoices(does), f'{example} --comment "no such order"' if must_say else example)
        step.add_argument("numbers", nargs="+", type=named_text, metavar="NUMBER", help="the numbers of the invoices")
        step.add_argument("--comment", type=named_text, required=must_say, help="what is said with it, in its history")
        step.add_argument("--company", type=named_text, help="the borrower; may be left out where there is one company")
        step.add_argument("--lender", type=named_text, help="who has billed it, where two have used the number")
        ask_a_stack(step, partial(_step, action=action))
        actor_option(step)
    for one, command in ((lists, _list), (previews, _preview), (posts, _post), (replies, _answer)):
        one.add_argument("--company", type=named_text, help="the borrower; may be left out where there is one company")
        if one is not lists:
            one.add_argument("--lender", type=named_text, help="who has billed it, where two have used the number")
        ask_a_stack(one, command)
        actor_option(one)


def _asker(options: argparse.Namespace) -> tuple[str, Asker]:
    asker = Asker.of(stack_named(options.stack_prefix), options.stack_prefix, acting(options.actor))
    return the_company(options.company, asker.place.setup), asker


def _asked(options: argparse.Namespace, action: str, **request: Any) -> tuple[str, Mapping[str, Any]]:
    """The borrower, and what ``document_editing`` answers."""
    company, asker = _asker(options)
    given = {name: value for name in ("lender", "date", "reason") if (value := getattr(options, name, None))}
    return company, asker.edit(action, {"company": company, **request, **given})


def _list(options: argparse.Namespace) -> int:
    company, asker = _asker(options)
    proposals = asker.place.stores.proposals
    store = VendorInvoices(proposals.client, proposals.table)
    found = store.newest(company, _LISTED) if options.all else store.open(company)
    rows = [vendor_invoice_row(one, asker.place) for one in found]
    if options.json:
        print(json.dumps({"vendor_invoices": rows}, indent=2))
        return 0
    shown = [{name.replace("_", " "): row.get(name, "") for name in _COLUMNS} for row in rows]
    answers.show_rows(console(), f"Vendor invoices of {company}", shown, most=len(shown))
    if not rows:
        print(f"{company} has no vendor invoice{'' if options.all else ' that waits to be posted'}.")
    return 0


def _preview(options: argparse.Namespace) -> int:
    company, answer = _asked(options, "preview_vendor_invoice", number=options.number)
    made = refusals(_KIND, company, answer)
    if options.json:
        print(json.dumps(answer, indent=2, default=str))
        return bool(made)
    lines = [
        {"actual": one["actual_id"], "project": one["project"] or "", "class": one["class"]}
        | {
            "quantity": one["quantity"],
            "unit price": one["unit_price"],
            "amount": one["amount"],
            "tax": one["sales_tax"],
        }
        for one in answer.get("lines", ())
    ]
    answers.show_rows(console(), f"Vendor invoice {options.number}", lines, most=len(lines))
    if answer.get("voucher"):
        rows = debit_and_credit(options.number, answer["voucher"])
        answers.show_rows(console(), "Voucher", rows, most=len(rows))
    return show(made, "Refused", as_json=False, nothing="") if made else 0


def _post(options: argparse.Namespace) -> int:
    company, answer = _asked(options, "post_vendor_invoices", numbers=options.numbers)
    posted = [
        done(Document(_KIND, company, one["invoice_number"]), f"posted: {_voucher(one)}", **one)
        for one in answer.get("posted", ())
    ]
    return show([*posted, *refusals(_KIND, company, answer)], "Vendor invoices", as_json=options.json, nothing="")


def _of_invoices(does: str) -> str:
    """What a step does, said of vendor invoices."""
    return does.replace("proposals", "vendor invoices").replace("can be edited and submitted", "can be submitted")


def _step(options: argparse.Namespace, action: str) -> int:
    said = {"comment": options.comment} if options.comment else {}
    made = []
    for number in options.numbers:
        company, answer = _asked(options, action, vendor_invoice=number, **said)
        refused = refusals(_KIND, company, answer)
        document = Document(_KIND, company, number)
        made += refused or [done(document, str(answer["outcome"]).replace("_", " "))]
    return show(made, "Approval", as_json=options.json, nothing="Nothing to do.")


def _answer(options: argparse.Namespace) -> int:
    said = (
        {"answer": "posted", "voucher": options.posted}
        if options.posted
        else {"answer": "refused", "reason": options.refused}
    )
    company, answer = _asked(options, "answer_vendor_invoice", number=options.number, **said)
    made = refusals(_KIND, company, answer)
    if not made:
        made = [done(Document(_KIND, company, options.number), f"{said['answer']} elsewhere")]
    return show(made, "Vendor invoice", as_json=options.json, nothing="")


def _voucher(one: Mapping[str, Any]) -> str:
    return f"voucher {one['voucher']} of {one['posted_on']}" if one.get("voucher") else "it has nothing for the ledger"
