"""Whatever is sent to the webhook: never a 500, never a stack trace, and no row lost of what was answered with 200."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from project_invoicing.store import client
from tests.builders import Context, actual, connection, guid, multiple, proforma, to_json
from tests.dataverse import FakeDataverse
from tests.site import Site, running
from tests.thorough import thorough

ANSWERS = {200, 401, 413, 422}
CONTEXTS: list[Context] = [
    actual("a", row_version=4),
    actual("a", description="again", message="Update", changed=["msdyn_description"], row_version=9),
    connection("c", "a", "Unbilled Sales", "b", "Cost", row_version=5),
    connection("c", "a", "Unbilled Sales", "b", "Cost", message="Delete", row_version=5),
    proforma("p", row_version=6),
    multiple(actual("a", row_version=4), actual("b", row_version=5), actual("c", row_version=6)),
    multiple(actual("a", row_version=7), actual("b"), message="UpdateMultiple"),
]
TRAPS = [
    "/Date(999999999999999)/",
    "/Date(-99999999999999)/",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "9" * 30,
    "9" * 5_000,
    guid("other"),
    "00000000-0000-0000-0000-000000000000",
    "NaN",
    "1e400",
    "\x00",
    "Update",
    "Delete",
    "CreateMultiple",
    "invoice",
    "msdyn_transactionconnection",
]
KEYS = ["key", "value", "Value", "__value", "__type", "Id", "LogicalName", "Name", "Attributes", "Entities", "Target"]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(2**64), 10**400])
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(TRAPS)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
changes = st.lists(st.tuples(st.integers(0, 10_000), anything | st.just(...)), max_size=5)
header_names = st.sampled_from(["x-webhook-key", "x-webhook-timestamp", "x-webhook-signature", "content-type"])


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running(FakeDataverse()) as made:
        yield made


@pytest.fixture(scope="module")
def published(site: Site) -> list[dict[str, Any]]:
    """The details of what was put on the bus since the test emptied the list."""
    details: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        details.extend(json.loads(entry["Detail"]) for entry in params["Entries"])

    events: Any = client.event_bridge().meta.events
    events.register("provide-client-params.events.PutEvents", note)
    return details


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: its container and its key there."""
    if isinstance(value, dict | list):
        for key, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield value, key
            yield from places(part)


def changed(context: Context, edits: list[tuple[int, Any]]) -> Context:
    made = deepcopy(context)
    for number, value in edits:
        found = list(places(made))
        if not found:
            break
        container, key = found[number % len(found)]
        if value is ...:
            del container[key]
        else:
            container[key] = value
    return made


def received(site: Site) -> set[str]:
    result = site.result()
    return {row["actual_id"] for row in result["staging"]} | {row["id"] for row in result["rejected"]}


many = settings(max_examples=thorough(40, 600), deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(number=st.integers(0, len(CONTEXTS) - 1), edits=changes, exceeded=st.booleans())
@example(number=0, edits=[(0, [[[[1]]]])], exceeded=True)
def test_a_context_that_is_wrong_anywhere_is_taken_or_kept_to_the_last_row(
    site: Site, published: list[dict[str, Any]], number: int, edits: list[tuple[int, Any]], exceeded: bool
) -> None:
    context = changed(CONTEXTS[number], edits)
    headers = {"x-webhook-key": site.key} | ({"x-ms-dynamics-msg-size-exceeded": "true"} if exceeded else {})
    published.clear()
    before = len(site.items(site.names.staging_table, "REJECTED#"))
    status, answer = site.post(to_json(context), headers=headers)
    assert status in {200, 422}, answer
    if status == 422:
        assert answer["error"]
        assert answer["detail"]
    else:
        assert len(published) == answer["published"]
        assert answer["published"] + answer["rejected"] + answer["ignored"] >= min(1, _rows(context))
    rows = [detail for detail in published if detail["entity"] == "msdyn_actual" and detail.get("row")]
    with site.connected():
        site.stack.drain()
    assert site.dead_letters() == []
    assert {row["id"] for row in rows if row["message"] != "Delete"} <= received(site)
    assert len(site.items(site.names.staging_table, "REJECTED#")) >= before


def _rows(context: Context) -> int:
    """How many rows the message has, where it says so in the way of a Multiple."""
    for pair in context.get("InputParameters") or [] if isinstance(context.get("InputParameters"), list) else []:
        if isinstance(pair, dict) and pair.get("key") == "Targets":
            value = pair.get("value")
            entities = value.get("Entities") if isinstance(value, dict) else value
            return len(entities) if isinstance(entities, list) else 0
    return 1


@many
@given(
    body=st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | anything.map(lambda v: to_json(v).encode()),
    headers=st.dictionaries(header_names | st.text(max_size=10), st.text(max_size=40), max_size=4),
    query=st.dictionaries(st.sampled_from(["code", "x"]), st.text(max_size=20), max_size=2),
    knows_the_key=st.booleans(),
)
@example(body=b"[" * 100_000, headers={}, query={}, knows_the_key=True)
@example(body=b'{"PrimaryEntityName":' + b"[" * 900 + b"]" * 900 + b"}", headers={}, query={}, knows_the_key=True)
@example(body=b'{"PrimaryEntityName":"\\udc00"}', headers={}, query={}, knows_the_key=True)
@example(body=b'"' + b"9" * 5_000 + b'"', headers={}, query={}, knows_the_key=True)
@example(body=b"9" * 5_000, headers={}, query={}, knows_the_key=True)
@example(body=b"\xef\xbb\xbf{}", headers={}, query={}, knows_the_key=True)
def test_any_body_and_any_headers_get_an_answer_with_a_reason(
    site: Site, body: bytes, headers: dict[str, str], query: dict[str, str], knows_the_key: bool
) -> None:
    given_headers = headers | ({"x-webhook-key": site.key} if knows_the_key else {})
    status, answer = site.post(body, headers=given_headers, query=query)
    assert status in ANSWERS, answer
    assert (status == 401) == (not knows_the_key)
    if status != 200:
        assert answer["error"]
        assert answer["detail"]
        assert "Traceback" not in json.dumps(answer)


@many
@given(edits=changes.filter(bool), place=st.integers(0, 2))
def test_the_neighbours_of_a_wrong_row_always_come_through(
    site: Site, published: list[dict[str, Any]], edits: list[tuple[int, Any]], place: int
) -> None:
    context = deepcopy(CONTEXTS[5])
    targets = context["InputParameters"][0]["value"]["Entities"]
    wrong = changed({"row": targets[place]}, edits)
    targets[place] = wrong.get("row")
    published.clear()
    status, answer = site.post(to_json(context))
    assert (status, answer["published"] + answer["rejected"]) == (200, 3)
    others = {guid(name) for number, name in enumerate("abc") if number != place}
    assert others <= {detail["id"] for detail in published}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
@settings(max_examples=thorough(15, 200), deadline=None, suppress_health_check=list(HealthCheck))
def test_an_amount_comes_through_digit_for_digit(site: Site, published: list[dict[str, Any]], amount: Decimal) -> None:
    published.clear()
    assert site.post(to_json(actual("money", amount=format(amount, "f"))))[0] == 200
    (detail,) = published
    assert Decimal(detail["row"]["msdyn_amount"]) == amount
