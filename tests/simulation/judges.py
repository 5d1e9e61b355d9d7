"""What must be true of a run at its end.

A judge takes the world that a run left and the books of the undisturbed run, and says what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.harness import World

Row = Mapping[str, Any]
Books = dict[str, list[Any]]
Judge = Callable[[World, Books], Iterator[str]]


def books(world: World) -> Books:
    """What is in the books, without numbers, counts of deliveries and the texts that name numbers.

    A journal that was opened earlier has another number, and a line that came first is the first.
    """
    found = world.result()
    return {
        "staging": _sorted(
            _without(row, "deliveries", "duplicates", "journal_id", "voucher") for row in found["staging"]
        ),
        "lines": _sorted(
            {"status": journal["status"], "period": journal["period"], **_without(line, "line_number", "voucher")}
            for journal in found["journals"]
            for line in journal["lines"]
        ),
        "proposals": _sorted(
            {**_without(one, "waiting_for"), "lines": _sorted(_without(line, "line_number") for line in one["lines"])}
            for one in found["proposals"]
        ),
        "invoices": _sorted(_without(one, "voucher", "invoice_number") for one in found["invoices"]),
        "vouchers": _sorted(_without(one, "voucher", "source_id") for one in found["vouchers"]),
    }


def equal_to_the_undisturbed_run(world: World, expected: Books) -> Iterator[str]:
    found = books(world)
    for part, wanted in expected.items():
        for row in wanted:
            if row not in found[part]:
                yield f"{part}: is missing {row}"
        for row in found[part]:
            if row not in wanted:
                yield f"{part}: is too much {row}"
        if len(found[part]) != len(wanted):
            yield f"{part}: {len(found[part])} where there should be {len(wanted)}"


def everything_is_told(world: World, expected: Books) -> Iterator[str]:
    """Nothing is left in an outbox."""
    for event in world.unsent():
        yield f"outbox: {event.detail_type} {event.key} was not told"


def vouchers_balance_and_have_a_number_each(world: World, expected: Books) -> Iterator[str]:
    found = world.result()
    numbers = Counter(voucher["voucher"] for voucher in found["vouchers"])
    yield from (f"vouchers: {number} is there {times} times" for number, times in numbers.items() if times > 1)
    for voucher in found["vouchers"]:
        if total := sum(Decimal(line["accounting_amount"]) for line in voucher["lines"]):
            yield f"vouchers: {voucher['voucher']} is out of balance by {total}"
    invoices = sorted(invoice["invoice_number"] for invoice in found["invoices"])
    if invoices != [f"FTI-{number:08d}" for number in range(1, len(invoices) + 1)]:
        yield f"invoices: numbers have a gap: {invoices}"


def each_actual_is_on_one_line(world: World, expected: Books) -> Iterator[str]:
    found = world.result()
    lines = Counter(line["actual_id"] for one in (*found["journals"], *found["proposals"]) for line in one["lines"])
    yield from (f"lines: {actual} is on {times}" for actual, times in lines.items() if times > 1)


JUDGES: tuple[Judge, ...] = (
    equal_to_the_undisturbed_run,
    everything_is_told,
    vouchers_balance_and_have_a_number_each,
    each_actual_is_on_one_line,
)
"""Others may join: an independent model, the invariants of the layer."""


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _sorted(rows: Any) -> list[Any]:
    return sorted(rows, key=repr)
