"""The sales tax report of a stack, deployed or local: what ``invoicing tax report`` reads."""

from __future__ import annotations

from dataclasses import dataclass

from operate.invalid_input import InvalidInput
from operate.lists import place_of
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.sales_tax_report.report import asked, report
from project_invoicing.use_cases.sales_tax_report.shown import Shown, shown


@dataclass(frozen=True, slots=True)
class Reported:
    """``filled``: whether what earlier versions posted is in the lists that the report reads."""

    shown: Shown
    filled: bool


def run(
    company: str | None, first: str | None, last: str | None, code: str | None, stack_prefix: str | None, *, lines: bool
) -> Reported:
    """The report, with its records if ``lines``. Raises ``InvalidInput`` for what the set-up does not have."""
    place = place_of(stack_prefix)
    if company is None and len(place.companies) > 1:
        raise InvalidInput([f"name one with --company: {', '.join(place.companies)}"])
    try:
        question = asked(place, company, first, last, code)
        made = report(place, question, lines=lines)
    except Rejected as rejected:
        raise InvalidInput([f"--{rejected.field}: {rejected.detail}"]) from None
    return Reported(shown(made, question, place.setup), place.stores.lists.complete())
