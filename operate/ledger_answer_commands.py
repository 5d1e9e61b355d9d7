"""``invoicing ledger deliver``, ``ack``, ``verify`` and ``compare`` on the command line."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from operate import answers, ledger_answers
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, given_date, named_text, verb
from operate.invalid_input import InvalidInput
from operate.ledger_batch_names import batch_of, chosen, named_batch
from operate.terminal import console, printable
from project_invoicing.domain.ledger_answer import Outcome
from project_invoicing.domain.text import number_of

if TYPE_CHECKING:
    from operate.arguments import Commands

_BAD_ANSWER: Final = 1
_PERIOD: Final = re.compile(r"\d{4}-\d{2}")

Json = dict[str, Any]


def add(verbs: Commands) -> None:
    """Adds the verbs below ``invoicing ledger``."""
    does = "deliver what of a batch is not accepted yet, in a format"
    delivers = verb(verbs, "deliver", does, "ledger deliver USPM-ledger-000003 --format d365_general_journal")
    named_batch(delivers)
    delivers.add_argument("--format", type=named_text, required=True, help="a ready-made one, or one of the set-up")
    actor_option(delivers)
    ask_a_stack(delivers, _deliver)

    does = "say what the other ledger has made of a batch"
    examples = (
        "ledger ack USPM-ledger-000003 accepted --external-number GNJ-000123 --posted-date 2026-08-31",
        'ledger ack USPM-ledger-000003 partly --error USPM:PV-00000002 "period closed"',
        "ledger ack USPM-ledger-000003 --file answer.json",
    )
    acks = verb(verbs, "ack", does, *examples)
    named_batch(acks)
    acks.add_argument("outcome", nargs="?", choices=[str(outcome) for outcome in Outcome], help="what became of it")
    told = "what the other ledger calls it; SAP's as 1000/1900000001/2026; may be given several times"
    acks.add_argument("--external-number", action="append", type=named_text, metavar="NUMBER", help=told)
    acks.add_argument("--posted-date", type=given_date, metavar="DATE", help="when it was posted there")
    told = "a voucher that was refused, by its external id, and why; may be given several times"
    acks.add_argument("--error", action="append", nargs=2, metavar=("EXTERNAL_ID", "MESSAGE"), help=told)
    acks.add_argument("--message", type=named_text, help="why; voided_there needs it")
    acks.add_argument("--file", type=Path, help="the answer as JSON, in place of the options")
    actor_option(acks)
    ask_a_stack(acks, _acknowledge)

    does = "make the files of batches again, and name what in the bucket is missing or altered"
    verifies = verb(verbs, "verify", does, "ledger verify --company USPM", "ledger verify USPM-ledger-000003 --json")
    verifies.add_argument("batch", type=named_text, nargs="?", help="only this one: USPM-ledger-000003, or its number")
    chosen(verifies)
    _bucket(verifies)
    ask_a_stack(verifies, _verify)

    does = "compare a trial balance of the other ledger with ours: what differs, and the vouchers that make it up"
    compares = verb(verbs, "compare", does, "ledger compare trial-balance.csv --company USPM --period 2026-08")
    compares.add_argument("file", type=Path, help="CSV with the columns account, dimensions, amount; debit is positive")
    compares.add_argument("--company", type=named_text, required=True, help="of this company")
    compares.add_argument("--period", type=_period, required=True, help="the month in which it begins, as 2026-08")
    _bucket(compares)
    ask_a_stack(compares, _compare)


def _bucket(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bucket", type=named_text, help="the bucket of the batches; default: the stack's own")


def _period(text: str) -> str:
    if _PERIOD.fullmatch(text):
        return text
    raise argparse.ArgumentTypeError(f"write the month in which it begins, as 2026-08, not {text!r}")


def _deliver(options: argparse.Namespace) -> int:
    answer = ledger_answers.deliver(options.stack_prefix, batch_of(options), options.format, acting(options.actor))
    if options.json:
        print(json.dumps(answer, indent=2))
    elif "refused" in answer:
        _show_refused(answer)
    else:
        lines = number_of(answer["lines"], "line")
        print(printable(f"Delivery {answer['delivery']} in {answer['format']} has {lines}: {answer['folder']}"))
        answers.show_rows(console(), "Files", answer["parts"], most=len(answer["parts"]))
    return _BAD_ANSWER if "refused" in answer else 0


def _acknowledge(options: argparse.Namespace) -> int:
    answer = ledger_answers.acknowledge(options.stack_prefix, _said(options), acting(options.actor))
    if options.json:
        print(json.dumps(answer, indent=2))
    elif "refused" in answer:
        _show_refused(answer)
    else:
        numbers = ", ".join(answer["external_numbers"])
        print(printable(f"{answer['detail']}{f' ({numbers})' if numbers else ''}."))
    return _BAD_ANSWER if "refused" in answer else 0


def _said(options: argparse.Namespace) -> Json:
    """The answer that the options or the file give. Raises ``InvalidInput``."""
    id = batch_of(options)
    named = {"company": id.company, "kind": str(id.kind), "number": id.number}
    given = {
        "outcome": options.outcome,
        "external_numbers": options.external_number,
        "posted_date": options.posted_date,
        "message": options.message,
        "errors": [{"external_id": one, "message": message} for one, message in options.error or ()] or None,
    }
    said = {name: value for name, value in given.items() if value is not None}
    if options.file is None:
        if "outcome" not in said:
            raise InvalidInput([f"say what became of it: {', '.join(Outcome)}; or give a --file"])
        return {**named, **said}
    if said:
        raise InvalidInput([f"--file: it says everything; leave out {', '.join(said)}"])
    return {**ledger_answers.answer_in(options.file), **named}


def _verify(options: argparse.Namespace) -> int:
    company, kind, number = options.company, options.kind, None
    if options.batch:
        id = batch_of(options)
        company, kind, number = id.company, str(id.kind), id.number
    report = ledger_answers.verify(options.stack_prefix, company, kind, number, options.bucket)
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        answers.show_rows(console(), "What is wrong", report["faults"], most=len(report["faults"]))
        batches = number_of(report["batches"], "batch", "batches")
        found = "they are as they were" if report["ok"] else number_of(len(report["faults"]), "fault")
        print(f"{batches} with {number_of(report['files'], 'file')}: {found}.")
    return 0 if report["ok"] else _BAD_ANSWER


def _compare(options: argparse.Namespace) -> int:
    asked = (options.stack_prefix, options.file, options.company, options.period, options.bucket)
    report = ledger_answers.compare(*asked)
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        _show_comparison(report)
    return 0 if report["ok"] else _BAD_ANSWER


def _show_comparison(report: Json) -> None:
    screen = console()
    names = ("account", "dimensions", "ours", "theirs", "difference", "unexplained")
    rows = [{name: one[name] for name in names} for one in report["accounts"]]
    answers.show_rows(screen, f"{report['company']} {report['period']}: accounts that differ", rows, most=len(rows))
    for name, title in (
        ("vouchers", "Vouchers that make it up"),
        ("likely", "Vouchers of just the amount that is left"),
    ):
        found = [{"account": one["account"], **voucher} for one in report["accounts"] for voucher in one[name]]
        answers.show_rows(screen, title, found, most=len(found))
    if report["ok"]:
        print(printable(f"The books of {report['company']} for {report['period']} are the same on both sides."))


def _show_refused(answer: Json) -> None:
    answers.show_rows(console(), "Refused", answer["refused"])
