"""Requests that every store is made of: all or nothing, and who was at fault; pages of queries; batched reads."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from project_invoicing.config import Settings
from project_invoicing.errors import Conflict, IntegrationError, Unavailable
from project_invoicing.store import transactions
from project_invoicing.store.errors import ConditionFailed, Throttled, TransactionCancelled, translate, translated
from project_invoicing.store.sequences import Counter
from project_invoicing.store.transactions import delete, get, get_many, lost, put, query, transact, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def table(names: Settings) -> str:
    return names.ledger_table


def stored(dynamodb: DynamoDBClient, table: str, *keys: str) -> list[Any]:
    """The values ``n`` of items."""
    found = [get(dynamodb, table, "p", key) for key in keys]
    return [item["n"] if item else None for item in found]


def item(key: str, n: int = 1) -> dict[str, Any]:
    return {"pk": "p", "sk": key, "n": n}


# --- all or nothing ---------------------------------------------------------------------------------------------------


def test_all_writes_of_a_transaction_happen(dynamodb: DynamoDBClient, table: str) -> None:
    transact(dynamodb, [put(table, item("a"), unless_exists=True), put(table, item("b"), unless_exists=True)])
    transact(
        dynamodb,
        [
            update(table, "p", "a", {"n": 5}, expected={"n": 1}),
            delete(table, "p", "b", expected={"n": 1}),
            put(table, item("c"), unless_exists=True),
        ],
    )
    assert stored(dynamodb, table, "a", "b", "c") == [5, None, 1]


def test_a_hundred_writes_fit_into_one_transaction(dynamodb: DynamoDBClient, table: str) -> None:
    transact(dynamodb, [put(table, item(f"{n:03d}"), unless_exists=True) for n in range(transactions.MAX_WRITES)])
    assert len(list(query(dynamodb, table, "p"))) == 100


def test_a_cancelled_transaction_writes_nothing_and_says_which_conditions_failed(
    dynamodb: DynamoDBClient, table: str
) -> None:
    transact(dynamodb, [put(table, item("taken", 7), unless_exists=True)])
    with pytest.raises(TransactionCancelled) as cancelled:
        transact(
            dynamodb,
            [
                put(table, item("new"), unless_exists=True),
                put(table, item("taken", 8), unless_exists=True),
                update(table, "p", "missing", {"n": 2}, expected={"n": 1}),
                delete(table, "p", "gone", expected={"n": 1}),
            ],
        )
    assert lost(cancelled.value) == [1, 2, 3]
    assert cancelled.value.reasons[0] is None
    assert [reason[0] for reason in cancelled.value.reasons if reason] == ["ConditionalCheckFailed"] * 3
    found = cancelled.value.reasons[1]
    assert found
    assert found[1] == {"pk": {"S": "p"}, "sk": {"S": "taken"}, "n": {"N": "7"}}
    assert stored(dynamodb, table, "new", "taken", "missing") == [None, 7, None]


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ({"n": 1}, True),
        ({"n": 2}, False),
        ({"n": None}, False),
        ({"other": None}, True),
        ({"other": 1}, False),
    ],
)
def test_a_write_holds_only_if_the_item_is_as_expected(
    dynamodb: DynamoDBClient, table: str, expected: dict[str, Any], holds: bool
) -> None:
    transact(dynamodb, [put(table, item("a"), unless_exists=True)])
    write = update(table, "p", "a", {"n": 9}, expected=expected)
    if holds:
        transact(dynamodb, [write])
    else:
        with pytest.raises(Conflict):
            transact(dynamodb, [write])
    assert stored(dynamodb, table, "a") == [9 if holds else 1]


def test_an_update_sets_removes_and_adds(dynamodb: DynamoDBClient, table: str) -> None:
    transact(dynamodb, [put(table, {**item("a"), "gone": "x", "amount": Decimal("1.50")}, unless_exists=True)])
    transact(dynamodb, [update(table, "p", "a", {"gone": None, "new": "y"}, add={"n": 2}, expected={"gone": "x"})])
    assert get(dynamodb, table, "p", "a") == {**item("a", 3), "new": "y", "amount": Decimal("1.5")}


def test_a_repeated_request_of_the_sdk_changes_nothing(dynamodb: DynamoDBClient, table: str) -> None:
    """The answer to a transaction is lost on the way, and the SDK sends it again with the same token."""
    writes: Any = [update(table, "p", "a", {}, add={"n": 1}, expected={"pk": None})]
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=writes, ClientRequestToken="one-and-the-same")
    assert stored(dynamodb, table, "a") == [1]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_an_item_that_does_not_exist_is_none(dynamodb: DynamoDBClient, table: str) -> None:
    assert get(dynamodb, table, "p", "a") is None


def test_many_items_are_read_a_hundred_a_request(dynamodb: DynamoDBClient, table: str) -> None:
    for start in (0, 100):
        transact(dynamodb, [put(table, item(str(n), n), unless_exists=True) for n in range(start, start + 100)])
    found = get_many(dynamodb, table, (("p", str(n)) for n in range(250)))
    assert sorted(one["n"] for one in found) == list(range(200))


def test_a_query_goes_on_after_each_megabyte(dynamodb: DynamoDBClient, table: str) -> None:
    text = "x" * 150_000
    for n in range(9):
        transact(dynamodb, [put(table, {**item(f"L#{n}", n), "text": text}, unless_exists=True)])
    transact(dynamodb, [put(table, item("H"), unless_exists=True)])
    assert [one["n"] for one in query(dynamodb, table, "p", prefix="L#")] == list(range(9))
    assert [one["n"] for one in query(dynamodb, table, "p", prefix="L#", limit=2)] == [0, 1]


# --- counters ---------------------------------------------------------------------------------------------------------


def test_numbers_are_drawn_once_whoever_draws(dynamodb: DynamoDBClient, table: str) -> None:
    one, other = (Counter(dynamodb, table, "USPM", "voucher") for _ in range(2))
    assert (one.last, other.last) == (0, 0)
    transact(dynamodb, [one.draw(3)])
    one.drawn(3)
    with pytest.raises(TransactionCancelled):
        transact(dynamodb, [other.draw(1)])
    other.forget()
    assert other.last == one.last == 3
    transact(dynamodb, [other.draw(1)])
    assert Counter(dynamodb, table, "USPM", "voucher").last == 4
    assert Counter(dynamodb, table, "GBPM", "voucher").last == 0


# --- errors -----------------------------------------------------------------------------------------------------------


def refusal(code: str, **response: Any) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": ""}, **response}
    return ClientError(answer, "TransactWriteItems")


def cancelled(*codes: str) -> ClientError:
    return refusal("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refusal("ConditionalCheckFailedException"), ConditionFailed),
        (refusal("ThrottlingException"), Unavailable),
        (refusal("InternalServerError"), Unavailable),
        (refusal("TransactionConflictException"), Conflict),
        (cancelled("None", "ConditionalCheckFailed"), TransactionCancelled),
        (cancelled("TransactionConflict", "None"), TransactionCancelled),
        (cancelled("ConditionalCheckFailed", "ThrottlingError"), Throttled),
        (cancelled("None", "ProvisionedThroughputExceeded"), Throttled),
        (cancelled("None", "ValidationError"), None),
        (refusal("ValidationException"), None),
        (refusal("ResourceNotFoundException"), None),
        (refusal("AccessDeniedException"), None),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(getattr(value, "response", value)),
)
def test_what_dynamodb_refuses_has_a_kind_or_is_a_defect(
    error: ClientError, kind: type[IntegrationError] | None
) -> None:
    assert type(translate(error)) is (kind or type(None))


def test_a_transaction_that_only_met_another_one_lost_nothing() -> None:
    met = translate(cancelled("TransactionConflict", "None"))
    assert isinstance(met, TransactionCancelled)
    assert lost(met) == []


def test_a_service_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable), translated():
        raise EndpointConnectionError(endpoint_url="https://dynamodb")


class Busy:
    """A client that answers only the first of the keys it is asked for, and after ``answers`` of them none."""

    def __init__(self, answers: int) -> None:
        self.answers = answers

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        ((table, wanted),) = request["RequestItems"].items()
        keys = wanted["Keys"]
        left = keys[1:] if self.answers > 0 else keys
        self.answers -= 1
        answered = keys[: len(keys) - len(left)]
        return {"Responses": {table: answered}, "UnprocessedKeys": {table: {"Keys": left}} if left else {}}


def test_keys_that_were_left_unread_are_asked_for_again() -> None:
    client: Any = Busy(answers=3)
    assert len(list(get_many(client, "table", [("p", "a"), ("p", "b"), ("p", "c")]))) == 3


def test_keys_that_stay_unread_are_given_up() -> None:
    client: Any = Busy(answers=1)
    with pytest.raises(Unavailable, match="1 keys unread"):
        list(get_many(client, "table", [("p", "a"), ("p", "b")]))


class Crowded:
    """A table on whose items other transactions are under way, for so many requests."""

    def __init__(self, requests: int, code: str = "TransactionConflict") -> None:
        self.requests = requests
        self.code = code
        self.asked = 0

    def transact_write_items(self, **_: Any) -> None:
        self.asked += 1
        if self.asked <= self.requests:
            response: Any = {
                "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
                "CancellationReasons": [{"Code": self.code}],
            }
            raise ClientError(response, "TransactWriteItems")


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "pause", lambda attempt: None)


def test_a_transaction_that_meets_others_is_tried_until_they_are_gone(no_pause: None) -> None:
    """A step that has nothing to read again would fail though nothing has changed."""
    crowded: Any = Crowded(3)
    transactions.transact_patiently(crowded, [{}])
    assert crowded.asked == 4


@pytest.mark.parametrize(
    ("code", "asked"),
    [("ConditionalCheckFailed", 1), ("TransactionConflict", transactions.WRITE_ATTEMPTS)],
    ids=["what has lost is not tried again", "what is always crowded is given up"],
)
def test_a_transaction_is_given_up(no_pause: None, code: str, asked: int) -> None:
    crowded: Any = Crowded(100, code)
    with pytest.raises(TransactionCancelled):
        transactions.transact_patiently(crowded, [{}])
    assert crowded.asked == asked


def test_what_holds_is_written_without_what_does_not(no_pause: None) -> None:
    lost, crowded, always = Crowded(1, "ConditionalCheckFailed"), Crowded(2), Crowded(100)
    assert [transactions.transact_what_holds(one, [{}]) for one in (lost, crowded, always)] == [True, True, False]  # type: ignore[arg-type]
    assert [one.asked for one in (lost, crowded, always)] == [1, 3, transactions.WRITE_ATTEMPTS]
