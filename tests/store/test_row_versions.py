"""Which of two versions of a row stands: what ``is_newer`` says is what the conditions in DynamoDB do."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations, product

import pytest

from project_invoicing.domain.actual import RowVersion, is_newer
from project_invoicing.domain.staged_row import Delivery
from project_invoicing.store.staging import Staging
from tests.store.rows import T1, T2, T3, a_link, an_actual, version

NUMBERED = [version(number, at) for number, at in product((1, 2), (T1, T2))]
BY_TIME = [version(None, at, content) for at, content in product((T1, T2), ("a", "b"))]


def price_of(row_version: RowVersion) -> str:
    """Each version has a price of its own, so that one sees which one stands."""
    return str(100 + (NUMBERED + BY_TIME).index(row_version))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        pytest.param(version(1, T2, "b"), version(2, T1, "a"), id="by row version"),
        pytest.param(version(None, T1, "b"), version(None, T2, "a"), id="by time"),
        pytest.param(version(None, T1, "a"), version(None, T1, "b"), id="by content"),
        pytest.param(version(9, T1, "b"), version(None, T2, "a"), id="by time where only one has a row version"),
        pytest.param(version(None, T1, "b"), version(1, T2, "a"), id="by time where only the other has one"),
    ],
)
def test_one_of_two_versions_is_newer(older: RowVersion, newer: RowVersion) -> None:
    assert is_newer(newer, older)
    assert not is_newer(older, newer)
    assert not is_newer(older, older)


@pytest.mark.parametrize("skip_sync", [False, True])
def test_the_condition_of_a_delivery_agrees_with_is_newer(staging: Staging, skip_sync: bool) -> None:
    """Each pair of versions: numbered, by time, by content, mixed."""
    pairs = {f"{one} then {other}": (one, other) for one, other in product(NUMBERED + BY_TIME, repeat=2)}
    outcomes = {
        id: [staging.receive(an_actual(id, v, price=price_of(v), skip_sync=skip_sync)) for v in pair]
        for id, pair in pairs.items()
    }
    for id, row in staging.rows(pairs).items():
        stored, incoming = pairs[id]
        newer = is_newer(incoming, stored)
        stands = incoming if newer else stored
        assert outcomes[id] == [Delivery.ACCEPTED, Delivery.CHANGED if newer else Delivery.DUPLICATE], id
        assert (row.actual.version, str(row.actual.price)) == (stands, price_of(stands)), id
        assert (row.deliveries, row.changes) == (2, 2 if newer else 1), id


@pytest.mark.parametrize(
    "versions",
    [[version(1, T3), version(2, T1), version(3, T2)], BY_TIME[1:]],
    ids=["numbered", "by time"],
)
def test_every_order_of_arrival_ends_with_the_same_row(staging: Staging, versions: list[RowVersion]) -> None:
    for number, order in enumerate(permutations(versions)):
        for arriving in order:
            staging.receive(an_actual(str(number), arriving, price=str(100 + versions.index(arriving))))
    assert {row.actual.price for row in staging.rows(map(str, range(6))).values()} == {Decimal(102)}


@pytest.mark.parametrize(
    "versions",
    [[version(n) for n in (9, 10, 100)], [version(None, T1), version(None, T2)]],
    ids=["numbered", "by time"],
)
def test_the_newest_version_of_a_link_stands_in_every_order(staging: Staging, versions: list[RowVersion]) -> None:
    for number, order in enumerate(permutations(range(len(versions)))):
        staging.receive(an_actual(str(number)))
        for at in order:
            staging.connect(a_link(f"unbilled-{at}", versions[at], actual_id=str(number)))
        (linked,) = staging.rows([str(number)])[str(number)].links.values()
        assert linked == f"unbilled-{len(versions) - 1}"
