"""``invoicing list`` and ``invoicing fill-lists`` on the command line: what they take and what they print."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from operate import answers, lists
from operate.arguments import ask_a_stack, named_text, verb
from operate.outcomes import customer
from operate.terminal import console, printable
from project_invoicing.domain.text import number_of
from project_invoicing.use_cases.lists.asked import FILTERS, USUAL, Kind
from project_invoicing.use_cases.lists.show import ROWS

if TYPE_CHECKING:
    from operate.arguments import Commands

_FORMULA: Final = ("=", "+", "@", "\t", "\r")
"""A spreadsheet would compute a cell that begins like this."""
_NOT_FILLED: Final = "What earlier versions stored is not in the lists yet; run: invoicing fill-lists"


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    listing = verb(
        commands,
        "list",
        "list documents, what waits, and what was rejected",
        "list waiting --company USPM",
        "list proposals --status ready --csv",
    )
    listing.add_argument("kind", choices=[kind.value for kind in Kind], help="what is listed")
    listing.add_argument("--company", type=named_text, help="of this company; default: of all, one after the other")
    listing.add_argument("--status", type=named_text, help="of proposals, approvals, journals and what was rejected")
    listing.add_argument("--reason", type=named_text, help="why it waits, was refused or rejected; a check")
    listing.add_argument("--customer", type=named_text, help="the number of a customer, of proposals and invoices")
    months = "of invoices: from the month of their date on, 2026-08"
    listing.add_argument("--from-month", type=named_text, metavar="MONTH", help=months)
    listing.add_argument("--to-month", type=named_text, metavar="MONTH", help="of invoices: up to this month")
    listing.add_argument("--since", type=named_text, metavar="DATE", help="from this day on, 2026-08-31")
    listing.add_argument("--number", type=named_text, help="only the one with this number or id")
    listing.add_argument("--limit", type=_limit, default=USUAL, metavar="N", help=f"how many; default: {USUAL}")
    listing.add_argument("--cursor", type=named_text, help="go on where a list before stopped")
    ask_a_stack(listing, _list)
    listing.add_argument("--csv", action="store_true", help="print CSV instead of tables")

    filling = verb(
        commands,
        "fill-lists",
        "put what earlier versions stored into the lists, once",
        "fill-lists --stack invoicing",
    )
    ask_a_stack(filling, _fill)


def _limit(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= lists.MOST_ROWS:
        return int(text)
    raise argparse.ArgumentTypeError(f"write a whole number from 1 to {lists.MOST_ROWS}, not {text!r}")


def _list(options: argparse.Namespace) -> int:
    names = ("company", "status", "reason", "customer", "from_month", "to_month", "since", "number", "limit", "cursor")
    asked = {name: getattr(options, name) for name in names}
    found = lists.run(Kind(options.kind), asked, options.stack_prefix)
    if not found.filled:
        print(_NOT_FILLED, file=sys.stderr)
    rows = [asdict(row) for row in found.rows]
    if options.json:
        print(json.dumps({"rows": rows, "cursor": found.cursor, "filled": found.filled}, indent=2))
    elif options.csv:
        _print_csv(Kind(options.kind), rows)
        if found.cursor:
            print(f"There is more: --cursor {found.cursor}", file=sys.stderr)
    else:
        if not rows:
            print(printable(_why_none(Kind(options.kind), asked)))
        _print_table(Kind(options.kind), rows, found.cursor)
    return 0


def _fill(options: argparse.Namespace) -> int:
    def tell(table: str, listed: int) -> None:
        print(f"{table}: {listed} so far", file=sys.stderr)

    listed = lists.fill(options.stack_prefix, tell)
    if options.json:
        print(json.dumps({"listed": listed}))
    else:
        items = number_of(listed, "item of an earlier version was", "items of earlier versions were")
        print(f"The lists are complete; {items} put there.")
    return 0


def _print_csv(kind: Kind, rows: Sequence[Mapping[str, Any]]) -> None:
    names = [one.name for one in fields(ROWS[kind])]
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: object) -> object:
    """A value that a spreadsheet shows as it is."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    formula = text.startswith(_FORMULA) or (text.startswith("-") and not text[1:].replace(".", "").isdigit())
    return f"'{text}" if formula else text


def _why_none(kind: Kind, asked: Mapping[str, Any]) -> str:
    """That there is nothing, or nothing that is like what was asked."""
    if filters := answers.filters_said({name: asked[name] for name in FILTERS[kind]}):
        return f"Nothing is listed among {kind} with {filters}."
    return f"There are no {kind}." if kind in _DOCUMENTS else f"Nothing {_NOTHING[kind]}."


