"""The verbs for the documents of invoices on the command line: ``invoicing document …``."""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Final

from operate import answers, found, lists
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, named_text, verb
from operate.calling import call, stack_named
from operate.found import INVOICE, PROPOSAL, Document, NotFound
from operate.invalid_input import InvalidInput
from operate.outcomes import NOT_VALID, REFUSED_CODE
from operate.terminal import console, printable
from project_invoicing.domain.codes import RejectReason

if TYPE_CHECKING:
    from operate.arguments import Commands

FUNCTION: Final = "invoice_documents"
_SENDING: Final = "invoice_sending"
_FORMATS: Final = ("pdf", "html", "xml")
_WORST: Final = (0, NOT_VALID, REFUSED_CODE)
_LARGEST: Final = 4 * 1024 * 1024
_WORD: Final = "document"
_VERBS: Final = ("show", "make", "all", "preview", "attach", "resend")
_GONE: Final = ("sent", "delivered", "opened")

Json = dict[str, Any]


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    documents = commands.add_parser(_WORD, help="documents of invoices: the pages and e-invoices that customers get")
    verbs = documents.add_subparsers(required=True, metavar="WHAT")
    does = "get the document of a posted invoice as it is kept, or a copy in another language"
    shows = verb(
        verbs, "show", does, "document show FTI-00000042 --open", "document show FTI-00000042 --format xml --out i.xml"
    )
    shows.add_argument("number", type=named_text, help="the number of the posted invoice")
    _wanted(shows)
    ask_a_stack(shows, _show)

    does = "make the document of a posted invoice, also where its company asks for none"
    makes = verb(verbs, "make", does, "document make FTI-00000042")
    makes.add_argument("number", type=named_text, help="the number of the posted invoice")
    _company(makes)
    _acts(makes, _make)

    does = "make the documents of a month that are missing, of the companies that ask for them or of one company"
    every = verb(verbs, "all", does, "document all --month 2026-09", "document all --month 2026-09 --company USPM")
    every.add_argument("--month", type=named_text, required=True, help="the month of the invoice dates, as 2026-09")
    every.add_argument("--company", type=named_text, help="all invoices of this company, also if it asks for none")
    _acts(every, _all)

    does = "get the document that posting a proposal now would make, marked as a preview and without a number"
    previews = verb(verbs, "preview", does, "document preview INV-0001 --format html --out preview.html")
    previews.add_argument("number", type=named_text, help="the number of the proposal")
    _wanted(previews)
    ask_a_stack(previews, _preview)

    does = "attach files, such as time sheets, to a posted invoice; they go out with it"
    attaches = verb(verbs, "attach", does, "document attach FTI-00000042 timesheets.pdf")
    attaches.add_argument("number", type=named_text, help="the number of the posted invoice")
    attaches.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a file of at most 4 MB")
    _company(attaches)
    _acts(attaches, _attach)

    does = "mail the document of a posted invoice again, also where it is not known whether the last mail was sent"
    again = "document resend FTI-00000042"
    resends = verb(verbs, "resend", does, again, f"{again} --to ap@customer.example")
    resends.add_argument("number", type=named_text, help="the number of the posted invoice")
    resends.add_argument("--to", type=named_text, metavar="ADDRESS", help="another address than the last mail's")
    _company(resends)
    _acts(resends, _resend)


def filled_in(arguments: Sequence[str]) -> list[str]:
    """``document NUMBER`` is ``document show NUMBER``."""
    words = list(arguments)
    if words[:1] == [_WORD] and len(words) > 1 and words[1] not in _VERBS and not words[1].startswith("-"):
        words.insert(1, _VERBS[0])
    return words


