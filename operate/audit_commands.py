"""``invoicing audit`` on the command line: what it takes and what it prints."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operate import answers, audit
from operate.arguments import ask_a_stack, at_a_stack, named_text, verb
from operate.terminal import console, printable
from project_invoicing.domain.text import number_of

if TYPE_CHECKING:
    from operate.arguments import Commands

_BAD_ANSWER = 1


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    audits = commands.add_parser("audit", help="what was posted and what people did, sealed in a chain per company")
    verbs = audits.add_subparsers(required=True, metavar="WHAT")
    does = "compute everything again, and name what was changed, removed or added"
    verifies = verb(verbs, "verify", does, "audit verify --company USPM", "audit verify --export audit.jsonl.gz")
    ask_a_stack(verifies, _verify)
    verifies.add_argument("--company", type=named_text, help="only the chain of this company; - is the stack's own")
    verifies.add_argument("--export", type=Path, metavar="FILE", help="an export instead of a stack; needs no network")
    verifies.add_argument("--bucket", type=named_text, help="compare with the seals in this bucket; default: its own")
    verifies.add_argument(
        "--ends", type=Path, metavar="FILE", help="compare with what: invoicing audit head printed into a file before"
    )
    verifies.set_defaults(command=_verify_anywhere)

    does = "write what verify reads into a file, for an auditor"
    exports = verb(verbs, "export", does, "audit export audit.jsonl.gz")
    exports.add_argument("file", type=Path, help="JSON Lines; packed if the name ends with .gz")
    ask_a_stack(exports, _export)
    does = "say where each chain ends; keep it where nobody here can write"
    ask_a_stack(verb(verbs, "head", does, "audit head > ends.txt"), _head)
    ask_a_stack(verb(verbs, "seal", "seal now, as the schedule does every few minutes", "audit seal"), _seal)
    filling = verb(verbs, "backfill", "have what earlier versions stored sealed, once", "audit backfill")
    filling.add_argument("--again", action="store_true", help="although it was done")
    ask_a_stack(filling, _fill)


def _verify_anywhere(options: argparse.Namespace) -> int:
    """An export with nothing to compare it with needs no stack, not even a local one."""
    offline = options.export and not options.bucket
    return _verify(options) if offline else at_a_stack(_verify)(options)


def _verify(options: argparse.Namespace) -> int:
    asked = audit.Options(options.company, options.export, options.bucket, options.ends, options.stack_prefix)
    report = audit.verified(asked)
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        _show(report)
    return 0 if report["ok"] else _BAD_ANSWER


def _export(options: argparse.Namespace) -> int:
    number = audit.write_export(options.file, options.stack_prefix)
    if options.json:
        print(json.dumps({"file": str(options.file), "lines": number}))
    else:
        file = printable(options.file)
        print(f"{file} has {number_of(number, 'line')}; check it with: invoicing audit verify --export {file}")
    return 0


def _head(options: argparse.Namespace) -> int:
    found = audit.ends(options.stack_prefix)
    if options.json:
        rows = [{"chain": one.chain, "seal": one.number, "hash": one.hash, "sealed_at": one.at} for one in found]
        print(json.dumps({"ends": rows}, indent=2))
        return 0
    for one in found:
        print(printable(f"{one.chain} {one.number} {one.hash}"))
    if not found:
        print("Nothing was sealed yet.", file=sys.stderr)
    return 0


def _seal(options: argparse.Namespace) -> int:
    report = audit.seal(options.stack_prefix)
    if options.json:
        print(json.dumps(report))
    else:
        entries, seals = report["entries"], report["seals"]
        sealed = "entry was" if entries == 1 else "entries were"
        print(f"{entries} {sealed} sealed in {seals} {'seal' if seals == 1 else 'seals'}.")
    return _BAD_ANSWER if report["differing"] else 0


def _fill(options: argparse.Namespace) -> int:
    def tell(table: str, marked: int) -> None:
        print(f"{table}: {marked} so far", file=sys.stderr)

    marked = audit.fill(options.stack_prefix, tell, again=options.again)
    if options.json:
        print(json.dumps({"marked": marked}))
    else:
        items = number_of(marked, "item of an earlier version is", "items of earlier versions are")
        print(f"{items} sealed by the next runs of audit_sealing.")
    return 0


def _show(report: dict[str, Any]) -> None:
    if report["ok"] and not report["entries"] and not report["chains"]:
        print("Nothing is posted or sealed yet, so there is nothing to verify.")
        return
    screen = console()
    rows = [
        {
            "chain": one["chain"],
            "seals": one["seals"],
            "entries": one["entries"],
            "from": one["from"],
            "to": one["to"],
            "wrong": one["faults"] or "",
        }
        for one in report["chains"]
    ]
    answers.show_rows(screen, "Chains", rows, most=len(rows))
    wrong = [
        {
            "chain": fault["chain"],
            "seal": fault["seal"],
            "wrong": fault["what"],
            "what": " ".join((fault["entry"] or {"": "the seal itself"}).values()),
            "detail": fault["detail"],
        }
        for fault in report["faults"]
    ]
    answers.show_rows(screen, "What is wrong, the first in its chain first", wrong, most=len(wrong))
    if report["more"]:
        print(f"{report['more']} more are not shown.")
    if report["waiting"]:
        entries = number_of(report["waiting"], "entry is", "entries are")
        print(printable(f"{entries} not sealed yet; the oldest is of {report['oldest']}."))
    if report["later"]:
        later = "seal was" if report["later"] == 1 else "seals were"
        print(f"The export is of {report['at']}; {report['later']} {later} made after it and not verified.")
    if report["unmarked"]:
        print("What earlier versions stored was not marked to be sealed; run: invoicing audit backfill")
    told = f"{number_of(report['entries'], 'entry', 'entries')} of {number_of(report['posted'], 'posted document')}"
    one = report["entries"] == 1
    agrees = (
        ("agrees with its seal" if one else "agree with their seals")
        if report["ok"]
        else ("does not agree with its seal" if one else "do not agree with their seals")
    )
    print(f"{told} {agrees}.")
