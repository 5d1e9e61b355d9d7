"""``invoicing accruals`` on the command line: accrued revenue that invoices left, and its correction."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from operate import answers, lists
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, given_date, named_text, verb
from operate.calling import stack_named
from operate.document_verbs import Asker
from operate.found import Document
from operate.invalid_input import InvalidInput
from operate.outcomes import answered, show
from operate.stack_tables import the_company
from operate.terminal import console, printable
from project_invoicing.errors import Rejected
from project_invoicing.store.correction_journals import CorrectionJournals
from project_invoicing.use_cases.accrued_revenue.shown import (
    Shown,
    ShownImbalance,
    ShownJournal,
    ShownLine,
    ShownSum,
    asked,
    imbalances,
    shown_journal,
    shown_line,
)
from project_invoicing.use_cases.sales_tax_report.shown import csv_of

if TYPE_CHECKING:
    from operate.arguments import Commands
    from project_invoicing.domain.correction_journal import CorrectionJournal
    from project_invoicing.use_cases.lists.place import ListPlace

KIND: Final = "correction journal"
_VIEWS: Final = ("transactions", "projects", "accounts")
_MOST: Final = 100
_BAD_ANSWER: Final = 1


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    accruals = commands.add_parser("accruals", help="accrued revenue that invoices did not take back exactly")
    verbs = accruals.add_subparsers(required=True, metavar="WHAT")
    listing = verb(
        verbs,
        "list",
        "list accrued revenue that invoices did not take back exactly",
        "accruals list --company USPM --from 2026-08-01 --to 2026-10-31",
        "accruals list --company USPM --by projects",
        "accruals list --company USPM --project PRJ-1 --csv > accruals.csv",
    )
    _chosen(listing)
    listing.add_argument("--by", choices=_VIEWS, default="transactions", help="rows, or their sums")
    listing.add_argument("--csv", action="store_true", help="print CSV instead of a table")
    ask_a_stack(listing, _list)
    making = verb(
        verbs,
        "correct",
        "put imbalances on one draft correction journal: all of the days, or those chosen",
        "accruals correct --company USPM --date 2026-10-31 --description 'third quarter'",
        "accruals correct --company USPM --project PRJ-1 --account 161300",
    )
    _chosen(making)
    making.add_argument("--row", action="append", type=named_text, metavar="ID", help="this unbilled sale; repeatable")
    making.add_argument("--description", type=named_text, help="what the journal is about")
    making.add_argument("--date", type=given_date, help="the accounting date of its vouchers; may be given later")
    making.add_argument("--scheduled", action="store_true", help="leave it to the schedule: for more than 1,000 lines")
    _asking(making, _correct)
    journals = verb(verbs, "journals", "list correction journals, the newest first", "accruals journals --company USPM")
    journals.add_argument("--company", type=named_text, help="of this company; may be left out where there is one")
    ask_a_stack(journals, _journals)
    showing = verb(verbs, "show", "show a correction journal with its lines", "accruals show ARJ-000001")
    _numbered(showing)
    ask_a_stack(showing, _show)
    editing = verb(
        verbs,
        "edit",
        "change description and voucher date of a draft, or the offset account of its lines",
        "accruals edit ARJ-000001 --date 2026-10-31",
        "accruals edit ARJ-000001 --offset-account 618900 --dimension CostCenter=007",
    )
    _numbered(editing)
    editing.add_argument("--description", type=named_text, help="what the journal is about")
    editing.add_argument("--date", type=given_date, help="the accounting date of its vouchers")
    editing.add_argument("--line", action="append", type=int, metavar="N", help="this line gets the offset account")
    editing.add_argument("--offset-account", type=named_text, help="the account for what the two sides leave")
    editing.add_argument(
        "--dimension", action="append", type=_pair, metavar="NAME=VALUE", help="of the offset account; repeatable"
    )
    _asking(editing, _edit)
    removing = verb(
        verbs,
        "remove",
        "take lines off a journal that are not posted: all, which deletes a draft, or some",
        "accruals remove ARJ-000001 --line 3",
    )
    _numbered(removing)
    removing.add_argument("--line", action="append", type=int, metavar="N", help="this line alone; repeatable")
    _asking(removing, _remove)
    posting = verb(verbs, "post", "post a correction journal, wholly or in part", "accruals post ARJ-000001")
    _numbered(posting)
    posting.add_argument("--scheduled", action="store_true", help="leave it to the schedule: for more than 1,000 lines")
    _asking(posting, _post)


def _chosen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--company", type=named_text, help="of this company; may be left out where there is one")
    parser.add_argument(
        "--from",
        dest="first",
        type=given_date,
        metavar="DATE",
        help="vouchers of invoices from this day on; without days: the last three months",
    )
    parser.add_argument("--to", dest="last", type=given_date, metavar="DATE", help="vouchers until this day")
    parser.add_argument("--reversals", action="store_true", help="also what reversals on journals left")
    parser.add_argument("--project", action="append", type=named_text, help="of this project; repeatable")
    parser.add_argument("--account", action="append", type=named_text, help="left on this main account; repeatable")


def _numbered(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=named_text, metavar="NUMBER", help="the number of the journal")
    parser.add_argument("--company", type=named_text, help="of this company; may be left out where there is one")


def _asking(parser: argparse.ArgumentParser, command: Any) -> None:
    ask_a_stack(parser, command)
    actor_option(parser)


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not (name.strip() and found and value.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is written as CostCenter=007")
    return name.strip(), value.strip()


# --- imbalances -------------------------------------------------------------------------------------------------------


def _list(options: argparse.Namespace) -> int:
    place = lists.place_of(options.stack_prefix)
    company = the_company(options.company, place.setup)
    named = (options.project or (), options.account or ())
    try:
        question = asked(place, company, options.first, options.last, *named, reversals=options.reversals)
    except Rejected as rejected:
        raise InvalidInput([f"--{rejected.field}: {rejected.detail}"]) from None
    found = imbalances(place, question)
    rows, kind = _view(found, options.by)
    if options.json:
        print(json.dumps(asdict(found), indent=2))
    elif options.csv:
        print(csv_of(rows, kind), end="")
    else:
        _tell(found, options.by)
    return _BAD_ANSWER if found.unclear else 0


def _view(found: Shown, by: str) -> tuple[list[Any], type]:
    views: dict[str, tuple[list[Any], type]] = {
        "transactions": (list(found.transactions), ShownImbalance),
        "projects": (list(found.projects), ShownSum),
        "accounts": (list(found.accounts), ShownSum),
    }
    return views[by]


def _tell(found: Shown, by: str) -> None:
    screen = console()
    print(printable(f"{found.company}, vouchers of {found.first} to {found.last}: {found.invoices} invoices"))
    rows = found.transactions if by == "transactions" else []
    answers.show_rows(screen, "Imbalances", map(_imbalance, rows), most=len(rows))
    sums = found.projects if by == "projects" else found.accounts if by == "accounts" else []
    answers.show_rows(screen, f"By {by.removesuffix('s')}", map(_sum, sums), most=len(sums))
    answers.show_list(screen, "Nobody can tell", found.unclear)
    if not found.transactions:
        print("Everything that was invoiced has taken its accrual back.")


def _imbalance(one: ShownImbalance) -> dict[str, Any]:
    """What fits into a line; the files have the rest."""
    return {
        "unbilled sale": one.unbilled_sale,
        "project": one.project,
        "invoice": one.invoice or one.reversed_on,
        "date": one.accounting_date,
        f"WIP {one.accounting_currency}": one.wip,
        "accrued": one.accrued,
        "journal": one.journal,
    }


def _sum(one: ShownSum) -> dict[str, Any]:
    side = {"side": one.side.replace("_", " ")} if one.side else {}
    return {"name": one.name, **side, "rows": one.rows, "imbalance": f"{one.imbalance} {one.currency}"}


# --- journals ---------------------------------------------------------------------------------------------------------


def _store(place: ListPlace) -> CorrectionJournals:
    return CorrectionJournals(place.stores.journals.client, place.stores.journals.table)


def _journals(options: argparse.Namespace) -> int:
    place = lists.place_of(options.stack_prefix)
    company = the_company(options.company, place.setup)
    found, before = _store(place).listed(company, _MOST, before=None)
    rows = [shown_journal(one) for one in found]
    if options.json:
        print(json.dumps({"rows": [asdict(one) for one in rows], "more": bool(before)}, indent=2))
        return 0
    answers.show_rows(console(), f"Correction journals of {company}", map(_journal, rows), most=len(rows))
    if before or not rows:
        print("There are more." if before else "There are no correction journals.")
    return 0


def _show(options: argparse.Namespace) -> int:
    place = lists.place_of(options.stack_prefix)
    company = the_company(options.company, place.setup)
    journal = _must_be_there(place, company, options.number)
    lines = [shown_line(one, company, place.setup) for one in _store(place).lines(company, journal.number)]
    if options.json:
        print(json.dumps(asdict(shown_journal(journal)) | {"rows": [asdict(one) for one in lines]}, indent=2))
        return 0
    answers.show_rows(console(), f"Correction journal {journal.number}", [_journal(shown_journal(journal))])
    answers.show_rows(console(), "Lines", map(_line, lines), most=len(lines))
    return 0


def _must_be_there(place: ListPlace, company: str, number: str) -> CorrectionJournal:
    found = _store(place).get(company, number)
    if found is None:
        raise InvalidInput([f"{company} has no correction journal {number}"])
    return found


def _journal(one: ShownJournal) -> dict[str, Any]:
    return {
        "journal": one.number,
        "status": one.status.replace("_", " "),
        "voucher date": one.voucher_date,
        "lines": one.lines,
        "posted": one.posted_lines,
        "schedule": one.due,
        "detail": printable(" ".join(text for text in (one.description, one.error) if text)),
    }


def _line(one: ShownLine) -> dict[str, Any]:
    dimensions = ", ".join(f"{name}={value}" for name, value in (one.offset_dimensions or {}).items())
    offset = f"offset {one.offset_account} {dimensions}".strip() if one.offset_account else ""
    return {
        "line": one.line,
        "unbilled sale": one.unbilled_sale,
        "project": one.project,
        f"WIP {one.currency}": one.wip,
        "accrued": one.accrued,
        "voucher": one.voucher,
        "detail": printable(" ".join(text for text in (offset, one.error) if text)),
    }


# --- commands ---------------------------------------------------------------------------------------------------------


def _asked(options: argparse.Namespace, action: str, title: str, request: Mapping[str, Any]) -> int:
    """Asks ``document_editing`` and shows what came of it."""
    asker = Asker.of(stack_named(options.stack_prefix), options.stack_prefix, acting(options.actor))
    company = the_company(options.company, asker.place.setup)
    number = getattr(options, "number", "")
    of = {"journal_id": number} if number else {}
    answer = asker.edit(action, {"company": company, **of, **request})
    document = Document(KIND, company, str(answer.get("number") or number))
    vouchers = answer.get("vouchers") or []
    posted = f": {len(vouchers)} vouchers, {vouchers[0]} to {vouchers[-1]}" if vouchers else ""
    made = answered(document, answer, f"{answer.get('outcome')}{posted}")
    return show([made], title, as_json=options.json, nothing="")


def _correct(options: argparse.Namespace) -> int:
    given = {
        "from": options.first,
        "to": options.last,
        "rows": options.row,
        "projects": options.project,
        "accounts": options.account,
        "description": options.description,
        "voucher_date": options.date,
        "reversals": options.reversals or None,
        "scheduled": options.scheduled or None,
    }
    request = {name: value for name, value in given.items() if value is not None}
    return _asked(options, "create_accrual_journal", "Correction journal", request)


def _edit(options: argparse.Namespace) -> int:
    given = {
        "description": options.description,
        "voucher_date": options.date,
        "lines": options.line,
        "offset_account": options.offset_account,
        "offset_dimensions": dict(options.dimension) if options.dimension else None,
    }
    request = {name: value for name, value in given.items() if value is not None}
    return _asked(options, "edit_accrual_journal", "Correction journal", request)


def _remove(options: argparse.Namespace) -> int:
    request = {"lines": options.line} if options.line else {}
    return _asked(options, "remove_accrual_lines", "Correction journal", request)


def _post(options: argparse.Namespace) -> int:
    request = {"scheduled": True} if options.scheduled else {}
    return _asked(options, "post_accrual_journal", "Correction journal", request)
