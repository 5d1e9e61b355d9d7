"""The verbs for documents on the command line: what they take, and what they print."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from operate import answers, found, lists, preview
from operate import document_verbs as verbs
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, given_date, named_text, verb
from operate.calling import stack_named
from operate.document_verbs import Asker
from operate.found import INVOICE, JOURNAL, PROPOSAL, Document
from operate.invalid_input import InvalidInput
from operate.outcomes import NOT_VALID, REFUSED_CODE, Outcome, show
from operate.stack_tables import check_company
from operate.terminal import console, printable

if TYPE_CHECKING:
    from operate.arguments import Commands

BOTH: Final = (PROPOSAL, JOURNAL)
_KINDS: Final = {"proposals": (PROPOSAL,), "journals": (JOURNAL,)}
_NULL: Final = "null"
_GROUPS: Final = ("sales_tax_group", "item_sales_tax_group")
_DATES: Final = ("invoice_date", "due_date", "accounting_date")
_REDERIVED: Final = {"tax": "rederive_sales_tax", "dimensions": "rederive_dimensions"}


def add(commands: Commands) -> None:
    _add_posting(commands)
    _add_edits(commands)
    _add_repeats(commands)


def _add_posting(commands: Commands) -> None:
    previews = verb(
        commands,
        "preview",
        "show what posting proposals or journals would make; nothing is written",
        "preview INV-0001 --date 2026-08-31",
        "preview USPM-000001 --json",
    )
    _numbers(previews, "the number of a proposal or a journal")
    previews.add_argument(
        "--date", "--invoice-date", dest="date", type=given_date, help="as if it were given to the posting: 2026-08-31"
    )
    ask_a_stack(previews, _preview)

    posts = verb(
        commands,
        "post",
        "post proposals and journals, or everything of a company that is ready",
        "post INV-0001 INV-0002 --date 2026-08-31",
        "post --all --company USPM --dry-run",
    )
    _numbers(posts, "the number of a proposal or a journal", many="*")
    posts.add_argument("--all", action="store_true", help="everything that is ready: journals first, then proposals")
    posts.add_argument("--only", choices=list(_KINDS), help="with --all: nothing but these")
    posts.add_argument("--date", type=given_date, help="the date of the invoices, as 2026-08-31, instead of theirs")
    posts.add_argument("--dry-run", action="store_true", help="show what would be posted, and write nothing")
    _acts(posts, _post)


def _add_edits(commands: Commands) -> None:
    edits = verb(
        commands,
        "edit",
        "change a proposal's header, or lines of a proposal or a journal, before they are posted",
        "edit INV-0001 --due-date 2026-10-15",
        "edit INV-0001 --all-lines --item-sales-tax-group EXP",
        "edit USPM-000001 --where category=Labor --dimension CostCenter=007",
        "edit USPM-000001 --tag IndustryEvent='2026 Event'",
    )
    _numbers(edits, "the number of a proposal or a journal")
    for name in _DATES:
        told = f"of a proposal: its {name.replace('_', ' ')}; null takes it back"
        edits.add_argument(f"--{name.replace('_', '-')}", type=_date_or_null, metavar="DATE", help=told)
    for name in _GROUPS:
        told = f"of lines: another {name.replace('_', ' ')}; null for none"
        edits.add_argument(f"--{name.replace('_', '-')}", type=named_text, metavar="GROUP", help=told)
    edits.add_argument(
        "--dimension",
        type=named_text,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of a proposal's header or of journal lines, all of them anew; null takes them back",
    )
    edits.add_argument(
        "--tag",
        type=named_text,
        action="append",
        default=[],
        metavar="LABEL=VALUE",
        help="of journal lines, or without these of lines that are added later: the financial tags, all of them anew; "
        "null takes them off",
    )
    _lines(edits)
    _acts(edits, _edit)

    rederives = verb(
        commands,
        "rederive",
        "take the tax groups or the dimensions of a proposal's lines anew from the set-up and master data of now",
        "rederive tax INV-0001",
        "rederive dimensions INV-0001 --where project=PRJ-1",
    )
    rederives.add_argument("what", choices=list(_REDERIVED), help="tax groups, or dimensions")
    _numbers(rederives, "the number of a proposal")
    _lines(rederives)
    _acts(rederives, _rederive)

    deletes = verb(
        commands,
        "delete-lines",
        "delete all lines of proposals or journals that are not posted; the next import rebuilds them",
        "delete-lines INV-0001 --rebuild",
    )
    _numbers(deletes, "the number of a proposal or a journal")
    deletes.add_argument("--rebuild", action="store_true", help="import them again at once")
    _acts(deletes, _delete_lines)

    resets = verb(commands, "reset", "make journals in error drafts again, which can be posted", "reset USPM-000002")
    _numbers(resets, "the number of a journal in error")
    _acts(resets, _reset)


def _add_repeats(commands: Commands) -> None:
    replays = verb(
        commands,
        "replay",
        "deliver rejected rows again, once their cause is fixed",
        "replay 0f1f1a5a-df82-43a1-861c-db7cfc3aac4e",
        "replay --reason currency_unknown --since 2026-08-01",
    )
    replays.add_argument("ids", type=named_text, nargs="*", metavar="ID", help="the id of a rejected row")
    replays.add_argument("--all", action="store_true", help="everything that is kept as rejected")
    replays.add_argument("--reason", type=named_text, help="what was rejected for this reason")
    replays.add_argument("--company", type=named_text, help="of this company, or of nobody knows which")
    replays.add_argument("--since", type=given_date, metavar="DATE", help="what was rejected from this day on")
    _acts(replays, _replay)

    dismisses = verb(
        commands,
        "dismiss",
        "set aside what was rejected and will never be taken; it is kept whole",
        'dismiss 0f1f1a5a-df82-43a1-861c-db7cfc3aac4e --reason "a test row, deleted in Dataverse"',
        "dismiss 2026-08-31T09:00:00Z#0a1b2c3d4e5f6071 --take-back",
    )
    dismisses.add_argument(
        "ids", type=named_text, nargs="+", metavar="ID", help="the id of a rejected row, or a message in list rejected"
    )
    dismisses.add_argument("--reason", type=named_text, help="why it will never be taken")
    dismisses.add_argument("--take-back", action="store_true", help="put it back among the rejected")
    _acts(dismisses, _dismiss)

    bills = verb(
        commands,
        "bill-intercompany",
        "make proposals for what one company of the group sold to another",
        "bill-intercompany GBPM USPM --from 2026-08-01 --to 2026-08-31",
        "bill-intercompany GBPM USPM --from 2026-08-01 --to 2026-08-31 --by project --contract CTR-1",
    )
    bills.add_argument("lender", type=named_text, help="the company that sold")
    bills.add_argument("borrower", type=named_text, help="the company that bought")
    bills.add_argument("--from", dest="from_", type=given_date, required=True, metavar="DATE", help="first day")
    bills.add_argument("--to", type=given_date, required=True, metavar="DATE", help="last day")
    bills.add_argument("--by", choices=["borrower", "project"], help="one invoice for all projects, or one for each")
    bills.add_argument("--project", type=named_text, help="only what was sold for this project")
    bills.add_argument("--contract", type=named_text, help="only what was sold for this contract")
    _acts(bills, _bill)

    between = verb(
        commands,
        "intercompany-lines",
        "take lines off a proposal between companies before it is posted, or add some",
        "intercompany-lines GBPM IC-000001 --off 0f1f1a5a-df82-43a1-861c-db7cfc3aac4e",
    )
    between.add_argument("lender", type=named_text, help="the company that sold")
    between.add_argument("number", type=named_text, help="the number of the proposal")
    either = between.add_mutually_exclusive_group(required=True)
    either.add_argument(
        "--off", nargs="+", type=named_text, metavar="ID", help="actuals that come with the next invoice"
    )
    either.add_argument("--add", nargs="+", type=named_text, metavar="ID", help="posted sales that are not billed yet")
    _acts(between, _between)

    imports = verb(
        commands,
        "import",
        "import what waits in staging, without waiting for the schedule",
        "import --company USPM",
    )
    imports.add_argument("--company", type=named_text, help="only this company")
    imports.add_argument("--proposal", type=named_text, metavar="NUMBER", help="only this proposal")
    imports.add_argument("--actual", type=named_text, metavar="ID", help="only this actual")
    _acts(imports, _import)

    retries = verb(
        commands,
        "retry-write-back",
        "write posted journals or invoices back to Dataverse again, as far as it refused them",
        "retry-write-back FTI-00000001",
    )
    _numbers(retries, "the number of a posted journal or an invoice")
    retries.add_argument("--everything", action="store_true", help="all rows, because Dataverse has others now")
    _acts(retries, _retry)


def _numbers(parser: argparse.ArgumentParser, told: str, many: str = "+") -> None:
    parser.add_argument("numbers", type=named_text, nargs=many, metavar="NUMBER", help=told)
    parser.add_argument("--company", type=named_text, help="where several companies have a document with this number")


def _lines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--line", type=named_text, action="append", default=[], metavar="N|ID", help="a line number or an actual's id"
    )
    parser.add_argument(
        "--where",
        type=named_text,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="lines that have this: category, project, item_sales_tax_group …; null for none",
    )
    parser.add_argument("--all-lines", action="store_true", help="every line")


def _acts(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int]) -> None:
    ask_a_stack(parser, command)
    actor_option(parser)


def _date_or_null(text: str) -> str:
    return text if text == _NULL else given_date(text)


def _asker(options: argparse.Namespace) -> Asker:
    actor = acting(options.actor)
    return Asker.of(stack_named(options.stack_prefix), options.stack_prefix, actor)


def _on_each(
    options: argparse.Namespace,
    title: str,
    kinds: Sequence[str],
    act: Callable[[Asker, Document], Outcome],
) -> int:
    asker = _asker(options)
    made = verbs.on_each(asker, options.numbers, options.company, kinds, lambda document: act(asker, document))
    return show(made, title, as_json=options.json, nothing="Nothing to do.")


def _preview(options: argparse.Namespace) -> int:
    return _show_previews(options, [(number, options.company) for number in dict.fromkeys(options.numbers)])


def _show_previews(options: argparse.Namespace, wanted: Sequence[preview.Wanted]) -> int:
    """``REFUSED_CODE`` where a posting would be refused."""
    made = preview.run(wanted, options.date, options.stack_prefix)
    if options.json:
        print(json.dumps({"previews": made.rows, "problems": made.problems}, indent=2))
    else:
        answers.show_previews(console(), made.rows)
        print(*map(printable, made.problems), sep="\n", end="\n" if made.problems else "", file=sys.stderr)
    if any(one["refused"] for one in made.rows):
        return REFUSED_CODE
    return NOT_VALID if made.problems else 0


def _post(options: argparse.Namespace) -> int:
    if bool(options.numbers) == options.all:
        raise InvalidInput(["post: name documents, or give --all for everything that is ready"])
    if options.only and not options.all:
        raise InvalidInput(["--only: goes with --all"])
    kinds = _KINDS[options.only] if options.only else BOTH
    if options.dry_run:
        return _dry_run(options, kinds)
    asker = _asker(options)

    def act(document: Document) -> Outcome:
        return verbs.post(asker, document, options.date if not options.all or document.kind == PROPOSAL else None)

    if options.all:
        made = verbs.post_all_due(asker, options.company, kinds, act)
    else:
        made = verbs.on_each(asker, options.numbers, options.company, kinds, act)
    return show(made, "Posting", as_json=options.json, nothing="Nothing is ready to be posted.")


def _dry_run(options: argparse.Namespace, kinds: Sequence[str]) -> int:
    if not options.all:
        return _preview(options)
    place = lists.place_of(options.stack_prefix)
    check_company(options.company, place.setup)
    due = [(one.number, one.company) for one in found.due(place, options.company, kinds)]
    if due or options.json:
        return _show_previews(options, due)
    print("Nothing is ready to be posted.")
    return 0


def _edit(options: argparse.Namespace) -> int:
    lines = verbs.line_filter(options.line, options.where, every=options.all_lines)
    dates, groups = _given(options, _DATES), _given(options, _GROUPS)
    changes: dict[str, Any] = {**dates, **groups}
    if options.dimension:
        changes["dimensions"] = verbs.named_values(options.dimension, "--dimension", "CostCenter=007")
    if options.tag:
        changes["tags"] = verbs.named_values(options.tag, "--tag", "IndustryEvent=2026")
    if not changes:
        raise InvalidInput(["edit: say what to change; see invoicing edit --help"])
    if dates and lines is not None:
        raise InvalidInput(["edit: dates are of the header; give them without --line, --where and --all-lines"])
    if groups and lines is None:
        raise InvalidInput(["edit: tax groups are of lines; say which: --line, --where or --all-lines"])
    return _on_each(options, "Edit", BOTH, lambda asker, document: verbs.edit(asker, document, changes, lines))


def _given(options: argparse.Namespace, names: Sequence[str]) -> dict[str, str | None]:
    values = {name: getattr(options, name) for name in names}
    return {name: None if value == _NULL else value for name, value in values.items() if value is not None}


def _rederive(options: argparse.Namespace) -> int:
    lines = verbs.line_filter(options.line, options.where, every=options.all_lines) or {}
    what = _REDERIVED[options.what]
    title = "Derived anew"
    return _on_each(options, title, BOTH, lambda asker, document: verbs.rederive(asker, document, what, lines))


def _delete_lines(options: argparse.Namespace) -> int:
    rebuild = options.rebuild
    return _on_each(options, "Lines", BOTH, lambda asker, one: verbs.delete_lines(asker, one, rebuild=rebuild))


def _reset(options: argparse.Namespace) -> int:
    return _on_each(options, "Reset", (JOURNAL,), verbs.reset)


def _replay(options: argparse.Namespace) -> int:
    chosen = {name: getattr(options, name) for name in ("reason", "company", "since")}
    filtered = any(chosen.values())
    if bool(options.ids) == bool(filtered or options.all):
        raise InvalidInput(["replay: name ids, or say which: --reason, --company, --since, or --all"])
    made = verbs.replay(_asker(options), options.ids, chosen)
    return show(made, "Replayed", as_json=options.json, nothing="Nothing that fits is kept as rejected.")


def _dismiss(options: argparse.Namespace) -> int:
    if bool(options.reason) == options.take_back:
        raise InvalidInput(["dismiss: give --reason, or --take-back for what was dismissed"])
    asked = {"take_back": True} if options.take_back else {"reason": options.reason}
    title = "Taken back" if options.take_back else "Dismissed"
    return show(verbs.dismiss(_asker(options), options.ids, asked), title, as_json=options.json, nothing="")


def _bill(options: argparse.Namespace) -> int:
    some = {name: value for name in ("by", "project", "contract") if (value := getattr(options, name))}
    made = verbs.bill_intercompany(_asker(options), options.lender, options.borrower, options.from_, options.to, some)
    return show([made], "Intercompany", as_json=options.json, nothing="")


def _between(options: argparse.Namespace) -> int:
    what = {"off": options.off} if options.off else {"add": options.add}
    made = verbs.intercompany_lines(_asker(options), options.lender, options.number, what)
    return show([made], "Intercompany", as_json=options.json, nothing="")


def _import(options: argparse.Namespace) -> int:
    scope = {"company": options.company, "proposal_id": options.proposal, "actual_id": options.actual}
    asker = _asker(options)
    check_company(options.company, asker.place.setup)
    report = asker.ask("staging_import", {name: value for name, value in scope.items() if value})
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        counts = (f"{name.replace('_', ' ')} {value}" for name, value in report.items() if name != "actor")
        print(f"Imported: {', '.join(counts)}.")
    return 0


def _retry(options: argparse.Namespace) -> int:
    every = options.everything
    kinds = (JOURNAL, INVOICE)
    return _on_each(options, "Write-back", kinds, lambda a, one: verbs.retry_write_back(a, one, everything=every))
