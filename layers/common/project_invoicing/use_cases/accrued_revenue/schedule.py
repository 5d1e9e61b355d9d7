"""Goes on with correction journals that were left to the schedule, or whose run has died (ARR-13)."""

from __future__ import annotations

from collections.abc import Iterable

from project_invoicing.set_aside import each
from project_invoicing.use_cases.accrued_revenue.journals import Corrections
from project_invoicing.use_cases.accrued_revenue.post import go_on


def go_on_with_all(place: Corrections, due: Iterable[tuple[str, str]]) -> list[str]:
    """Each of them from where it stands; returns their numbers. One that fails keeps no other back."""
    done: list[str] = []

    def one(key: tuple[str, str]) -> None:
        journal = place.journals.get(*key)
        if journal and journal.due and place.time_left():
            go_on(place, journal)
            done.append(journal.number)

    each("correction journal", ((number, (company, number)) for company, number in due), one)
    return done
