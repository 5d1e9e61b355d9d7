"""Worlds by seed: what Dataverse sends, and the set-up that says what becomes of it.

Nothing in a story depends on the order in which its rows arrive, so its books are known before it is disturbed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any

from benchmarks.business import Work, finance
from project_invoicing.dataverse.context import row_events
from project_invoicing.events import BusEvent

AT = "2026-08-31T09:00:00Z"
EARLIER = "2026-08-20T09:00:00Z"


@dataclass(frozen=True)
class Story:
    """``works``: what was worked and billed. ``older``: chance that an earlier version of a row comes too.

    ``auto_post``: an invoice is posted as soon as its proposal is ready. ``page_lines``: small pages make of a small
    document one of many transactions.
    """

    seed: int
    works: tuple[Work, ...]
    journal_line_limit: int
    older: float
    auto_post: bool
    page_lines: int

    def setup(self) -> dict[str, Any]:
        return finance(journal_line_limit=self.journal_line_limit, auto_post_proposals=self.auto_post)

    def events(self) -> list[BusEvent]:
        """The rows as they are in the end, in the order in which Dataverse made them."""
        contexts = [one for work in self.works for one in (*work.worked, work.header, *work.sales)]
        return [event for context in contexts for event in row_events(context, AT)]

    def earlier(self) -> Iterator[BusEvent]:
        """Versions of some rows that were replaced before anything was posted."""
        dice = Random(f"{self.seed}/older")  # noqa: S311  a story, no secret
        for event in self.events():
            row = event.detail["row"]
            if event.detail["entity"] == "msdyn_actual" and dice.random() < self.older:
                version = event.detail["row_version"] - 1_000_000
                quantity = Decimal(row["msdyn_quantity"]) + 1
                amount = quantity * Decimal(row["msdyn_price"])
                before = {**row, "msdyn_quantity": str(quantity), "msdyn_amount": str(amount), "versionnumber": version}
                known = {**event.detail, "row": before, "row_version": version, "occurred_at": EARLIER}
                yield replace(event, detail=known)


def story(seed: int, works: int | None = None, lines: int | None = None) -> Story:
    """The story of a seed; ``works`` and ``lines`` make it smaller."""
    dice = Random(f"{seed}/story")  # noqa: S311
    made = [
        Work(lines=dice.randint(1, 4), days=dice.randint(1, 3), name=f"w{number}")
        for number in range(dice.randint(1, 5))
    ]
    if lines is not None:
        made = [replace(work, lines=min(work.lines, lines)) for work in made]
    limit = dice.choice([2, 3, 5, 100])
    older = dice.choice([0.0, 0.2])
    auto_post = not older and dice.random() < 0.5
    return Story(seed, tuple(made[:works]), limit, older, auto_post, dice.choice([1, 2, 80]))