def _print_table(kind: Kind, rows: Sequence[Mapping[str, Any]], cursor: str | None) -> None:
    screen = console()
    answers.show_rows(screen, str(kind).capitalize(), map(_CELLS[kind], rows), most=len(rows))
    advice = {row["reason"]: row["next"] for row in rows if row.get("next") and row.get("reason")}
    if advice:
        answers.show_list(screen, "What to do", (f"{reason}: {what}" for reason, what in sorted(advice.items())))
    if cursor:
        print(f"There is more: --cursor {cursor}")


_DOCUMENTS: Final = (Kind.PROPOSALS, Kind.JOURNALS, Kind.INVOICES, Kind.VOUCHERS)
_NOTHING: Final = {
    Kind.APPROVALS: "is to be approved",
    Kind.WAITING: "waits",
    Kind.REJECTED: "is kept as rejected",
    Kind.ON_ACCOUNT: "is to be billed on account",
    Kind.UNEXPORTED: "is left that the general ledgers do not have",
    Kind.DIFFERENCES: "differs, as far as the last reconciliation says",
}


def _customer(row: Mapping[str, Any]) -> str:
    return customer(row["customer"], row["customer_name"])


def _money(row: Mapping[str, Any], name: str = "amount") -> str:
    return f"{row[name]} {row['currency'] or ''}".strip() if row[name] else ""


def _proposal(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "company": row["company"],
        "date": row["date"],
        "proposal": row["proposal_id"],
        "status": row["status"],
        "customer": _customer(row),
        "amount": _money(row),
        "lines": row["lines"],
        "invoice": row["invoice_number"],
        "why": row["reason"],
    }


def _approval(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "company": row["company"],
        "proposal": row["proposal_id"],
        "customer": _customer(row),
        "amount": _money(row),
        "approval": "submitted, stuck" if row["stuck"] else str(row["status"]).replace("_", " "),
        "since": row["since"],
        "by": row["by"],
        "comment": row["comment"],
        "who may approve": row["may_approve"],
    }


def _journal(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "company": row["company"],
        "period": row["period"],
        "journal": row["journal_id"],
        "status": row["status"],
        "lines": row["lines"],
        "cost": row["cost"],
        "sales": row["sales"],
        "changed": row["changed_at"],
        "lines failed in": row["original_journal"],
        "failed lines are in": row["error_journal"],
    }


def _invoice(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "company": row["company"],
        "date": row["invoice_date"],
        "invoice": row["invoice_number"],
        "proposal": row["proposal_id"],
        "customer": _customer(row),
        "total": _money(row, "total"),
        "due": row["due_date"],
        "voucher": row["voucher"],
        "write-back": row["write_back"],
        "document": row["document"],
        "mail": row["mail"],
    }


def _waiting(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "company": row["company"],
        "id": row["id"],
        "what": row["what"],
        "amount": _money(row),
        "days": row["days"],
        "reason": row["reason"],
        "detail": row["detail"],
    }


def _rejected(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "when": row["at"],
        "row": str(row["entity"]).removeprefix("msdyn_"),
        "id": row["id"] or row["message"],
        "reason": row["reason"],
        "detail": row["detail"],
        **({} if row["dismissed"] is None else {"dismissed": row["dismissed"]}),
    }


def _difference(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "company": row["company"],
        "what": row["title"],
        "row": str(row["entity"]).removeprefix("msdyn_"),
        "id": row["id"],
        "amount": _money(row),
        "detail": row["detail"],
    }


def _voucher(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "company": row["company"],
        "date": row["date"] or "not posted",
        "voucher": row["voucher"],
        "of": row["source"],
        "document": row["document"],
        "amount": _money(row),
        "lines": row["entries"],
    }


def _unexported(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "company": row["company"],
        "what": row["kind"],
        "id": row["id"],
        "since": row["since"],
        "vouchers": row["vouchers"],
        "amount": _money(row),
        "reason": row["reason"],
        "detail": row["detail"],
    }


def _on_account(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "company": row["company"],
        "date": row["date"],
        "milestone": row["name"],
        "id": row["id"],
        "contract line": row["contract_line"],
        "amount": _money(row),
        "stands": row["stands"],
        "set by finance": row["own"],
        "in Dataverse": row["in_dataverse"],
    }


_CELLS: Final = {
    Kind.PROPOSALS: _proposal,
    Kind.APPROVALS: _approval,
    Kind.JOURNALS: _journal,
    Kind.INVOICES: _invoice,
    Kind.WAITING: _waiting,
    Kind.REJECTED: _rejected,
    Kind.DIFFERENCES: _difference,
    Kind.VOUCHERS: _voucher,
    Kind.UNEXPORTED: _unexported,
    Kind.ON_ACCOUNT: _on_account,
}
