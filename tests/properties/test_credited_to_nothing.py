"""99-22, 99-25, REG-19 through the functions: whatever is edited, changed or said twice, full credit leaves nothing.

Some work is journalised, edited on its journal, posted, billed on one or two proformas, edited there, posted, and
credited line by line on any number of credit notes. In between finance loads other percents, groups, categories,
dimensions and accounts, and Dataverse says things twice and in any order. In the end the work was billed once and taken
back once: tax payable, WIP, accrued revenue, revenue and the customer's balance are exactly zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local import engines
from tests.builders import Context, guid, proforma
from tests.harness import World
from tests.imbalances import imbalances
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.journals.cases import opened
from tests.rules.stories import bill, bills, reverses, sale
from tests.thorough import thorough

FEW = settings(
    max_examples=thorough(4, 30),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
PRICES = ("33.33", "17.05", "68.33", "0.10")
GROUPS = st.sampled_from(["DOM", "LOW", "EXP"])


@dataclass(frozen=True)
class Story:
    """``parts``: on which proforma each work is billed; ``credits``: on which credit note it is taken back."""

    parts: tuple[int, ...]
    credits: tuple[int, ...]
    calculation: str
    journal_edits: dict[int, str]
    invoice_edits: dict[int, str]
    changes: tuple[int, ...]
    order: int
    twice: bool


@st.composite
def stories(draw: st.DrawFn) -> Story:
    works = draw(st.integers(2, 4))
    each = st.integers(0, works - 1)
    return Story(
        parts=tuple(draw(st.lists(st.integers(1, 2), min_size=works, max_size=works))),
        credits=tuple(draw(st.lists(st.integers(3, 5), min_size=works, max_size=works))),
        calculation=draw(st.sampled_from(["line", "total"])),
        journal_edits=draw(st.dictionaries(each, GROUPS, max_size=2)),
        invoice_edits=draw(st.dictionaries(each, GROUPS, max_size=2)),
        changes=tuple(draw(st.lists(st.integers(0, 3), min_size=3, max_size=3))),
        order=draw(st.integers(0, 5)),
        twice=draw(st.booleans()),
    )


def set_up(story: Story, change: int) -> dict[str, Any]:
    """What finance has by now; ``change`` 0 is how it began."""
    made = deepcopy(finance(("customers.USPM.C-001.sales_tax_group", ["DOM", "LOW", "EXP", "DOM"][change])))
    tax = made["sales_tax"]
    tax["codes"]["VAT20"]["rates"] = [{"valid_from": "2020-01-01", "percent": ["20", "19.6", "21", "8.25"][change]}]
    tax["codes"]["VAT5"] = {"rates": [{"valid_from": "2020-01-01", "percent": f"5.{change}"}], "account": "222500"}
    tax["groups"]["LOW"] = ["VAT5"]
    tax["item_groups"]["SERV"] = ["VAT20", "VAT5"]
    tax["rounding"] = {"precision": "0.01", "by": "code", "calculation": story.calculation}
    made["projects"]["PRJ-1"]["dimensions"] = {"CostCenter": f"00{change}"}
    for row in made["ledger_posting"]["USPM"]:
        if row["posting_type"] in ("invoiced_revenue", "wip_sales_value", "accrued_revenue_sales_value"):
            row["account"] = f"{row['account'][:-1]}{change}"
    return made


def sent(books: Books, story: Story, messages: list[Context]) -> None:
    """The messages in some order, and all of them twice where the story says so."""
    turned = messages[story.order % len(messages) :] + messages[: story.order % len(messages)]
    books.arrive(*turned, *(reversed(turned) if story.twice else ()))


def documents(numbers: tuple[int, ...], sign: str) -> list[Context]:
    found = []
    for number in sorted(set(numbers)):
        total = sum((Decimal(PRICES[n]) for n, on in enumerate(numbers) if on == number), Decimal(0))
        found.append(proforma(f"inv-{number}", number=f"INV-000{number}", total=f"{sign}{total}"))
    return found


@pytest.fixture(scope="module")
def stack() -> Iterator[World]:
    with engines.running("moto"):
        yield World()


@FEW
@given(story=stories())
def test_what_was_credited_whole_has_left_nothing(stack: World, story: Story) -> None:
    books = opened(stack, set_up(story, 0))
    works = range(len(story.parts))
    sent(books, story, [sale(f"u{n}", "1", PRICES[n], row_version=1) for n in works])
    books.import_staging()
    journal = books.result["journals"][0]["journal_id"]
    for n, group in story.journal_edits.items():
        asked = {"journal_id": journal, "actual_id": guid(f"u{n}"), "sales_tax_group": group}
        assert books.edit("edit", company="USPM", **asked) == "edited"
    books.post_journals()

    books.use(set_up(story, story.changes[0]))
    billing = [bill(f"b{n}", "1", PRICES[n], invoice=f"inv-{on}", row_version=2) for n, on in enumerate(story.parts)]
    sent(books, story, [*billing, *(bills(f"b{n}", f"u{n}") for n in works), *documents(story.parts, "")])
    books.import_staging()
    for n, group in story.invoice_edits.items():
        asked = {"proposal_id": f"INV-000{story.parts[n]}", "actual_id": guid(f"b{n}"), "sales_tax_group": group}
        assert books.edit("edit", company="USPM", **asked) == "done"
    books.use(set_up(story, story.changes[1]))
    books.post_invoices()

    books.use(set_up(story, story.changes[2]))
    crediting = [bill(f"c{n}", "-1", PRICES[n], invoice=f"inv-{on}") for n, on in enumerate(story.credits)]
    links = [reverses(f"c{n}", f"b{n}") for n in works]
    again = [bill("again", "-1", PRICES[0], invoice="inv-9"), reverses("again", "b0")]
    sent(books, story, [*crediting, *links, *documents(story.credits, "-")])
    books.import_staging()
    books.arrive(*again, proforma("inv-9", number="INV-0009", total=f"-{PRICES[0]}"))
    books.import_staging()
    books.post_invoices()

    assert {row["state"] for row in books.result["staging"] if row["actual_id"] != guid("again")} == {"posted"}
    assert (books.state("again"), books.reasons("INV-0009")) == ("pending", ["already_credited"])
    assert books.balances() == {}
    assert imbalances(books.world) == []
