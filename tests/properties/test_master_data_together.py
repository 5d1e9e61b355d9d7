"""Rows of master data that are settled together end in the same items, with the same events, as one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any, NamedTuple

import boto3
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from project_invoicing.chunks import chunks
from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import EXCHANGE_RATE, NameKey, Part
from project_invoicing.domain.master_row import DELETION, ArrivedRow
from project_invoicing.domain.tables import MILESTONE, SPLIT_RULE
from project_invoicing.store.master_data import FinanceChange, MasterData
from project_invoicing.use_cases.master_data.settle import Settling
from tests.builders import guid
from tests.store import tables
from tests.thorough import thorough

AT = "2026-08-31T09:00:00Z"
Table = list[dict[str, Any]]


def to(entity: str, *names: str) -> Callable[[Random], list[str] | None]:
    return lambda draw: [entity, guid(f"{entity} {name}")] if (name := draw.choice([*names, ""])) else None


def one(*values: object) -> Callable[[Random], object]:
    return lambda draw: draw.choice(values)


COMPANIES = to("cdm_company", "1", "1", "2")
CONTRACTS = to("salesorder", "1", "2", "3")
COLUMNS: dict[str, dict[str, Callable[[Random], Any]]] = {
    "cdm_company": {"code": one("USPM", "USPM", "GBPM"), "name": one("Contoso")},
    "msdyn_organizationalunit": {"name": one("Robotics", "Vision"), "company": COMPANIES},
    "account": {
        "number": one("C-1", "C-2", "C-3", None),
        "name": one("Adatum", "Fabrikam"),
        "company": COMPANIES,
        "merged_into": lambda draw: to("account", "1", "2")(draw) if draw.random() < 0.1 else None,
    },
    "salesorder": {
        "number": one("CTR-1", "CTR-2", "CTR-3"),
        "company": COMPANIES,
        "unit": to("msdyn_organizationalunit", "1"),
        "customer": to("account", "1", "2"),
    },
    "msdyn_project": {
        "number": one("P-1", "P-2", "P-3", "P-4", "P-5", "P-6"),
        "name": one("Bridge", "Tunnel"),
        "company": COMPANIES,
        "contract": CONTRACTS,
        "template": one(None, None, None, True),
    },
    "salesorderdetail": {
        "number": one("1", "2", "3", None),
        "contract": CONTRACTS,
        "project": to("msdyn_project", "1", "2"),
    },
    SPLIT_RULE: {"contract": CONTRACTS, "percent": one("60", "40", "100"), "customer": to("account", "1", "2")},
    MILESTONE: {"contract_line": to("salesorderdetail", "1", "2", "3"), "amount": one("100", "200")},
    "product": {"number": one("A-1", "A-2"), "name": one("Arm")},
    "bookableresource": {"name": one("Ann", "Bob"), "active": one(True, False)},
    EXCHANGE_RATE: {
        "type": one("default"),
        "from": one("GBP"),
        "to": one("USD"),
        "rate": one("1.25", "1.26"),
        "valid_from": one("2026-01-05", "2026-01-06"),
        "factor": one("1"),
    },
}


class Says(NamedTuple):
    """One version of a row; what it says follows from these."""

    entity: str
    id: int
    version: int


def delivery(said: Says) -> ArrivedRow:
    draw = Random(f"{said}")  # noqa: S311
    chance, id = draw.random(), guid(f"{said.entity} {said.id}")
    version = RowVersion(said.version, f"2026-08-{said.version:02}T09:00:00Z", f"h{said.version}")
    if chance < 0.1:
        return ArrivedRow(said.entity, id, replace(version, content=DELETION), None, deleted=True)
    if chance < 0.15 and said.entity == "account":
        return ArrivedRow(said.entity, id, version, None, merged_into=guid(f"account {draw.choice('12')}"))
    made = {name: value(draw) for name, value in COLUMNS[said.entity].items()}
    return ArrivedRow(said.entity, id, version, {name: value for name, value in made.items() if value is not None})


SAID = st.builds(Says, st.sampled_from([*COLUMNS]), st.integers(1, 8), st.integers(1, 4))


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.Session("test", "test", region_name="us-east-1").client("dynamodb")


_numbers = count(1)


def end(client: Any, take: Callable[[Settling], object], *, quiet: bool) -> Table:
    """All items of a table of its own, once ``take`` has been done, but for how often they were written.

    A contract is looked at once for two rules that share it, and was twice. What people did has the time of the clock.
    """
    table = tables.create(client, f"-{next(_numbers)}", only="MasterDataTable").master_data_table
    master = MasterData(client, table)
    master.set_finance_together(Part.PROJECTS, OF_FINANCE, AT)
    take(
        Settling(
            master, lambda: {"Robotics": "USPM"}, lambda: True, AT, written=lambda row: WRITTEN.get(row.id), quiet=quiet
        )
    )
    found = [_uncounted(item) for item in tables.contents(client, table) if not item["pk"].startswith("HISTORY#")]
    client.delete_table(TableName=table)
    return sorted(found, key=lambda item: (item["pk"], item["sk"], item.get("d", "")))


def _uncounted(item: dict[str, Any]) -> dict[str, Any]:
    if item["pk"].startswith("OUTBOX#"):
        event, _, _ = item["sk"].rpartition("#")
        return {**item, "pk": "OUTBOX", "sk": event}
    return {name: value for name, value in item.items() if name != "ch"}


WRITTEN = {guid("salesorder 3"): ("USPM", "CTR-9")}
"""A contract that the set-up document has."""
OF_FINANCE = [FinanceChange(NameKey(Part.PROJECTS, "USPM", f"P-{n}"), {}, {"group": f"G-{n}"}) for n in (1, 2, 3)]
"""Finance's own columns, which go with a row to another number."""


