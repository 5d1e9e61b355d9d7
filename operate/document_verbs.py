"""What people do to documents, one by one: each verb asks the function that a schedule or an event would ask, too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from operate import found, lists
from operate.calling import call
from operate.found import INVOICE, JOURNAL, PROPOSAL, Document
from operate.invalid_input import InvalidInput
from operate.outcomes import Outcome, answered, done, looked_up, of_each, refused, unknown
from operate.stack_tables import check_company
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.text import guid
from project_invoicing.use_cases.lists.place import ListPlace

Json = dict[str, Any]

EDITING: Final = "document_editing"
_IDS: Final[Mapping[str, str]] = {PROPOSAL: "proposal_id", JOURNAL: "journal_id", INVOICE: "invoice_number"}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks which stack: its name, its tables as the lists read them, and the id of the person."""

    stack: str
    place: ListPlace
    actor: str

    @classmethod
    def of(cls, stack: str, tables: str | None, actor: str) -> Asker:
        return cls(stack, lists.place_of(tables), actor)

    def edit(self, action: str, request: Mapping[str, Any]) -> Json:
        """A command to ``document_editing``."""
        return call(self.stack, EDITING, {action: {**request, "actor": self.actor}})

    def ask(self, function: str, request: Mapping[str, Any]) -> Json:
        return call(self.stack, function, {**request, "actor": self.actor})


def name_of(document: Document) -> Json:
    """The document as requests name it."""
    return {"company": document.company, _IDS[document.kind]: document.number}


def on_each(
    asker: Asker,
    numbers: Sequence[str],
    company: str | None,
    kinds: Collection[str],
    act: Callable[[Document], Outcome],
) -> list[Outcome]:
    """Does something to each document named, once; a number that is not known is a row of its own."""
    check_company(company, asker.place.setup)
    named = list(dict.fromkeys(numbers))

    def one(number: str) -> Outcome:
        kind = next(iter(kinds)) if len(kinds) == 1 else "document"
        document = looked_up(kind, number, company, lambda: found.named(asker.place, number, company, kinds))
        return act(document) if isinstance(document, Document) else document

    return of_each((partial(one, number) for number in named), len(named))


# --- posting ----------------------------------------------------------------------------------------------------------


def post(asker: Asker, document: Document, date: str | None) -> Outcome:
    """Posts one proposal or journal."""
    if document.kind == JOURNAL:
        if date:
            detail = "--date is for invoices; the lines of a journal have accounting dates of their own"
            return refused(document, RejectReason.SCHEMA, detail)
        return _posted(document, asker.ask("journal_posting", name_of(document)))
    given = {"invoice_date": date} if date else {}
    return _posted(document, asker.ask("invoice_posting", {**name_of(document), **given}))


def post_all_due(
    asker: Asker, company: str | None, kinds: Collection[str], act: Callable[[Document], Outcome]
) -> list[Outcome]:
    """Posts, or previews, everything that is ready; journals before the proposals that may wait for them."""
    check_company(company, asker.place.setup)
    listed = list(found.due(asker.place, company, kinds))
    return of_each((partial(act, document) for document in listed), len(listed))


def _posted(document: Document, answer: Mapping[str, Any]) -> Outcome:
    posted = answer.get("posted") or []
    what = "posted" if document.number in posted or not posted else f"posted as {posted[0]}"
    made = answered(document, answer, what)
    if made.reason and posted:
        return refused(document, made.reason, str(made.detail), f"{what}, in part;", **made.result)
    if not posted and not made.reason:
        return done(document, "nothing to post: it is posted or has no lines")
    return made


# --- edits ------------------------------------------------------------------------------------------------------------


def edit(asker: Asker, document: Document, changes: Mapping[str, Any], lines: Mapping[str, Any] | None) -> Outcome:
    """Changes the header of a proposal or a journal, or the lines that ``lines`` chooses."""
    if lines is None and document.kind == JOURNAL and changes.keys() != {"tags"}:
        detail = "only tags of a journal itself can be edited; say which lines: --line, --where or --all-lines"
        return refused(document, RejectReason.SCHEMA, detail)
    chosen = {} if lines is None else {"lines": dict(lines)}
    answer = asker.edit("edit", {**name_of(document), **chosen, **changes})
    if lines is None:
        return answered(document, answer, "edited")
    changed, of = answer.get("changed", 0), answer.get("lines", 0)
    return answered(document, answer, f"{changed} of {of} lines changed")


def rederive(asker: Asker, document: Document, what: str, lines: Mapping[str, Any]) -> Outcome:
    """Takes tax groups or dimensions of a proposal's lines anew from the set-up and the master data of now."""
    if document.kind == JOURNAL:
        detail = f"lines of a journal are derived anew when they are rebuilt: invoicing delete-lines {document.number}"
        return refused(document, RejectReason.SCHEMA, f"{detail} --rebuild")
    return edit(asker, document, {what: True}, lines)


