"""Reads what the other ledger, or a person, says of a batch: the form is in ``docs/ledger.md``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from project_invoicing.domain.ledger_answer import Answer, Outcome, VoucherAnswer, is_no_document
from project_invoicing.domain.ledger_batch import BatchKind
from project_invoicing.domain.text import whole
from project_invoicing.errors import Rejected

_S = TypeVar("_S", bound=StrEnum)
_MESSAGE: Final = 1_000
_NUMBER: Final = 100
_LAST_NUMBER: Final = 999_999
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
NO_DOCUMENT: Final = "its number has nothing but zeros: the other ledger made no document"
_OF_SAP: Final = ("company", "number", "fiscal_year")


def answer_of(given: object) -> Answer:
    """The answer in a JSON object. Fields that it does not know are ignored. Raises ``Rejected`` with the field."""
    said = whole(given)
    if not isinstance(said, Mapping):
        raise _bad("detail", "an answer is an object that names company, kind, number and outcome")
    outcome = _one_of(said, "outcome", Outcome)
    answer = Answer(
        company=_text(said, "company", _NUMBER) or _missing("company"),
        kind=_one_of(said, "kind", BatchKind),
        number=_whole_number(said, "number"),
        outcome=outcome,
        numbers=tuple(dict.fromkeys(_numbers(said))),
        posted_date=_date(said),
        message=_message(said),
        sha256=_hash(said.get("manifest_sha256")),
        delivery=_whole_number(said, "delivery") if said.get("delivery") is not None else None,
        sent_by=_text(said, "sent_by", _NUMBER),
        vouchers=tuple(_vouchers(said)),
    )
    answer = _without_no_documents(answer)
    if outcome is Outcome.PARTLY and not answer.vouchers:
        raise _bad("errors", "partly names in errors what was refused, or in vouchers what became of each")
    if outcome is Outcome.VOIDED_THERE and not answer.message:
        raise _bad("message", "voided_there needs a reason in message")
    return answer


def _without_no_documents(answer: Answer) -> Answer:
    """The answer with refusals in place of what was accepted under a number of zeros; one that refuses has none there.

    SAP's confirmation of a failure has ``0000000000`` in place of a number.
    """
    vouchers = tuple(_made(one) for one in answer.vouchers)
    answer = replace(answer, vouchers=vouchers)
    if (
        answer.outcome in (Outcome.ACCEPTED, Outcome.PARTLY, Outcome.REFUSED)
        and answer.numbers
        and all(map(is_no_document, answer.numbers))
    ):
        named = any(one.accepted and one.numbers for one in vouchers)
        outcome = answer.outcome if named and answer.outcome is Outcome.PARTLY else Outcome.REFUSED
        return replace(answer, outcome=outcome, numbers=(), message=answer.message or NO_DOCUMENT)
    return answer


def _made(one: VoucherAnswer) -> VoucherAnswer:
    if one.accepted and one.numbers and all(map(is_no_document, one.numbers)):
        return VoucherAnswer(one.external_id, accepted=False, message=one.message or NO_DOCUMENT)
    return one


def _vouchers(said: Mapping[str, Any]) -> Iterator[VoucherAnswer]:
    for where, one in _entries(said, "errors"):
        yield VoucherAnswer(_id(one, where), accepted=False, message=_message(one))
    for where, one in _entries(said, "vouchers"):
        outcome = _one_of(one, "outcome", Outcome)
        if outcome not in (Outcome.ACCEPTED, Outcome.REFUSED):
            raise _bad("outcome", f"{where}: outcome is accepted or refused, not {outcome}")
        accepted = outcome is Outcome.ACCEPTED
        numbers = tuple(dict.fromkeys(_numbers(one)))
        yield VoucherAnswer(_id(one, where), accepted, numbers, _date(one), _message(one))


def _entries(said: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    given = said.get(name) or ()
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise _bad(name, f"{name} is a list of objects with external_id and message")
    for place, one in enumerate(given, start=1):
        if not isinstance(one, Mapping):
            raise _bad(name, f"{name} has {str(one)[:40]!r} in place of an object, as number {place}")
        yield f"{name} number {place}", one


def _id(one: Mapping[str, Any], where: str) -> str:
    return _text(one, "external_id", 300) or _missing("external_id", where)


def _numbers(said: Mapping[str, Any]) -> Iterator[str]:
    several = said.get("external_numbers") or ()
    if isinstance(several, str) or not isinstance(several, Sequence):
        raise _bad("external_numbers", "external_numbers is a list")
    for given in (said.get("external_number"), *several):
        if given is not None and given != "":
            yield _external_number(given)


def _external_number(given: object) -> str:
    """A number as text; SAP's, which is unique only with company and fiscal year, as ``1000/1900000001/2026``."""
    if isinstance(given, Mapping):
        parts = [_text(given, name, _NUMBER) for name in _OF_SAP]
        if not parts[1]:
            raise _bad("external_number", "an external number that is an object has number, company and fiscal_year")
        return "/".join(part or "" for part in parts) if parts[0] or parts[2] else parts[1]
    return _text({"external_number": given}, "external_number", _NUMBER) or _missing("external_number")


def _whole_number(said: Mapping[str, Any], name: str) -> int:
    given = said.get(name)
    text = given.strip() if isinstance(given, str) else given
    if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= len(str(_LAST_NUMBER)):
        text = int(text)
    if isinstance(text, int) and not isinstance(text, bool) and 0 < text <= _LAST_NUMBER:
        return text
    raise _bad(name, f"{name} is a number from 1 to {_LAST_NUMBER}, not {str(given)[:40]!r}")


def _one_of(said: Mapping[str, Any], name: str, kind: type[_S]) -> _S:
    given = said.get(name)
    found = next((one for one in kind if one == given), None)
    if found is None:
        raise _bad(name, f"{name} is {', '.join(kind)}, not {str(given)[:40]!r}")
    return found


def _text(said: Mapping[str, Any], name: str, most: int) -> str | None:
    given = said.get(name)
    if given is None:
        return None
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str) or len(given) > most or _CONTROL.search(given):
        raise _bad(name, f"{name} is a text of at most {most} characters, not {str(given)[:40]!r}")
    return given.strip() or None


def _message(said: Mapping[str, Any]) -> str | None:
    """What a person reads: control characters become spaces, and what is longer than a screen is cut."""
    given = said.get("message")
    return _CONTROL.sub(" ", str(given)).strip()[:_MESSAGE] or None if given is not None else None


def _date(said: Mapping[str, Any]) -> date | None:
    given = said.get("posted_date")
    if given is None:
        return None
    try:
        if isinstance(given, str) and len(given) == len("2026-08-31"):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise _bad("posted_date", f"posted_date is written as 2026-08-31, not {str(given)[:40]!r}")


def _hash(given: object) -> str | None:
    if given is None:
        return None
    if isinstance(given, str) and _SHA256.fullmatch(given.lower()):
        return given.lower()
    raise _bad("manifest_sha256", "manifest_sha256 has 64 hexadecimal digits")


def _missing(name: str, where: str = "an answer") -> str:
    raise _bad(name, f"{where} names {name}")


def _bad(field: str, detail: str) -> Rejected:
    return Rejected("schema", detail, entity="answer", field=field)
