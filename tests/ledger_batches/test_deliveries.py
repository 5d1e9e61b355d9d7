"""Deliveries of a batch: the first holds all of it, a later one what is not accepted yet (reference test 11)."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest

from project_invoicing.domain.actor import BY_EVENT, person
from project_invoicing.domain.codes import BatchRefusal
from project_invoicing.domain.ledger_batch import BatchId, BatchState, LedgerBatch
from project_invoicing.domain.refusals import Refused
from project_invoicing.store import client, outbox
from project_invoicing.store.batch_deliveries import Delivery
from project_invoicing.use_cases.ledger_batches.deliver import (
    Delivering,
    delivery_row,
    folder_of_delivery,
    must_be_deliverable,
)
from project_invoicing.use_cases.ledger_batches.files import Differs
from tests.batches import BUCKET, V1, V2, V3, House, voucher
from tests.faults import Killed, dying, overtaken

ANN = person("ann@contoso.example")
REFUSED_V2 = [{"external_id": "USPM:PV-00000002", "message": "period closed"}]
D365, PLAIN = "d365_general_journal", "plain"


def rows(house: House, batch: LedgerBatch, delivery: Delivery) -> list[dict[str, str]]:
    """What is in the files of a delivery."""
    texts = [
        b"".join(house.bucket.read(f"{folder_of_delivery(batch, delivery)}{part.name}")) for part in delivery.parts
    ]
    return [row for text in texts for row in csv.DictReader(io.StringIO(text.decode()))]


def vouchers(house: House, batch: LedgerBatch, delivery: Delivery) -> set[str]:
    return {row["VOUCHER"] for row in rows(house, batch, delivery)}


def test_11_refused_sent_again_accepted_with_the_same_ids_and_bytes(house: House) -> None:
    batch = house.ready(V1, V2, V3)
    first = house.delivering().deliver(batch.id, D365)
    house.answered(batch, "refused", message="period closed")
    another = house.ready(V1, number=2)
    second = house.delivering("2026-09-02T00:00:00Z", ANN).deliver(batch.id, D365)
    assert (first.number, second.number, house.now(batch).deliveries) == (1, 2, 2)
    assert [part.sha256 for part in first.parts] == [part.sha256 for part in second.parts]
    assert house.now(batch).state is BatchState.REFUSED, "a delivery is no answer"
    house.answered(batch, "accepted", external_number="GJ-1")
    now = house.now(batch)
    assert (now.state, now.manifest_sha256) == (BatchState.ACCEPTED, batch.manifest_sha256)
    assert house.now(another) == another


def test_a_later_delivery_holds_what_is_not_accepted(house: House) -> None:
    batch = house.ready(V1, V2, V3)
    first = house.delivering().deliver(batch.id, D365)
    assert (first.lines, vouchers(house, batch, first)) == (9, {"PV-00000001", "PV-00000002", "PV-00000003"})
    house.answered(batch, "partly", external_number="GJ-1", errors=REFUSED_V2)
    second = house.delivering("2026-09-02T00:00:00Z").deliver(batch.id, D365)
    assert (second.lines, vouchers(house, batch, second)) == (2, {"PV-00000002"})
    prefix = "ledger/USPM/2026-08/ledger/000001/d365_general_journal"
    keys = [one["Key"] for one in client.s3().list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]]
    assert keys == [f"{prefix}/1/part-0001.csv", f"{prefix}/2/part-0001.csv"]
    (entry,) = [item["d"] for item in outbox.unsent(house.client, house.batches.table) if '"delivery":2' in item["d"]]
    assert '"lines":2' in entry


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [("unknown", BatchRefusal.UNANSWERED), ("accepted", BatchRefusal.NOTHING_LEFT)],
)
def test_what_is_unknown_or_accepted_is_not_sent_again(house: House, outcome: str, reason: str) -> None:
    batch = house.ready(V1)
    house.answered(batch, outcome)
    with pytest.raises(Refused) as refused:
        house.delivering().deliver(batch.id, D365)
    assert (refused.value.reason, house.deliveries.of(batch.id)) == (reason, ([], []))


def test_a_format_that_cannot_hold_the_batch_says_why_and_writes_nothing(house: House) -> None:
    long = voucher("PV-" + "0" * 30, ("540100", "1.00"), ("540900", "-1.00"))
    batch = house.ready(V1, long)
    with pytest.raises(Refused) as refused:
        house.delivering().deliver(batch.id, D365)
    assert refused.value.reason is BatchRefusal.FORMAT_REFUSED
    assert "VOUCHER" in refused.value.detail
    assert house.now(batch).deliveries == 0
    known, (why,) = house.deliveries.of(batch.id)
    assert (known, why.format) == ([], D365)
    assert "VOUCHER" in why.detail
    folder = f"ledger/USPM/2026-08/ledger/000001/{D365}"
    assert "Contents" not in client.s3().list_objects_v2(Bucket=BUCKET, Prefix=folder)

    with pytest.raises(Refused, match="there is no format 'nothing'"):
        house.delivering().deliver(batch.id, "nothing")


def test_a_batch_that_gets_ready_is_delivered_in_the_formats_of_its_company_once(house: House) -> None:
    house.policy({"formats": [D365, "netsuite"]})
    batch = house.ready(V1, V2)
    made = house.delivering().automatically(batch.id)
    assert [(one.number, one.format, one.who) for one in made] == [(1, D365, BY_EVENT), (2, "netsuite", BY_EVENT)]
    assert house.delivering("2026-09-05T00:00:00Z").automatically(batch.id) == []
    assert house.now(batch).deliveries == 2


def test_a_batch_that_was_refused_before_its_event_came_is_not_delivered_by_it(house: House) -> None:
    """Somebody has taken it another way: whether it goes once more is for a person to say."""
    house.policy({"formats": [D365]})
    batch = house.ready(V1)
    house.answered(batch, "refused", message="no such account")
    assert house.delivering().automatically(batch.id) == []


@pytest.mark.parametrize("state", [BatchState.CLAIMING, BatchState.SEALED])
def test_a_batch_without_files_cannot_be_delivered(house: House, state: BatchState) -> None:
    """A list that is not closed would leave with what is on it so far."""
    batch = replace(house.ready(V1), state=state)
    with pytest.raises(Refused, match="has no files yet"):
        must_be_deliverable(batch.id, batch)


def test_a_format_that_refuses_does_not_stop_the_other_one(house: House) -> None:
    house.policy({"formats": [D365, "beancount"]})
    batch = house.ready(voucher("PV-" + "0" * 30, ("540100", "1.00"), ("540900", "-1.00")))
    with pytest.raises(Refused, match="d365_general_journal cannot hold"):
        house.delivering().automatically(batch.id)
    (known,), _ = house.deliveries.of(batch.id)
    assert (known.number, known.format) == (1, "beancount")


def test_a_request_that_comes_twice_is_one_delivery(house: House) -> None:
    batch = house.ready(V1)
    one = house.delivering(by=ANN).deliver(batch.id, D365)
    two = house.delivering(by=ANN).deliver(batch.id, D365)
    assert (one, house.now(batch).deliveries) == (two, 1)
    assert house.delivering("2026-09-01T05:00:00Z", ANN).deliver(batch.id, D365).number == 2
    assert [entry.after for entry in house.batches.history(batch.id)] == [
        {"format": D365, "delivery": 1},
        {"format": D365, "delivery": 2},
    ]


def test_two_calls_of_one_person_in_one_second_are_two_deliveries_and_one_that_is_repeated_is_one(house: House) -> None:
    batch = house.ready(V1)
    calls = [replace(house.delivering(by=ANN), request=id) for id in ("call-1", "call-2", "call-2")]
    assert [one.deliver(batch.id, D365).number for one in calls] == [1, 2, 2]
    assert house.now(batch).deliveries == 2
    assert house.deliveries.of(batch.id)[0][1].request == "call-2"


def test_a_file_that_was_altered_is_not_delivered(house: House) -> None:
    batch = house.ready(V1)
    key = "ledger/USPM/2026-08/ledger/000001/lines.jsonl"
    text = b"".join(house.bucket.read(key))
    client.s3().put_object(Bucket=BUCKET, Key=key, Body=text.replace(b"800.00", b"900.00"))
    with pytest.raises(Differs, match="other bytes than its manifest says"):
        house.delivering().deliver(batch.id, D365)
    client.s3().delete_object(Bucket=BUCKET, Key=key)
    with pytest.raises(Differs, match="has no ledger/USPM"):
        house.delivering().deliver(batch.id, D365)
    assert house.deliveries.of(batch.id) == ([], [])


def test_what_was_accepted_while_a_delivery_was_written_does_not_go_out_again(house: House) -> None:
    batch = house.ready(V1, V2, V3)
    house.delivering().deliver(batch.id, D365)
    house.answered(batch, "partly", errors=[*REFUSED_V2, {"external_id": "USPM:PV-00000001", "message": "closed"}])
    with pytest.raises(Killed), dying(client.s3(), 5, applied=True):  # its files are there, and nobody says so
        house.delivering("2026-09-02T00:00:00Z").deliver(batch.id, D365)
    begun = house.deliveries.of(batch.id)[0][-1]
    assert (begun.number, begun.is_begun) == (2, True)
    house.answered(batch, "partly", vouchers=[{"external_id": "USPM:PV-00000001", "outcome": "accepted"}])
    third = house.delivering("2026-09-03T00:00:00Z").deliver(batch.id, D365)
    assert (third.number, vouchers(house, batch, third)) == (3, {"PV-00000002"})
    assert house.deliveries.of(batch.id)[0][1].given_up == "2026-09-03T00:00:00Z"


def test_two_at_once_make_one_delivery_each_after_the_other(house: House) -> None:
    batch = house.ready(V1, V2)

    def another() -> None:
        house.delivering(by=ANN).deliver(batch.id, "netsuite")

    with overtaken(house.client, 4, another):
        house.delivering().deliver(batch.id, D365)
    known, _ = house.deliveries.of(batch.id)
    assert [(one.number, one.format, one.lines, bool(one.done)) for one in known] == [
        (1, "netsuite", 4, True),
        (2, D365, 4, True),
    ]


@pytest.mark.parametrize("service", ["dynamodb", "s3"])
@pytest.mark.slow
def test_a_delivery_that_dies_at_any_request_is_made_once(house: House, service: str) -> None:
    made = set()
    for number in range(1, 40):
        batch = house.ready(V1, V2, V3, number=number)
        where = house.client if service == "dynamodb" else client.s3()
        died = 0
        for applied in (False, True):
            try:
                with dying(where, number, applied=applied):
                    house.delivering().deliver(batch.id, D365)
            except Killed:
                died += 1
        delivery = house.delivering().deliver(batch.id, D365)
        (known,), _ = house.deliveries.of(batch.id)
        made.add((known == delivery, delivery.number, delivery.lines, house.now(batch).deliveries))
        if not died:
            break
    assert made == {(True, 1, 9, 1)}
    assert number > 3


@pytest.mark.slow
def test_an_answer_that_dies_at_any_request_counts_once(house: House) -> None:
    ends = set()
    for number in range(1, 40):
        batch = house.ready(V1, V2, V3, number=number)
        died = 0
        for applied in (False, True):
            try:
                with dying(house.client, number, applied=applied):
                    house.answered(batch, "partly", external_number="GJ-1", errors=REFUSED_V2)
            except Killed:
                died += 1
        house.answered(batch, "partly", external_number="GJ-1", errors=REFUSED_V2)
        now = house.now(batch)
        ends.add((now.state, now.answered.answers, str(now.answered.open_debit), len(house.answers.of(batch.id))))
        if not died:
            break
    assert ends == {(BatchState.PARTLY, 1, "1200.00", 1)}
    assert number > 3


def test_6_a_delivery_tells_how_many_entries_the_other_side_will_translate_to_other_cents(house: House) -> None:
    posted = (("130100", "10.00"), ("401000", "-3.33"), ("401000", "-3.33"), ("401000", "-3.34"))
    ours = ("15.01", "-5.00", "-5.00", "-5.01")
    euro = voucher("PV-00000004", *posted, currency="EUR", exchange_rate=Decimal("1.5"))
    lines = [replace(line, accounting_amount=Decimal(amount)) for line, amount in zip(euro, ours, strict=True)]
    batch = house.ready(V1, lines, digits={"EUR": 2, "USD": 2})
    made = house.delivering().deliver(batch.id, D365)

    assert house.deliveries.get(batch.id, 1) == made
    assert (made.differing, made.out_of_balance) == (1, Decimal("0.01"))
    assert delivery_row(batch, made)["differences"] == {"entries": 1, "out_of_balance": "0.01"}
    exact = house.delivering("2026-09-02T00:00:00Z").deliver(batch.id, "business_central")
    assert delivery_row(batch, exact)["differences"] is None


def test_formats_for_batches_of_another_kind_are_left_alone(house: House) -> None:
    house.policy({"formats": ["netsuite_invoice", D365, "d365_vendor_invoice"]})
    batch = house.ready(V1)

    assert [one.format for one in house.delivering().automatically(batch.id)] == [D365]
    assert house.deliveries.of(batch.id)[1] == []


def test_what_was_begun_and_cannot_be_made_again_gives_way_to_another_delivery(house: House) -> None:
    batch = house.ready(V1)
    with pytest.raises(Killed), dying(client.s3(), 5, applied=True):
        house.delivering().deliver(batch.id, D365)
    begun = house.deliveries.of(batch.id)[0][0]
    key = f"{folder_of_delivery(batch, begun)}part-0001.csv"
    client.s3().put_object(Bucket=BUCKET, Key=key, Body=b"as an earlier release wrote it")
    made = house.delivering("2026-09-02T00:00:00Z").deliver(batch.id, D365)
    assert (made.number, made.lines, house.now(batch).deliveries) == (2, 2, 2)
    assert house.deliveries.of(batch.id)[0][0].given_up == "2026-09-02T00:00:00Z"


def test_what_a_person_delivers_while_a_batch_gets_ready_is_not_delivered_once_more(house: House) -> None:
    house.policy({"formats": [D365]})
    at = "2026-09-01T04:00:01Z"
    counted = []
    for number in range(1, 12):
        batch = house.ready(V1, number=number)
        by_ann = partial(house.delivering(at, ANN).deliver, batch.id, D365)
        with overtaken(house.client, number, by_ann):
            house.delivering().automatically(batch.id)
        counted.append(house.now(batch).deliveries)
    assert counted == [1] * 11


def test_what_is_answered_between_two_formats_is_no_refusal_of_a_format(house: House) -> None:
    house.policy({"formats": [D365, "netsuite"]})
    batch = house.ready(V1)

    class Answered(Delivering):
        def deliver(self, id: BatchId, format: str, *, once: bool = False) -> Delivery:
            found = Delivering.deliver(self, id, format, once=once)
            house.answered(batch, "accepted", external_number="GJ-1")
            return found

    one = house.delivering()
    made = Answered(one.stores, one.at).automatically(batch.id)
    assert [delivery.format for delivery in made] == [D365]
