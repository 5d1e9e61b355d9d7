"""``invoicing receivables ageing``, ``show`` and ``payment`` on the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from operate import answers, receivables
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, given_date, named_text, verb
from operate.invalid_input import InvalidInput
from operate.terminal import console, printable
from project_invoicing.use_cases.receivables.ageing import BUCKETS, csv_of
from project_invoicing.use_cases.receivables.shown import flat

if TYPE_CHECKING:
    from operate.arguments import Commands

_BAD_ANSWER: Final = 1
_NOWHERE: Final = ("refused", "aside")
_NOT_FILLED: Final = "What earlier versions posted is not in the lists yet, and not here; run: invoicing fill-lists"
_TABLES: Final = ("rows", "accounting", "invoices")

Json = dict[str, Any]


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    known = commands.add_parser("receivables", help="what is open at customers, and payments that are told")
    verbs = known.add_subparsers(required=True, metavar="WHAT")
    does = "sum what customers owe at a date, by how long it is overdue"
    ages = verb(
        verbs,
        "ageing",
        does,
        "receivables ageing --company USPM --at 2026-09-30",
        "receivables ageing --company USPM --csv invoices > open.csv",
    )
    ages.add_argument("--company", type=named_text, help="of this company; may be left out where there is one")
    ages.add_argument("--at", type=given_date, metavar="DATE", help="as it was on this day; default: today")
    ages.add_argument("--customer", type=named_text, help="only this customer")
    ages.add_argument("--invoices", action="store_true", help="with every open invoice")
    ask_a_stack(ages, _ageing)
    told = "print CSV instead of tables: by customer and currency, in accounting currency, or the invoices"
    ages.add_argument("--csv", choices=_TABLES, nargs="?", const=_TABLES[0], help=told)

    does = "show what is open of a posted invoice, and what was settled of it"
    shows = verb(verbs, "show", does, "receivables show FTI-00000042")
    shows.add_argument("number", type=named_text, help="the number of the posted invoice or credit note")
    shows.add_argument("--company", type=named_text, help="where several companies have one with this number")
    ask_a_stack(shows, _show)

    does = "tell what was settled of an invoice; of each settlement the newest version counts"
    pays = verb(
        verbs,
        "payment",
        does,
        "receivables payment P-1 --company USPM --invoice FTI-00000042 --amount 1000.00 --currency USD "
        "--date 2026-09-30",
        "receivables payment P-1 --company USPM --version 2 --canceled",
        "receivables payment --file payments.csv",
    )
    pays.add_argument("settlement", nargs="?", type=named_text, help="the id of the settlement")
    pays.add_argument("--version", type=int, default=1, help="rises with each change of it; default: 1")
    pays.add_argument("--company", type=named_text, help="the company of the invoice")
    pays.add_argument("--invoice", type=named_text, help="the number of the posted invoice")
    pays.add_argument("--credit-note", type=named_text, help="the credit note that gives the amount to the invoice")
    pays.add_argument("--customer", type=named_text, help="in place of an invoice: it is settled against nothing")
    pays.add_argument("--date", type=given_date, help="when it was settled")
    pays.add_argument("--currency", type=named_text, help="the currency of the invoice")
    for name in ("amount", "cash-discount", "written-off"):
        pays.add_argument(f"--{name}", type=named_text, help="in that currency, as 1000.00")
    pays.add_argument("--canceled", action="store_true", help="it counts no more")
    pays.add_argument("--file", type=Path, help="payments as CSV or as JSON lines, in place of the options")
    actor_option(pays)
    ask_a_stack(pays, _pay)


def _ageing(options: argparse.Namespace) -> int:
    found = receivables.ageing(options.company, options.at, options.customer, options.stack_prefix)
    if not found["filled"]:
        print(_NOT_FILLED, file=sys.stderr)
    if options.json:
        print(json.dumps(found, indent=2))
    elif options.csv:
        print(csv_of(found[options.csv]), end="")
    else:
        _tell(found, invoices=options.invoices)
    return _BAD_ANSWER if found["aside"] or found["unreadable"] else 0


def _tell(found: Mapping[str, Any], *, invoices: bool) -> None:
    print(printable(f"{found['company']} at {found['at']}"))
    _table("Open by customer", map(_aged, found["rows"] + found["totals"]))
    _table(f"In {found['currency']}", map(_aged, [*found["accounting"], found["total"]] if found["rows"] else []))
    if invoices:
        _table("Open invoices", found["invoices"])
    _table("Settled against nothing", map(_payment, found["unapplied"]))
    _table("Set aside", map(_payment, found["aside"]))
    if found["unreadable"]:
        print(printable(f"These invoices cannot be read, and are not here: {', '.join(found['unreadable'])}."))
    if not found["rows"]:
        print("Nothing is open.")


def _aged(row: Mapping[str, Any]) -> Json:
    return {
        "who": row["customer"] or "all",
        **{name.replace(" to ", "-").removesuffix(" days"): row[bucket] for bucket, name in BUCKETS.items()},
        "open": row["open"],
        "not applied": row["unapplied"],
        "balance": f"{row['balance']} {row['currency']}",
    }


def _payment(row: Mapping[str, Any]) -> Json:
    return {
        "settlement": row["settlement_id"],
        "version": row["version"],
        "company": row["company"],
        "invoice": row["invoice_number"] or row["customer"],
        "amount": f"{row['amount']} {row['currency'] or ''}",
        "detail": row["detail"],
    }


def _table(title: str, rows: Iterable[Mapping[str, Any]]) -> None:
    known = list(rows)
    answers.show_rows(console(), title, known, most=len(known))


def _show(options: argparse.Namespace) -> int:
    found = receivables.show(options.number, options.company, options.stack_prefix)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        _table("Invoice", [flat(found)])
        _table("Settled", found["settlements"])
    return 0


def _pay(options: argparse.Namespace) -> int:
    actor = acting(options.actor)
    if options.file:
        done = list(receivables.record_file(options.file, options.stack_prefix, actor))
    else:
        done = [receivables.record(_said(options), options.stack_prefix, actor)]
    refused, aside = ([{"line": one.get("line"), **why} for one in done for why in one.get(of, ())] for of in _NOWHERE)
    if options.json:
        print(json.dumps(done if options.file else done[0], indent=2))
    else:
        for one in done if not options.file else ():
            left = ", ".join(f"{row['invoice_number']} {row['open']} {row['currency']}" for row in one.get("open", ()))
            if "detail" in one:
                print(printable(f"{one['detail']}{f'; open: {left}' if left else ''}."))
        if options.file:
            print(f"{len(done)} payments were told; {len(refused) + len(aside)} of them count nowhere.")
        _table("Refused", refused)
        _table("Set aside: kept, and tried again every hour", aside)
    return _BAD_ANSWER if refused or aside else 0


def _said(options: argparse.Namespace) -> Json:
    """The payment that the options say. Raises ``InvalidInput``."""
    if not options.settlement or not options.company:
        raise InvalidInput(["name the settlement and its --company, or give a --file"])
    given = {
        "settlement_id": options.settlement,
        "version": options.version,
        "company": options.company,
        "invoice_number": options.invoice,
        "credit_note": options.credit_note,
        "customer": options.customer,
        "date": options.date,
        "currency": options.currency,
        "amount": options.amount,
        "cash_discount": options.cash_discount,
        "written_off": options.written_off,
        "canceled": options.canceled or None,
    }
    return {name: value for name, value in given.items() if value is not None}
