"""``invoicing master`` and ``invoicing rates``: what their verbs take and what they print."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from operate import answers, master_data, master_file, master_import, rates
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, named_text, verb
from operate.invalid_input import InvalidInput
from operate.terminal import console, printable
from project_invoicing.domain.finance_columns import COLUMNS
from project_invoicing.domain.master_data import GLOBAL, NameKey, Part
from project_invoicing.domain.text import number_of

if TYPE_CHECKING:
    from operate.arguments import Commands

BAD_ANSWER, NOT_VALID = 1, 2
_PARTS = ", ".join(COLUMNS)


def add(commands: Commands) -> None:
    master = commands.add_parser(
        "master", help="customers, contracts, projects …: show them, set finance's own columns"
    )
    verbs = master.add_subparsers(required=True, metavar="COMMAND")

    shows = verb(
        verbs,
        "show",
        "show which value comes from where, what is wrong, and what waits for it",
        "master show customers USPM C-001",
    )
    shows.add_argument("part", type=_named_part, metavar="PART", help=_PARTS)
    shows.add_argument("name", type=named_text, nargs="+", metavar="[COMPANY] NUMBER", help="products have no company")
    ask_a_stack(shows, _show)

    finds = verb(
        verbs,
        "find",
        "find customers, contracts, projects … by the beginning of their names",
        'master find "Adatum"',
        "master find wide --company USPM",
    )
    finds.add_argument("text", type=named_text, help="two letters at least; capitals do not matter")
    finds.add_argument("--company", type=named_text, help="of this company only")
    ask_a_stack(finds, _find)

    sets = verb(
        verbs,
        "set",
        "set finance's own columns of one, or of all in a file",
        "master set customers USPM C-001 sales_tax_group=EXP",
        "master set --file columns.csv",
    )
    sets.add_argument("part", type=_named_part, nargs="?", metavar="PART", help=_PARTS)
    sets.add_argument(
        "words",
        nargs="*",
        metavar="[COMPANY] NUMBER COLUMN=VALUE",
        help="sales_tax_group=DOM, dimensions.CostCenter=007 (dimensions are given whole), terms_of_payment=null "
        "takes it back",
    )
    sets.add_argument("--file", type=Path, help="YAML, JSON or CSV, instead of one name; see docs/master-data.md")
    ask_a_stack(sets, _set)
    actor_option(sets)

    lists = verb(
        verbs, "list", "list the rows that have arrived; reads the whole table", "master list customers --problems"
    )
    lists.add_argument("part", type=Part, nargs="?", choices=list(Part), metavar="PART", help="rows of this part only")
    lists.add_argument("--company", type=named_text, help="rows of this company only")
    lists.add_argument(
        "--problems",
        action="store_true",
        help="rows with which something is wrong, and what",
    )
    lists.add_argument("--deleted", action="store_true", help="rows that were deleted in Dataverse")
    ask_a_stack(lists, _list)

    imports = verb(
        verbs,
        "import-setup",
        "write finance's own columns from the current set-up document",
        "master import-setup --dry-run",
    )
    imports.add_argument("--dry-run", action="store_true", help="say what would be written, and write nothing")
    imports.add_argument(
        "--all-columns", action="store_true", help="customer groups and terms of payment too, which Dataverse carries"
    )
    ask_a_stack(imports, _import_setup)
    actor_option(imports)

    _add_rates(commands)

    exports = verb(
        verbs, "export", "print all of finance's own columns, as a file for set --file", "master export > columns.yaml"
    )
    ask_a_stack(exports, _export)


def _find(options: argparse.Namespace) -> int:
    rows = master_data.find(options.text, options.company, options.stack_prefix)
    if options.json:
        print(json.dumps({"rows": rows}, indent=2))
    elif rows:
        answers.show_rows(console(), "Found", rows)
    else:
        print(printable(f"No name begins with {options.text}."))
    return 0 if rows else NOT_VALID


def _add_rates(commands: Commands) -> None:
    verbs = commands.add_parser("rates", help="exchange rates: load a file, show a pair").add_subparsers(
        required=True, metavar="COMMAND"
    )
    loads = verb(verbs, "load", "load a file, whole or, if a line is wrong, not at all", "rates load rates.csv")
    loads.add_argument("file", type=Path, help="CSV: type, from, to, valid_from, rate, factor; see docs/master-data.md")
    ask_a_stack(loads, _load_rates)
    actor_option(loads)
    shows = verb(verbs, "show", "show the rates of a currency pair, the last first", "rates show GBP USD")
    shows.add_argument("from_", type=named_text, metavar="FROM", help="the currency of the amount")
    shows.add_argument("to", type=named_text, metavar="TO", help="the currency that it is converted to")
    shows.add_argument("--type", type=named_text, dest="rate_type", help="the type of the rates; default: default")
    ask_a_stack(shows, _show_rates)


def _load_rates(options: argparse.Namespace) -> int:
    made = rates.load(options.file, options.stack_prefix, acting(options.actor))
    if options.json:
        print(json.dumps(made, indent=2))
    else:
        days, pairs = number_of(made["days"], "day"), number_of(made["pairs"], "pair")
        print(f"{days} of {pairs} in the file; {number_of(made['changed'], 'pair')} changed")
    return 0


def _show_rates(options: argparse.Namespace) -> int:
    found = rates.show(options.from_, options.to, options.rate_type, options.stack_prefix)
    if options.json:
        print(json.dumps({"rates": found}, indent=2))
    elif found:
        answers.show_rows(console(), f"From {options.from_} to {options.to}", found)
    else:
        print(printable(f"there are no rates from {options.from_} to {options.to} beside those of the set-up"))
    return 0


def _named_part(text: str) -> Part:
    if text in list(COLUMNS):
        return Part(text)
    raise argparse.ArgumentTypeError(f"{text!r} is none of {_PARTS}")


def _show(options: argparse.Namespace) -> int:
    key = master_data.name_of(options.part, options.name)
    answer = master_data.show(key, options.stack_prefix)
    if options.json:
        print(json.dumps(answer, indent=2))
    else:
        answers.show_explanations(console(), answer)
    return 0 if answer["found"] else NOT_VALID


def _set(options: argparse.Namespace) -> int:
    done = list(master_data.set_all(_entries(options), options.stack_prefix, acting(options.actor)))
    if options.json:
        print(json.dumps({"rows": done}, indent=2))
        return 0
    for one in done if not options.file else ():
        row = "" if one["row"] else "; no row from Dataverse has this name yet"
        print(printable(f"{_name(one)}: {_told(one['finance'])}{row}"))
    changed = sum(one["changed"] for one in done)
    print(f"{changed} changed, {len(done) - changed} as they were")
    if without := sum(not one["row"] for one in done) if options.file else 0:
        print(f"{without} have no row from Dataverse yet")
    return 0


def _entries(options: argparse.Namespace) -> list[master_file.Entry]:
    if options.file:
        if options.part:
            raise InvalidInput(["--file: the file names everything; leave PART out"])
        return master_file.read(options.file)
    if not options.part:
        raise InvalidInput([f"say which PART ({_PARTS}), or name a --file"])
    name = [word for word in options.words if "=" not in word]
    columns = master_file.typed([word for word in options.words if "=" in word])
    return [master_file.Entry("set", master_data.name_of(options.part, name), columns)]


def _list(options: argparse.Namespace) -> int:
    """``BAD_ANSWER`` where rows with problems were asked for and there are some."""
    chosen = master_data.Chosen(options.part, options.company, options.problems, options.deleted)
    found = sorted(master_data.listed(chosen, options.stack_prefix), key=_order)
    if options.json:
        print(json.dumps({"rows": found}, indent=2))
    elif found:
        for line in _lines(found):
            print(printable(line))
    else:
        filters = answers.filters_said({name: getattr(options, name) for name in ("company", "problems", "deleted")})
        of = f" of {options.part}" if options.part else ""
        print(printable(f"There is no row{of} with {filters}." if filters else f"No row{of} has arrived yet."))
    return BAD_ANSWER if found and options.problems else 0


def _order(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name] or "") for name in ("entity", "company", "number", "id"))


def _lines(found: list[dict[str, Any]]) -> Iterator[str]:
    for row in found:
        state = "" if row["state"] == "there" else f"  {row['state']}"
        number = None if row["number"] == row["id"] else row["number"] or row["asks_for"]
        told = (row["company"], number, row["name"], row.get("date"), row.get("amount"), row.get("status"))
        names = " ".join(text for text in told if text)
        yield f"{row['entity']} {row['id']}  {names}{state}"
        if row["problem"]:
            yield f"    {row['problem']}"


def _import_setup(options: argparse.Namespace) -> int:
    actor = None if options.dry_run else acting(options.actor)
    made = master_import.run(
        options.stack_prefix, dry_run=options.dry_run, all_columns=options.all_columns, actor=actor
    )
    if options.json:
        print(json.dumps(made, indent=2))
        return 0
    verb = "would be written" if options.dry_run else "written"
    for part, counted in made["parts"].items():
        print(f"{part}: {counted['changed']} {verb}, {counted['unchanged']} there already")
    print(f"from version {made['version']} of the set-up")
    return 0


def _export(options: argparse.Namespace) -> int:
    found = master_data.finance_columns(options.stack_prefix)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print(yaml.safe_dump(found, allow_unicode=True, sort_keys=True), end="")
    return 0


def _name(one: dict[str, Any]) -> str:
    key = NameKey(Part(one["part"]), one["company"] or "", one["number"])
    return " ".join([key.part, *([] if key.part in GLOBAL else [key.company]), key.number])


def _told(columns: dict[str, Any]) -> str:
    return ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in columns.items()) or "nothing"