def alone(rows: Sequence[ArrivedRow]) -> Callable[[Settling], object]:
    return lambda settling: [settling.arrived(row).value for row in rows]


def together(rows: Sequence[ArrivedRow], size: int) -> Callable[[Settling], object]:
    """As the function takes batches of the queue."""

    def take(settling: Settling) -> None:
        for batch in chunks(rows, size):
            plain = [row for row in batch if row.entity != EXCHANGE_RATE]
            outcomes = iter(settling.arrived_together(plain))
            for row in batch:
                if row.entity == EXCHANGE_RATE or next(outcomes) is None:
                    settling.arrived(row)

    return take


NEXT_VERSION_BEHIND_WHAT_IT_WAITED_FOR = [
    Says("account", 6, 1),
    Says("account", 7, 1),
    Says(SPLIT_RULE, 4, 2),
    Says("cdm_company", 3, 2),
    Says("cdm_company", 3, 2),
    Says("bookableresource", 5, 4),
    Says(EXCHANGE_RATE, 6, 2),
    Says("msdyn_project", 8, 4),
    Says("cdm_company", 1, 3),
    Says("msdyn_project", 1, 1),
    Says("msdyn_project", 1, 2),
    Says("cdm_company", 6, 1),
    Says("salesorderdetail", 6, 1),
    Says("msdyn_project", 6, 1),
    Says("bookableresource", 2, 1),
    Says("salesorder", 1, 3),
    Says("bookableresource", 2, 3),
    Says("salesorder", 6, 2),
    Says("cdm_company", 8, 4),
    Says("account", 5, 4),
    Says("msdyn_project", 5, 4),
    Says(SPLIT_RULE, 2, 1),
    Says("bookableresource", 3, 2),
    Says("salesorderdetail", 6, 4),
    Says("cdm_company", 4, 1),
    Says("product", 2, 1),
    Says(SPLIT_RULE, 2, 4),
    Says("msdyn_organizationalunit", 1, 2),
    Says("salesorderdetail", 1, 1),
    Says("msdyn_organizationalunit", 6, 1),
]
"""Found by the test below: a row's two versions in one group, and between them what the first one waits for."""


@settings(
    max_examples=thorough(5, 400),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(said=st.lists(SAID, min_size=10, max_size=25), size=st.integers(2, 25), quiet=st.booleans())
@example(said=NEXT_VERSION_BEHIND_WHAT_IT_WAITED_FOR, size=15, quiet=False)
def test_a_group_of_rows_ends_as_one_row_after_the_other(client: Any, said: list[Says], size: int, quiet: bool) -> None:
    rows = [delivery(one) for one in said]
    assert end(client, together(rows, size), quiet=quiet) == end(client, alone(rows), quiet=quiet)