def line_filter(lines: Sequence[str], where: Sequence[str], *, every: bool) -> Json | None:
    """The choice of lines as a command has it; ``None`` where none is chosen. Raises ``InvalidInput``."""
    if sum(bool(one) for one in (lines, where, every)) > 1:
        raise InvalidInput(["give one of --line, --where and --all-lines; --where may be given several times"])
    if every:
        return {}
    if lines:
        numbers, ids = [one for one in lines if one.isdigit()], [guid(one) for one in lines if not one.isdigit()]
        if (numbers and ids) or None in ids:
            raise InvalidInput(["--line: give line numbers, or the ids of actuals"])
        return {"line_number": numbers} if numbers else {"actual_id": ids}
    wanted: dict[str, list[str | None]] = {}
    for text in where:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInput([f"--where: write NAME=VALUE, such as item_sales_tax_group=FULL, not {text!r}"])
        wanted.setdefault(name, []).append(None if value == "null" else value)
    return wanted or None


def named_values(texts: Sequence[str], option: str, such_as: str) -> Json | None:
    """``NAME=VALUE`` …, or ``null`` to take them back. Raises ``InvalidInput``."""
    if list(texts) == ["null"]:
        return None
    found_: Json = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name or not value:
            raise InvalidInput([f"{option}: write NAME=VALUE, such as {such_as}, not {text!r}"])
        found_[name] = value
    return found_


# --- the rest ---------------------------------------------------------------------------------------------------------


def reset(asker: Asker, document: Document) -> Outcome:
    return answered(document, asker.edit("reset", name_of(document)), "reset; it can be posted again")


def delete_lines(asker: Asker, document: Document, *, rebuild: bool) -> Outcome:
    """Deletes all lines; ``rebuild`` imports again at once what the document, or its company, waits with."""
    made = answered(document, asker.edit("delete_lines", name_of(document)), "lines deleted")
    if made.reason or not rebuild:
        return made
    scope = name_of(document) if document.kind == PROPOSAL else {"company": document.company}
    report = asker.ask("staging_import", scope)
    now = looked_up(
        document.kind,
        document.number,
        document.company,
        lambda: found.named(asker.place, document.number, document.company, [document.kind]),
    )
    status = f"; the {document.kind} is {now.status} now" if isinstance(now, Document) else ""
    return done(document, f"lines deleted and imported again{status}", **report)


def retry_write_back(asker: Asker, document: Document, *, everything: bool) -> Outcome:
    request = {**name_of(document), "actor": asker.actor} | ({"everything": True} if everything else {})
    answer = call(asker.stack, "accounting_writeback", {"retry": request})
    return answered(document, answer, str(answer.get("outcome", "")))


def replay(asker: Asker, ids: Sequence[str], chosen: Mapping[str, str | None]) -> list[Outcome]:
    """Delivers rejected rows again: those with these ids, or all that fit. Each row once."""
    check_company(chosen.get("company"), asker.place.setup)
    rows: dict[tuple[str, str], str | None] = {}
    absent = []
    for id in ids:
        fitting = lists.rejected(asker.place, {"number": id})
        rows |= {(row.entity, row.id): row.company for row in fitting}
        if not fitting:
            absent.append(unknown("row", id, None, f"nothing that was rejected is kept of {id}"))
    if not ids:
        rows = {(row.entity, row.id): row.company for row in lists.rejected(asker.place, chosen)}

    def one(entity: str, id: str, company: str | None) -> Outcome:
        of = Document(entity.removeprefix("msdyn_"), company or "", id)
        answer = asker.edit("replay", {"entity": entity, "id": id})
        return answered(of, answer, str(answer["outcome"]))

    return absent + of_each((partial(one, *row, company) for row, company in rows.items()), len(rows))


def dismiss(asker: Asker, ids: Sequence[str], asked: Mapping[str, Any]) -> list[Outcome]:
    """Sets aside what is kept as rejected of each of these ids or messages, or takes that back: a row each."""
    rows: dict[tuple[str, str], tuple[str, str, str | None]] = {}
    absent = []
    for id in ids:
        fitting = lists.rejected(asker.place, {"number": id})
        for row in fitting:
            named = ("message", id) if row.message == id else (row.entity, row.id)
            rows[named] = (row.entity, id, row.company)
        if not fitting:
            absent.append(unknown("row", id, None, f"nothing that was rejected is kept of {id}"))

    def one(entity: str, id: str) -> Outcome:
        table, shown, company = rows[entity, id]
        of = Document(table.removeprefix("msdyn_") or "message", company or "", shown)
        name = {"message": id} if entity == "message" else {"entity": entity, "id": id}
        answer = asker.edit("dismiss", {**name, **asked})
        return answered(of, answer, str(answer["outcome"]))

    return absent + of_each((partial(one, *named) for named in rows), len(rows))


def bill_intercompany(
    asker: Asker, lender: str, borrower: str, first: str, last: str, some: Mapping[str, str]
) -> Outcome:
    for company in (lender, borrower):
        check_company(company, asker.place.setup)
    request = {"company": lender, "borrower": borrower, "from": first, "to": last, **some}
    answer = asker.edit("intercompany_invoice", request)
    return answered(Document("sales", lender, f"to {borrower}"), answer, str(answer.get("outcome", "")))


def intercompany_lines(asker: Asker, lender: str, number: str, what: Mapping[str, Sequence[str]]) -> Outcome:
    """Takes lines off a proposal between companies, or adds some."""
    check_company(lender, asker.place.setup)
    request = {"company": lender, "proposal_id": number, **what}
    answer = asker.edit("intercompany_lines", request)
    return answered(Document("proposal", lender, number), answer, str(answer.get("outcome", "")))