def _company(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--company", type=named_text, help="where several companies have a document with this number")


def _wanted(parser: argparse.ArgumentParser) -> None:
    _company(parser)
    parser.add_argument("--format", choices=_FORMATS, default="pdf", help="which file; default: pdf")
    parser.add_argument("--language", type=named_text, help="another language than the customer's, such as de: a copy")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it here")
    parser.add_argument("--open", action="store_true", help="open it with the program that shows such files")


def _acts(parser: argparse.ArgumentParser, command: Any) -> None:
    ask_a_stack(parser, command)
    actor_option(parser)


def _show(options: argparse.Namespace) -> int:
    one = _named(options, INVOICE)
    asked = {"invoice_number": one.number, **_format(options)}
    return _given(options, one, _whole(options, "show", one, asked))


def _preview(options: argparse.Namespace) -> int:
    one = _named(options, PROPOSAL)
    asked = {"proposal_id": one.number, **_format(options)}
    return _given(options, one, _whole(options, "preview", one, asked))


def _make(options: argparse.Namespace) -> int:
    one = _named(options, INVOICE)
    answer = _ask(options, "make", one, {"invoice_number": one.number, "actor": acting(options.actor)})
    return _told(options, answer, "Files", answer.get("files", []))


def _all(options: argparse.Namespace) -> int:
    asked: Json = {"month": options.month, "actor": acting(options.actor)}
    if options.company:
        asked["company"] = options.company
    answer = call(stack_named(options.stack_prefix), FUNCTION, {"make_all": asked})
    made = [
        {name: one[name] for name in ("company", "invoice_number")} | {"files": len(one["files"])}
        for one in answer.get("made", [])
    ]
    code = _told(options, answer, "Documents made", made)
    if not options.json and "finished" in answer:
        answers.show_rows(console(), "Not made", answer["failed"])
        print(f"{len(made)} made, {answer['there']} there before, {answer['not_asked']} nobody asks for.")
        if not answer["finished"]:
            print("There was no time for all of them; give the command again.")
    return code or (REFUSED_CODE if answer.get("failed") else 0)


def _attach(options: argparse.Namespace) -> int:
    contents = [(file.name, _content(file)) for file in options.files]
    one, actor = _named(options, INVOICE), acting(options.actor)
    made: list[Json] = []
    for name, data in contents:
        asked = {"invoice_number": one.number, "name": name, "content": base64.b64encode(data).decode()}
        made.append(_ask(options, "attach", one, {**asked, "actor": actor}))
    if options.json:
        print(json.dumps(made, indent=2))
    else:
        rows = [{"file": name, **answer} for (name, _), answer in zip(contents, made, strict=True)]
        late = {str(row.pop("late")) for row in rows if "late" in row}
        answers.show_rows(console(), "Attached", rows, most=len(rows))
        for told in late:
            print(f"{told[0].upper()}{told[1:]}.")
    return max((_code(answer) for answer in made), default=0, key=_WORST.index)


def _resend(options: argparse.Namespace) -> int:
    one = _named(options, INVOICE)
    asked = {"company": one.company, "invoice_number": one.number, "actor": acting(options.actor)}
    if options.to:
        asked["to"] = options.to
    answer = call(stack_named(options.stack_prefix), _SENDING, {"resend": asked})
    code = _told(options, answer, "Mail", [answer])
    return code or (0 if answer["outcome"] in _GONE else REFUSED_CODE)


def _content(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InvalidInput([f"{file}: {error.strerror or error}"]) from None
    if not 0 < len(data) <= _LARGEST:
        raise InvalidInput([f"{file}: has {len(data)} bytes; a file that is attached has 1 to {_LARGEST}"])
    return data


def _format(options: argparse.Namespace) -> Json:
    return {"format": options.format} | ({"language": options.language} if options.language else {})


def _named(options: argparse.Namespace, kind: str) -> Document:
    try:
        return found.named(lists.place_of(options.stack_prefix), options.number, options.company, (kind,))
    except NotFound as problem:
        raise InvalidInput([str(problem)]) from None


def _ask(options: argparse.Namespace, action: str, one: Document, asked: Json) -> Json:
    return call(stack_named(options.stack_prefix), FUNCTION, {action: {"company": one.company, **asked}})


def _whole(options: argparse.Namespace, action: str, one: Document, asked: Json) -> Json:
    """An answer with the whole file, however many answers that takes."""
    answer = part = _ask(options, action, one, asked)
    data = b""
    while not _is_refused(part):
        data += gzip.decompress(base64.b64decode(part["content"]))
        if part["next"] is None:
            return {**answer, "content": data}
        part = _ask(options, action, one, {**asked, "offset": part["next"]})
    return part


def _is_refused(answer: Json) -> bool:
    return str(answer["outcome"]).startswith("refused: ")


def _told(options: argparse.Namespace, answer: Json, title: str, rows: list[Json]) -> int:
    if options.json:
        print(json.dumps(answer, indent=2))
    elif _is_refused(answer):
        print(printable(answer["outcome"]), file=sys.stderr)
    else:
        answers.show_rows(console(), title, rows, most=len(rows))
    return _code(answer)


def _code(answer: Json) -> int:
    """Not valid where what was asked for can't be: refused, where something else stood in the way."""
    if not _is_refused(answer):
        return 0
    return NOT_VALID if answer["refused"][0]["reason"] == RejectReason.SCHEMA else REFUSED_CODE


def _given(options: argparse.Namespace, one: Document, answer: Json) -> int:
    """Writes the file of an answer where the options want it: by itself into this folder, or to the output."""
    if _is_refused(answer):
        return _told(options, answer, "", [])
    data = answer.pop("content")
    if hashlib.sha256(data).hexdigest() != answer.get("sha256", hashlib.sha256(data).hexdigest()):
        raise InvalidInput([f"{one.number}: what came is not the file that is kept; give the command again"])
    answer.pop("next")
    file = options.out or _place(options, one)
    if file:
        try:
            file.write_bytes(data)
        except OSError as error:
            raise InvalidInput([f"{file}: {error.strerror or error}"]) from None
    if options.json:
        text = {} if file else {"content": base64.b64encode(data).decode()}
        print(json.dumps({**answer, "file": str(file) if file else None, **text}, indent=2))
    elif file:
        kind = "a copy, which is not kept" if answer["copy"] else f"as it is kept, sha256 {answer['sha256']}"
        print(printable(f"{file}: {len(data)} bytes, {kind}"))
        _say_mail(answer.get("mail"))
    else:
        sys.stdout.buffer.write(data)
    if options.open and file:
        webbrowser.open(file.resolve().as_uri())
    return 0


def _say_mail(mail: Json | None) -> None:
    if mail:
        print(printable(f"mail {mail['attempt']} to {mail['address']}, asked for {mail['asked_at']}: {mail['state']}"))


def _place(options: argparse.Namespace, one: Document) -> Path | None:
    """Where a file goes that no option names: pages that a terminal cannot show into a folder of their own."""
    if options.open or (options.format == "pdf" and sys.stdout.isatty()):
        safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in one.number)
        return Path(mkdtemp(prefix="invoicing-")) / f"{safe}.{options.format}"
    return None
