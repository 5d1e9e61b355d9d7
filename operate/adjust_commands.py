"""``invoicing adjust`` on the command line: the dimensions and tags of posted transactions."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from operate import answers
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, given_date, named_text, verb
from operate.calling import stack_named
from operate.corrections import debit_and_credit, refusals
from operate.document_verbs import Asker, named_values
from operate.found import Document
from operate.invalid_input import InvalidInput
from operate.outcomes import answered, done, show
from operate.stack_tables import the_company
from operate.terminal import console

if TYPE_CHECKING:
    from operate.arguments import Commands


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    adjusts = commands.add_parser("adjust", help="the accounting of posted transactions: dimensions, tags")
    verbs = adjusts.add_subparsers(required=True, metavar="WHAT")
    previews = verb(
        verbs,
        "preview",
        "show debit and credit of the vouchers that would give posted transactions other dimensions",
        "adjust preview 0f1f1a5a-df82-43a1-861c-db7cfc3aac4e --dimension CostCenter=999",
    )
    posts = verb(
        verbs,
        "post",
        "give posted transactions other dimensions, each with a voucher of its own",
        "adjust post 0f1f1a5a-df82-43a1-861c-db7cfc3aac4e --dimension CostCenter=999 --reason 'wrong cost center'",
    )
    for one, command in ((previews, _preview), (posts, _post)):
        one.add_argument("ids", nargs="+", type=named_text, metavar="ID", help="the ids of posted actuals")
        one.add_argument(
            "--dimension",
            type=named_text,
            action="append",
            required=True,
            metavar="NAME=VALUE",
            help="a dimension and its new value; NAME= takes it off; several are possible",
        )
        one.add_argument("--company", type=named_text, help="of this company; may be left out where there is one")
        one.add_argument("--date", type=given_date, help="the accounting date, as 2026-08-31; without it, today")
        one.add_argument(
            "--posting-type", type=named_text, metavar="TYPE", help="of an hour: change this side, and leave the other"
        )
        ask_a_stack(one, command)
        actor_option(one)
    posts.add_argument("--reason", type=named_text, help="why; kept with the vouchers")
    tags = verb(
        verbs,
        "tags",
        "give a line of a posted voucher other financial tags; no voucher, only an entry of the history",
        "adjust tags PV-00000042 --line 2 --tag IndustryEvent='2026 Event' --reason 'typed wrong'",
    )
    tags.add_argument("voucher", type=named_text, metavar="NUMBER", help="the number of the voucher")
    tags.add_argument("--line", type=int, required=True, metavar="N", help="the place of the line in it, from 1")
    tags.add_argument(
        "--tag",
        type=named_text,
        action="append",
        required=True,
        metavar="LABEL=VALUE",
        help="a tag and its value, all of the line anew; null takes them off",
    )
    tags.add_argument("--company", type=named_text, help="of this company; may be left out where there is one")
    tags.add_argument("--reason", type=named_text, help="why; kept in the history")
    ask_a_stack(tags, _tags)
    actor_option(tags)


def changes(texts: Sequence[str]) -> dict[str, str | None]:
    """``NAME=VALUE`` …, without a value for one that is taken off. Raises ``InvalidInput``."""
    found: dict[str, str | None] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise InvalidInput([f"--dimension: write NAME=VALUE, such as CostCenter=999, not {text!r}"])
        found[name] = value or None
    return found


def _asked(options: argparse.Namespace, action: str) -> tuple[str, Mapping[str, Any]]:
    """The company, and what ``document_editing`` answers."""
    dimensions = changes(options.dimension)
    asker = Asker.of(stack_named(options.stack_prefix), options.stack_prefix, acting(options.actor))
    company = the_company(options.company, asker.place.setup)
    request: dict[str, Any] = {"company": company, "actual_ids": options.ids, "dimensions": dimensions}
    given = ("date", "posting_type", "reason")
    request |= {name: value for name in given if (value := getattr(options, name, None))}
    return company, asker.edit(action, request)


def _tags(options: argparse.Namespace) -> int:
    tags = named_values(options.tag, "--tag", "IndustryEvent=2026")
    asker = Asker.of(stack_named(options.stack_prefix), options.stack_prefix, acting(options.actor))
    company = the_company(options.company, asker.place.setup)
    request: dict[str, Any] = {"company": company, "voucher": options.voucher, "line": options.line, "tags": tags}
    answer = asker.edit("correct_tags", request | ({"reason": options.reason} if options.reason else {}))
    document = Document("voucher", company, options.voucher)
    what = "has these tags already" if answer["outcome"] == "unchanged" else f"line {options.line} has other tags"
    return show([answered(document, answer, what)], "Tags", as_json=options.json, nothing="")


def _preview(options: argparse.Namespace) -> int:
    company, answer = _asked(options, "preview_adjustment")
    made = refusals("actual", company, answer)
    if options.json:
        print(json.dumps(answer, indent=2, default=str))
        return bool(made)
    found = answer.get("adjustments", ())
    rows = [line for one in found if one["voucher"] for line in debit_and_credit(one["actual_id"], one["voucher"])]
    answers.show_rows(console(), "Vouchers", rows, most=len(rows))
    without = [one["actual_id"] for one in found if not one["voucher"]]
    answers.show_list(console(), "Without a voucher: nothing of them is in the ledger", without)
    if answer.get("unchanged"):
        print(f"{answer['unchanged']} have these dimensions already.")
    return show(made, "Refused", as_json=False, nothing="") if made else 0


def _post(options: argparse.Namespace) -> int:
    company, answer = _asked(options, "adjust_accounting")
    rows = [
        done(
            Document("actual", company, one["actual_id"]),
            f"adjusted: voucher {one['voucher']}" if one["voucher"] else "adjusted: nothing of it is in the ledger",
            **one,
        )
        for one in answer.get("adjusted", ())
    ]
    nothing = "Nothing to adjust: they have these dimensions already."
    return show([*rows, *refusals("actual", company, answer)], "Adjusted", as_json=options.json, nothing=nothing)
