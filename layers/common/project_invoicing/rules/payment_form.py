"""Reads what receivables, a file or a person says of a payment: the form is in ``docs/receivables.md``. Pure."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from project_invoicing.domain.calendar import EARLIEST, LATEST
from project_invoicing.domain.money import MONEY_LIMIT, ZERO
from project_invoicing.domain.payment import Payment
from project_invoicing.domain.text import decimal, whole
from project_invoicing.errors import Rejected

FIELDS: Final = tuple(Payment.__dataclass_fields__)
"""The names of the fields, and of the columns of a file."""
_MOST: Final = MONEY_LIMIT * 1_000
_TEXT: Final = 100
_LAST_VERSION: Final = 10**18
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_TRUE: Final = (True, "true", "yes", "1")
_FALSE: Final = (None, False, "", "false", "no", "0")


def payment_of(given: object) -> Payment:
    """The payment in a JSON object. Fields that it does not know are ignored. Raises ``Rejected`` with the field."""
    said = whole(given)
    if not isinstance(said, Mapping):
        raise _bad("detail", "a payment is an object that names company, settlement_id and version")
    canceled = _flag(said, "canceled")
    payment = Payment(
        company=_needed(said, "company"),
        settlement_id=_needed(said, "settlement_id"),
        version=_version(said),
        date=_date(said),
        currency=_text(said, "currency"),
        amount=_amount(said, "amount"),
        cash_discount=_amount(said, "cash_discount"),
        written_off=_amount(said, "written_off"),
        invoice_number=_text(said, "invoice_number"),
        credit_note=_text(said, "credit_note"),
        customer=_text(said, "customer"),
        canceled=canceled,
    )
    if not canceled:
        _must_be_whole(payment)
    return payment


def _must_be_whole(payment: Payment) -> None:
    for name in ("date", "currency"):
        if getattr(payment, name) is None:
            raise _bad(name, f"a payment names {name}, unless it is canceled")
    if payment.invoice_number is None and payment.customer is None:
        raise _bad("invoice_number", "a payment names invoice_number, or customer where it is settled against nothing")
    if not any((payment.amount, payment.cash_discount, payment.written_off)):
        raise _bad("amount", "amount, cash_discount and written_off are all zero; one that counts no more is canceled")
    if payment.credit_note is None:
        return
    if payment.invoice_number in (None, payment.credit_note):
        raise _bad("credit_note", "credit_note is settled against another document, which invoice_number names")
    if payment.amount <= ZERO or payment.cash_discount or payment.written_off:
        raise _bad("amount", "what a credit note gives to an invoice is an amount above zero, and nothing else")


def payments_in(name: str, text: bytes) -> Iterator[tuple[int, object]]:
    """The rows of a file, with the numbers of their lines: CSV with a head of field names, or a JSON object a line.

    Raises ``Rejected`` for a file that is neither; a row that cannot be read is given as it stands.
    """
    try:
        read = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad("key", f"{name} is not UTF-8: {error.reason} at byte {error.start}") from None
    if name.endswith(".csv"):
        yield from _in_csv(name, read)
    elif name.endswith(".jsonl"):
        yield from _in_jsonl(read)
    else:
        raise _bad("key", f"{name} ends with neither .csv nor .jsonl")


def _in_csv(name: str, text: str) -> Iterator[tuple[int, object]]:
    rows = csv.DictReader(f"{line}\n" for line in text.split("\n"))
    columns = rows.fieldnames or ()
    for needed in ("company", "settlement_id", "version"):
        if needed not in columns:
            raise _bad("key", f"{name} has no column {needed}; its first line names {', '.join(FIELDS)}")
    for row in rows:
        yield rows.line_num, {column: value for column, value in row.items() if column and value}


def _in_jsonl(text: str) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line, parse_float=Decimal)
            except ValueError:
                yield number, line


def _needed(said: Mapping[str, Any], name: str) -> str:
    found = _text(said, name)
    if found is None:
        raise _bad(name, f"a payment names {name}")
    return found


def _text(said: Mapping[str, Any], name: str) -> str | None:
    given = said.get(name)
    if given is None:
        return None
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str) or len(given) > _TEXT or _CONTROL.search(given):
        raise _bad(name, f"{name} is a text of at most {_TEXT} characters, not {str(given)[:40]!r}")
    return given.strip() or None


def _version(said: Mapping[str, Any]) -> int:
    given = said.get("version")
    text = given.strip() if isinstance(given, str) else given
    if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= len(str(_LAST_VERSION)):
        text = int(text)
    if isinstance(text, int) and not isinstance(text, bool) and 0 < text <= _LAST_VERSION:
        return text
    raise _bad("version", f"version is a whole number from 1 that rises with each change, not {str(given)[:40]!r}")


def _date(said: Mapping[str, Any]) -> date | None:
    given = said.get("date")
    if given in (None, ""):
        return None
    try:
        if isinstance(given, str) and len(given) == len("2026-08-31"):
            found = date.fromisoformat(given)
            if EARLIEST <= found <= LATEST:
                return found
    except ValueError:
        pass
    raise _bad("date", f"date is written as 2026-08-31, not {str(given)[:40]!r}")


def _amount(said: Mapping[str, Any], name: str) -> Decimal:
    given = said.get(name)
    if given in (None, ""):
        return ZERO
    found = decimal(given.strip()) if isinstance(given, str) else None
    if isinstance(given, (int, Decimal)) and not isinstance(given, bool):
        found = Decimal(given)
    if found is None or not found.is_finite() or abs(found) > _MOST:
        raise _bad(name, f'{name} is an amount, written as "1000.00", not {str(given)[:40]!r}')
    return found


def _flag(said: Mapping[str, Any], name: str) -> bool:
    given = said.get(name)
    given = given.strip().lower() if isinstance(given, str) else given
    if given in _TRUE:
        return True
    if given in _FALSE:
        return False
    raise _bad(name, f"{name} is true or false, not {str(given)[:40]!r}")


def _bad(field: str, detail: str) -> Rejected:
    return Rejected("schema", detail, entity="payment", field=field)
