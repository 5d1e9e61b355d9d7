"""What is open at customers of a stack, and payments that are told: for ``invoicing receivables …``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from operate.calling import call, stack_named
from operate.found import INVOICE, NotFound, named
from operate.invalid_input import InvalidInput
from operate.lists import place_of
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.receivables import ageing as ages
from project_invoicing.use_cases.receivables import show as shows

Json = dict[str, Any]

FUNCTION: Final = "ledger_answers"


def ageing(company: str | None, at: str | None, customer: str | None, stack: str | None) -> Json:
    """``ageing.shown``, with whether all is in it that earlier versions posted. Raises ``InvalidInput``."""
    place = place_of(stack)
    if company is None and len(place.companies) > 1:
        raise InvalidInput([f"name one with --company: {', '.join(place.companies)}"])
    try:
        made = ages.ageing(place, ages.asked(place, company, at, customer))
    except Rejected as rejected:
        raise InvalidInput([f"--{rejected.field}: {rejected.detail}"]) from None
    return ages.shown(made, place) | {"filled": place.stores.lists.complete()}


def show(number: str, company: str | None, stack: str | None) -> Json:
    """What is open of an invoice, and what was settled of it. Raises ``InvalidInput``."""
    place = place_of(stack)
    try:
        found = named(place, number, company, [INVOICE])
    except NotFound as error:
        raise InvalidInput([str(error)]) from None
    row = shows.show(place, found.company, found.number)
    if row is None:
        raise InvalidInput([f"there is no invoice {number}"])
    return row


def record(payment: Mapping[str, Any], stack: str | None, actor: str) -> Json:
    """What the function answered: ``outcome``, and ``refused`` or ``aside`` where it counts nowhere."""
    return call(stack_named(stack), FUNCTION, {"payment": {**payment, "actor": actor}})


def record_file(file: Path, stack: str | None, actor: str) -> Iterator[Json]:
    """What the function answered to each row of a file, with the number of its line. Raises ``InvalidInput``.

    All rows are read before any is told.
    """
    try:
        payments, problems = shows.read_file(file.name, file.read_bytes())
    except OSError as error:
        raise InvalidInput([f"{file}: {error.strerror}"]) from None
    except Rejected as rejected:
        raise InvalidInput([rejected.detail]) from None
    if problems:
        raise InvalidInput(problems)
    for line, payment in payments:
        yield {"line": line, **record(payment.as_detail(), stack, actor)}
