"""``invoicing costs`` on the command line: costs between balance sheet and profit and loss."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from operate import answers
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, given_date, named_text, verb
from operate.calling import stack_named
from operate.corrections import debit_and_credit, refusals
from operate.document_verbs import Asker
from operate.found import Document
from operate.outcomes import done, show
from operate.stack_tables import the_company
from operate.terminal import console
from project_invoicing.domain.codes import CostSide, TransactionClass

if TYPE_CHECKING:
    from operate.arguments import Commands

_CHOSEN_BY: Final = ("project", "contract", "class", "line_property", "from", "until", "without")


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    costs = commands.add_parser("costs", help="posted costs, between balance sheet and profit and loss")
    verbs = costs.add_subparsers(required=True, metavar="WHAT")
    lists = verb(
        verbs,
        "list",
        "list costs that can be posted to the other side",
        "costs list --to profit_and_loss --company USPM --project PRJ-1 --until 2026-08-31",
    )
    previews = verb(
        verbs,
        "preview",
        "show debit and credit of the vouchers that would post costs to the other side; nothing is written",
        "costs preview --to balance --company USPM --contract CTR-1",
    )
    posts = verb(
        verbs,
        "post",
        "post costs to the other side, each with a voucher of its own; up to a hundred at once",
        "costs post 0f1f1a5a-df82-43a1-861c-db7cfc3aac4e --to profit_and_loss --company USPM --date 2026-08-31",
        "costs post --to profit_and_loss --company USPM --project PRJ-1 --reason 'month end'",
    )
    for one, command in ((lists, _list), (previews, _preview), (posts, _post)):
        _choice(one)
        ask_a_stack(one, command)
        actor_option(one)
    posts.add_argument("--reason", type=named_text, help="why; kept with the vouchers")


def _choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", type=named_text, metavar="ID", help="the ids of cost actuals")
    sides = [side.value for side in CostSide]
    parser.add_argument("--to", required=True, choices=sides, help="where the costs are to be")
    parser.add_argument("--company", type=named_text, help="of this company; may be left out where there is one")
    parser.add_argument("--date", type=given_date, help="the accounting date, as 2026-08-31; without it, today")
    parser.add_argument("--project", type=named_text, help="costs of this project")
    parser.add_argument("--contract", type=named_text, help="costs of this contract")
    classes = [one.value for one in (TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL)]
    parser.add_argument("--class", choices=classes, help="costs of this class")
    parser.add_argument("--line-property", type=named_text, metavar="NAME", help="costs with this line property")
    parser.add_argument("--from", type=given_date, metavar="DATE", help="transaction dates from this day on")
    parser.add_argument("--until", type=given_date, metavar="DATE", help="transaction dates until this day")
    parser.add_argument(
        "--without", type=named_text, action="append", metavar="ID", help="leave this actual out; several are possible"
    )


def _asked(options: argparse.Namespace, action: str) -> tuple[str, Mapping[str, Any]]:
    """The company, and what ``document_editing`` answers."""
    asker = Asker.of(stack_named(options.stack_prefix), options.stack_prefix, acting(options.actor))
    company = the_company(options.company, asker.place.setup)
    chosen = {name: value for name in _CHOSEN_BY if (value := getattr(options, name))}
    if options.ids:
        chosen["actual_id"] = options.ids
    request: dict[str, Any] = {"company": company, "to": options.to, "costs": chosen}
    request |= {name: value for name in ("date", "reason") if (value := getattr(options, name, None))}
    return company, asker.edit(action, request)


def _list(options: argparse.Namespace) -> int:
    return _show(options, lines=False)


def _preview(options: argparse.Namespace) -> int:
    return _show(options, lines=True)


def _show(options: argparse.Namespace, *, lines: bool) -> int:
    company, answer = _asked(options, "preview_costs")
    if options.json:
        print(json.dumps(answer, indent=2, default=str))
    elif "costs" in answer:
        rows = [
            line
            for cost in answer["costs"]
            for line in (debit_and_credit(cost["actual_id"], cost["voucher"]) if lines else [_row(cost)])
        ]
        answers.show_rows(console(), f"To {options.to}", rows, most=len(rows))
        if not rows:
            print("No cost that fits can be posted there.")
        if answer["more"]:
            print("There are more: these are the first hundred.")
    made = refusals("cost", company, answer)
    return show(made, "Refused", as_json=False, nothing="") if made and not options.json else bool(made)


def _post(options: argparse.Namespace) -> int:
    company, answer = _asked(options, "post_costs")
    posted = [
        done(Document("cost", company, one["actual_id"]), f"posted to {options.to}: voucher {one['voucher']}", **one)
        for one in answer.get("posted", ())
    ]
    nothing = "Nothing to post: no cost that fits is on the other side."
    return show([*posted, *refusals("cost", company, answer)], "Costs", as_json=options.json, nothing=nothing)


def _row(cost: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "actual": cost["actual_id"],
        "date": cost["transaction_date"],
        "project": cost["project"],
        "contract": cost["contract"],
        "class": cost["class"],
        "line property": cost["line_property"],
        "amount": f"{cost['amount']} {cost['currency']}",
        "is on": cost["from"] or "no ledger",
    }
