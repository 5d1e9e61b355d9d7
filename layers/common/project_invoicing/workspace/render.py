"""Templates and what they may call. Everything is escaped; a name that is not given is an error, not a blank."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, ModuleLoader, StrictUndefined
from markupsafe import Markup

from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.codes import BatchRefusal, PostingFailure, RejectReason, WaitReason
from project_invoicing.workspace.links import link
from project_invoicing.workspace.neighbours import onward
from project_invoicing.workspace.tables import labelled

if TYPE_CHECKING:
    from project_invoicing.workspace.desk import Desk
    from project_invoicing.workspace.session import Session

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
TEMPLATES: Final = _HERE / "templates"
COMPILED: Final = _HERE / "compiled"
"""The templates as modules: only in what is built, where ``tools/build`` puts them."""
_NAMED: Final = re.compile(
    r"(?P<id>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)"
    r"|\b(?:journal|proposal|invoice|voucher|explain) (?P<number>(?=[^\s,;:()]*[0-9])[^\s,;:()]*[^\s,;:().`])"
)
_TIME: Final = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_AMOUNT: Final = re.compile(r"(?<![\w.,#-])\d{4,}\.\d+(?![\w.])")
NAVIGATION: Final = (
    ("/", "Overview", "o"),
    ("/proposals", "Proposals", "p"),
    ("/approvals", "Approvals", "a"),
    ("/journals", "Journals", "j"),
    ("/invoices", "Invoices", "i"),
    ("/waiting", "Waiting", "w"),
    ("/rejected", "Rejected", "r"),
    ("/differences", "Differences", "d"),
    ("/between", "Between companies", "v"),
    ("/costs", "Costs", "b"),
    ("/on-account", "On account", "n"),
    ("/adjust", "Adjust", "x"),
    ("/accruals", "Accrued revenue", "e"),
    ("/sales-tax", "Sales tax", "s"),
    ("/receivables", "Receivables", "y"),
    ("/ledger", "General ledger", "g"),
    ("/close", "Period close", "c"),
    ("/master-data", "Master data", "m"),
    ("/maps", "Table maps", "t"),
)
"""The main pages: address, name, and the key that opens one after ``g``."""


def page(template: str, *, desk: Desk, session: Session | None, **values: Any) -> str:
    """The template with the values, and what every page shows: the person, the navigation, what was just done.

    ``token()`` is what each form that changes something carries.
    """

    def token() -> Markup:
        return Markup('<input type="hidden" name="token" value="{}">').format(session.token if session else "")

    text = environment().get_template(template).render(desk=desk, session=session, token=token, **values)
    return labelled(text)


def loader_of(compiled: Path) -> BaseLoader:
    """Reads the templates, from the folder ``compiled`` where it exists: compiling them takes longer than a page."""
    sources = FileSystemLoader(TEMPLATES)
    return ChoiceLoader([ModuleLoader(compiled), sources]) if compiled.is_dir() else sources


@cache
def environment() -> Environment:
    made = Environment(
        loader=loader_of(COMPILED),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(link=link, asset=asset, navigation=NAVIGATION, advice=advice, onward=onward)
    made.filters |= {"amount": amount, "size": size, "moment": moment, "age": age, "words": words, "linked": linked}
    made.filters |= {"told": told, "timed": timed}
    made.filters |= {"dimensions": dimensions, "days_until": days_until}
    return made


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that a browser may keep it for a year."""
    return link(f"/static/{name}", v=sha256((STATIC / name).read_bytes()).hexdigest()[:12])


def amount(value: Decimal | str | None) -> str:
    """An amount with its thousands apart, as in ``12 345.60``; the decimals stay as they are."""
    if value is None:
        return ""
    try:
        return f"{Decimal(value):,f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    except InvalidOperation:
        return str(value)


def size(value: str) -> str:
    """An amount without its sign, for a column of debits or credits."""
    return amount(value.removeprefix("-"))


def dimensions(value: Mapping[str, str] | None) -> str:
    return ", ".join(f"{name} {of}" for name, of in (value or {}).items())


def age(since: str, now: str) -> str:
    """For how long something has been so, in days or hours."""
    seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds()
    if seconds < 3_600:
        return "for less than an hour"
    number, unit = (int(seconds // 86_400), "day") if seconds >= 86_400 else (int(seconds // 3_600), "hour")
    return f"for {number} {unit}{'' if number == 1 else 's'}"


def linked(text: str | None) -> Markup:
    """A text in which ids, and numbers of documents that are named as such, lead to their explanation.

    What stands between backticks, as commands and keys of the set-up do, is shown as code.
    """
    made, parts = Markup(""), (text or "").split("`")
    for place, part in enumerate(parts if len(parts) % 2 else [text or ""]):
        made += Markup("<code>{}</code>").format(part) if place % 2 else _with_links(part)
    return made


def _with_links(text: str) -> Markup:
    made, end = Markup(""), 0
    for found in _NAMED.finditer(text):
        start, stop = found.span(found.lastgroup or 0)
        id = text[start:stop]
        made += text[end:start] + Markup('<a href="{}">{}</a>').format(link("/explain", id=id), id)
        end = stop
    return made + text[end:]


def told(text: str | None) -> Markup:
    """As ``linked``, a text that was made for every door: codes are words here, amounts have their thousands apart.

    What stands between backticks stays as it is.
    """
    parts = (text or "").split("`")
    if len(parts) % 2:
        parts[::2] = map(_as_pages_say, parts[::2])
    return linked("`".join(parts))


def timed(text: str) -> str:
    """A text whose instants are written as elsewhere on the pages."""
    return _TIME.sub(lambda one: moment(one[0]), text)


def _as_pages_say(text: str) -> str:
    text = timed(_codes().sub(_in_words, text))
    return _AMOUNT.sub(lambda one: amount(one[0]), text)


@cache
def _codes() -> re.Pattern[str]:
    """Whatever a text may have as a code: those of several words, which no other text has."""
    known = {one for one in (*WaitReason, *PostingFailure, *RejectReason, *BatchRefusal) if "_" in one}
    longest_first = sorted(known, key=lambda code: (-len(code), code))
    return re.compile(rf"(?<!\w)({'|'.join(longest_first)})(?!\w)")


def _in_words(found: re.Match[str]) -> str:
    return words(found[0])


def moment(value: str | None) -> str:
    """A time (ISO 8601, UTC) to the minute, as in ``2026-08-31 14:05``; a day stays a day."""
    if not value or len(value) <= len("2026-08-31"):
        return value or ""
    return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M}"


def days_until(since: str, at: str) -> int:
    """How many whole days lie between two times (ISO 8601, UTC); a day begins at midnight."""
    begin, end = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (since, at))
    return max((end - begin).days, 0)


def words(code: str) -> str:
    """A code as words: ``reference missing``."""
    return code.replace("_", " ")


def advice(reason: str | None) -> str:
    """What a person can do about something that waits, was refused or was rejected."""
    return what_to_do(reason) if reason else ""


def options(chosen: str | None, among: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """The choices of a select: value, name, whether it is the chosen one."""
    return [(value, name, value == chosen) for value, name in among.items()]
