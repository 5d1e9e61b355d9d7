"""Corrects the financial tags of a posted voucher line (TAG-09)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from project_invoicing.domain.history import Done
from project_invoicing.domain.refusals import unknown_company
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.commands.command import Command, Tags, Text, TextIfAny, wrong
from project_invoicing.use_cases.commands.workplace import Workplace, bad, check_tags


def _line(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise wrong(f"line is the place of a line in its voucher, from 1, not {value!r}")


class CorrectTags(Command):
    """Gives a line of a posted voucher other financial tags.

    No voucher is made, and no amount or dimension changes. The ledger keeps what was posted; the history of the
    document says who gave which tags, and when.
    """

    ACTION: ClassVar[str] = "correct_tags"

    company: Text = Field(description="the voucher's company")
    voucher: Text = Field(description="the number of the voucher")
    line: Annotated[int, BeforeValidator(_line)] = Field(
        description="the place of the line in its voucher, from 1, as in lines.jsonl"
    )
    tags: Tags = Field(description="its financial tags from now on, all of them; null for none")
    reason: TextIfAny = Field(None, description="why; kept in the history")


def handle(command: CorrectTags, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.documents.voucher_keys import document_with  # noqa: PLC0415 - few commands need it
    from project_invoicing.use_cases.documents.voucher_tags import VoucherTags  # noqa: PLC0415 - as above

    company, number, setup = command.company, command.voucher, place.setup
    if company not in setup.document.companies:
        raise bad("company", unknown_company(company).detail)
    check_tags(command.tags, company, setup)
    source, document = document_with(place.journals, place.proposals, setup, company, number) or (None, None)
    if source is None or document is None:
        raise _unposted(command)
    tags = VoucherTags(place.journals, place.proposals)
    vouchers = tags.vouchers(place.vouchers.ledger, setup, source, company, document)
    lines = next((one.lines for one in vouchers if one.voucher == number), ())
    if not lines:
        raise _unposted(command)
    if command.line > len(lines):
        raise bad("line", f"voucher {number} has {len(lines)} lines, and no line {command.line}")
    before = lines[command.line - 1].tags
    after: dict[str, Any] = {"voucher": number, "line": command.line, "tags": command.tags}
    if before == command.tags:
        return {"outcome": "unchanged"}
    if command.reason:
        after["reason"] = command.reason
    tags.note(source, company, document, place.done(Done.TAGS_CORRECTED, {"tags": before}, after))
    return {"outcome": "corrected"}


def _unposted(command: CorrectTags) -> Rejected:
    return bad("voucher", f"{command.company} has no posted voucher {command.voucher}")
