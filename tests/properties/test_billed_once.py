"""99-25: whatever Dataverse says twice, in any order and however often, nothing is on two posted documents.

Sales are billed by as many proformas as one likes, billed sales credited, sales reversed on journals: each at most
once, and WIP is what is posted and neither billed nor reversed (INV-14), never negative. A reversal comes with its
connection here: one that is posted before anybody says what it reverses is a sale of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local import engines
from tests.builders import Context, guid, proforma
from tests.harness import World
from tests.imbalances import imbalances
from tests.rules.finance import finance
from tests.rules.journals.cases import opened
from tests.rules.stories import bill, bills, reverses, sale
from tests.thorough import thorough

SALES = ("a", "b")
PROFORMAS = ("inv-1", "inv-2", "inv-3")

FEW = settings(
    max_examples=thorough(5, 40),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

Claim = tuple[str, str, str, str]
"""Its name, what it does, what it continues, and on which proforma (none: on a journal)."""


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    """Two to six rows that continue sales, or billed sales among them."""
    made: list[Claim] = []
    for n in range(draw(st.integers(2, 6))):
        billed = [name for name, does, _, _ in made if does == "bills"]
        does = draw(st.sampled_from(["bills", "bills", "reverses", *(["credits"] if billed else [])]))
        target = draw(st.sampled_from(billed if does == "credits" else SALES))
        made.append((f"claim {n}", does, target, "" if does == "reverses" else draw(st.sampled_from(PROFORMAS))))
    return made


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Claim], list[list[Context]]]:
    """The messages in any order, some twice, in three deliveries."""
    made = draw(claims())
    messages = [[sale(name)] for name in SALES]
    totals: Counter[str] = Counter()
    for name, does, target, invoice in made:
        quantity = "8" if does == "bills" else "-8"
        if does == "reverses":
            messages.append([reverses(name, target), sale(name, quantity)])
        else:
            link = bills(name, target) if does == "bills" else reverses(name, target)
            messages += [[bill(name, quantity, invoice=invoice)], [link]]
            totals[invoice] += int(quantity) * 200
    messages += [
        [proforma(invoice, number=invoice.upper(), total=str(totals[invoice]))]
        for invoice in PROFORMAS
        if invoice in totals
    ]
    again = draw(st.lists(st.sampled_from(messages), max_size=4))
    order = draw(st.permutations([*messages, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), min_size=2, max_size=2)))
    ends = zip([0, *cuts], [*cuts, len(order)], strict=True)
    return made, [[one for some in order[start:end] for one in some] for start, end in ends]


@pytest.fixture(scope="module")
def stack() -> Iterator[World]:
    with engines.running("moto"):
        yield World()


@FEW
@given(arrived=deliveries())
def test_nothing_is_on_two_posted_documents(stack: World, arrived: tuple[list[Claim], list[list[Context]]]) -> None:
    made, parts = arrived
    books = opened(stack, finance())
    for part in [*parts, [], []]:
        books.arrive(*part)
        for function in ("staging_import", "journal_posting", "staging_import", "invoice_posting"):
            books.run(function)
    states = {row["actual_id"]: row["state"] for row in books.result["staging"]}
    takers: dict[str, list[str]] = defaultdict(list)
    for name, _, target, _ in made:
        if states[guid(name)] in ("imported", "posted"):
            takers[target].append(name)
    assert all(len(names) == 1 for names in takers.values()), takers
    on_lines = Counter(
        line["actual_id"]
        for document in [*books.result["journals"], *books.result["proposals"]]
        for line in document["lines"]
    )
    assert set(on_lines.values()) <= {1}
    journalised = {name: 1600 for name in SALES if states[guid(name)] == "posted"}
    reversed_alone = {name: -1600 for name, does, _, _ in made if does == "reverses" and states[guid(name)] == "posted"}
    billed = {takers[name][0] for name in SALES if name in takers} - reversed_alone.keys()
    posted = {name for name in billed if states[guid(name)] == "posted"}
    wip = sum(journalised.values()) + sum(reversed_alone.values()) - 1600 * len(posted)
    balances = books.balances()
    assert balances.get("wip_sales_value", Decimal(0)) == wip >= 0
    assert balances.get("accrued_revenue_sales_value", Decimal(0)) == -wip
    assert imbalances(stack) == []
