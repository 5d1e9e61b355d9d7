"""What the other ledger answers, and what that does to a batch (reference tests 10, 11 and 12)."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from project_invoicing.domain.actor import person
from project_invoicing.domain.ledger_answer import Effect, Standing, VoucherState
from project_invoicing.domain.ledger_batch import BatchState, LedgerBatch
from project_invoicing.domain.states import BatchVerb
from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.rules.ledger_answer_form import answer_of
from project_invoicing.store.transactions import transact
from tests.batches import V1, V2, V3, House

ANN = person("ann@contoso.example")
REFUSED_V2 = [{"external_id": "USPM:PV-00000002", "message": "period closed"}]


def test_10_accepted_twice_is_one_change_and_another_number_is_a_conflict(house: House) -> None:
    batch = house.ready(V1, V2, V3)
    assert house.answered(batch, "accepted", external_number="GJ-1").effect is Effect.APPLIED
    accepted = house.now(batch)
    assert (accepted.state, accepted.external_numbers) == (BatchState.ACCEPTED, ("GJ-1",))

    assert house.answered(batch, "accepted", external_number="GJ-1").effect is Effect.REPEATED
    again = house.answered(batch, "accepted", external_number="GJ-1", sent_by="connector", at="2026-09-02T00:00:00Z")
    assert again.effect is Effect.REPEATED
    conflict = house.answered(batch, "accepted", external_number="GJ-2")
    assert (conflict.effect, conflict.detail) == (
        Effect.CONFLICT,
        "batch USPM-ledger-000001 was accepted as GJ-1, not as GJ-2",
    )
    assert house.now(batch) == accepted
    assert house.batches.open("USPM") == []
    effects = [one.effect for one in house.answers.of(batch.id)]
    assert sorted(effects) == [Effect.APPLIED, Effect.CONFLICT, Effect.REPEATED], "each is kept"


def test_10_a_number_of_zeros_is_a_refusal(house: House) -> None:
    batch = house.ready(V1, V2)
    sap = {"company": "1000", "number": "0000000000", "fiscal_year": "2026"}
    assert house.answered(batch, "accepted", external_number=sap).effect is Effect.APPLIED
    now = house.now(batch)
    assert (now.state, now.external_numbers) == (BatchState.REFUSED, ())
    assert now.answered.message == "its number has nothing but zeros: the other ledger made no document"

    each = [
        {"external_id": "USPM:PV-00000001", "outcome": "accepted", "external_number": {**sap, "number": "1900000001"}},
        {"external_id": "USPM:PV-00000002", "outcome": "accepted", "external_number": sap},
    ]
    house.answered(batch, "partly", vouchers=each)
    now = house.now(batch)
    assert (now.state, now.external_numbers) == (BatchState.PARTLY, ("1000/1900000001/2026",))
    unclear = house.answered(batch, "accepted", external_numbers=["0000000000", "4711"])
    assert (unclear.effect, house.now(batch)) == (Effect.UNCLEAR, now)


def test_10_a_refusal_under_a_number_of_zeros_is_taken(house: House) -> None:
    batch = house.ready(V1, V2)
    assert house.answered(batch, "refused", external_number="0000000000", message="F5 201").effect is Effect.APPLIED
    now = house.now(batch)
    assert (now.state, now.external_numbers, now.answered.message) == (BatchState.REFUSED, (), "F5 201")


def test_10_posted_there_into_another_period_is_seen(house: House) -> None:
    batch = house.ready(V1)
    house.answered(batch, "accepted", external_number="JE-7", posted_date="2026-09-02")
    assert str(house.now(batch).answered.elsewhere) == "2026-09-02"


def test_12_partly_accepted_says_what_is_open_and_on_which_voucher(house: House) -> None:
    batch = house.ready(V1, V2, V3)
    taken = house.answered(batch, "partly", external_number="GJ-1", errors=REFUSED_V2)
    now = house.now(batch)
    assert taken.detail == "2 of 3 vouchers of batch USPM-ledger-000001 are accepted"
    assert (now.state, now.answered.accepted, str(now.answered.open_debit)) == (BatchState.PARTLY, 2, "1200.00")
    assert now.answered.message == "USPM:PV-00000002: period closed"
    standing = Standing.after(house.answers.applied(batch.id), batch.kind)
    assert standing.of("USPM:PV-00000002").state is VoucherState.REFUSED
    assert standing.of("USPM:PV-00000003").numbers == ("GJ-1",)

    house.answered(batch, "accepted", external_number="GJ-2")
    now = house.now(batch)
    assert (now.state, now.external_numbers, now.answered.open_debit) == (BatchState.ACCEPTED, ("GJ-1", "GJ-2"), None)
    standing = Standing.after(house.answers.applied(batch.id), batch.kind)
    assert [standing.of(f"USPM:PV-0000000{n}").numbers for n in (1, 2, 3)] == [("GJ-1",), ("GJ-2",), ("GJ-1",)]


def test_a_line_is_named_in_place_of_its_voucher(house: House) -> None:
    batch = house.ready(V1, V2, V3)
    house.answered(batch, "partly", errors=[{"external_id": "USPM:PV-00000003:2", "message": "no such account"}])
    assert str(house.now(batch).answered.open_debit) == "2640.00"


def test_all_of_its_vouchers_refused_one_by_one_is_refused(house: House) -> None:
    batch = house.ready(V1, V2)
    errors = [{"external_id": f"USPM:PV-0000000{n}", "message": "closed"} for n in (1, 2)]
    house.answered(batch, "partly", errors=errors)
    assert house.now(batch).state is BatchState.REFUSED


def test_answers_in_any_order_and_again_come_to_the_same_end(house: House) -> None:
    said: list[dict[str, Any]] = [
        {"outcome": "refused", "message": "closed"},
        {"outcome": "partly", "external_number": "GJ-1", "errors": REFUSED_V2},
        {"outcome": "accepted", "external_number": "GJ-2"},
    ]
    ends = set()
    for number, order in enumerate(permutations(said), start=1):
        batch = house.ready(V1, V2, V3, number=number)
        for one in (*order, *order):
            house.answered(batch, **one)
        ends.add(house.now(batch).state)
    assert ends == {BatchState.ACCEPTED}


def test_unknown_is_asked_and_a_late_time_out_changes_nothing(house: House) -> None:
    batch = house.ready(V1)
    house.answered(batch, "unknown")
    assert house.now(batch).state is BatchState.UNKNOWN
    house.answered(batch, "refused", message="closed")
    assert house.now(batch).state is BatchState.REFUSED
    late = house.answered(batch, "unknown", sent_by="another connector")
    assert (late.effect, house.now(batch).state) == (Effect.LATE, BatchState.REFUSED)


@pytest.mark.parametrize(
    ("more", "effect"),
    [
        ({"number": 7}, Effect.UNKNOWN_BATCH),
        ({"manifest_sha256": "0" * 64}, Effect.WRONG_SHA256),
        ({"errors": [{"external_id": "USPM:PV-99999999"}]}, Effect.UNKNOWN_VOUCHER),
        ({"errors": [{"external_id": "USPM:PV-00000001:9"}]}, Effect.UNKNOWN_VOUCHER),
        ({"delivery": 3}, Effect.NOT_READY),
        ({"outcome": "voided_there", "message": "wrong month"}, Effect.UNCLEAR),
    ],
)
def test_what_does_not_fit_is_kept_and_changes_nothing(house: House, more: dict[str, Any], effect: Effect) -> None:
    batch = house.ready(V1)
    said = {"company": "USPM", "kind": "ledger", "number": 1, "outcome": "accepted", "external_number": "GJ-1", **more}
    taken = house.say(said)
    assert (taken.effect, house.now(batch)) == (effect, batch)
    kept = house.answers.get(answer_of(said).batch, answer_of(said).hash)
    assert kept is not None
    assert (kept.effect, kept.detail) == (effect, taken.detail)
    assert taken.effect.is_wrong


def test_an_answer_that_came_before_its_batch_counts_when_it_comes_again(house: House) -> None:
    said = {"company": "USPM", "kind": "ledger", "number": 1, "outcome": "accepted", "external_number": "GJ-1"}
    assert house.say(said).effect is Effect.UNKNOWN_BATCH
    batch = house.ready(V1)
    assert house.say(said).effect is Effect.APPLIED
    assert house.now(batch).state is BatchState.ACCEPTED


def test_an_answer_to_a_batch_that_is_being_completed_waits_for_that(house: House) -> None:
    batch = house.ready(V1)
    transact(house.client, house.batches.opened(_claiming(batch)))
    write, _ = house.batches.changed(house.now(_claiming(batch)), BatchVerb.SEALED)
    transact(house.client, [write])
    with pytest.raises(Unavailable, match="is being completed"):
        house.answered(_claiming(batch), "accepted")


def test_a_person_voids_what_was_accepted_with_a_reason_and_nothing_follows(house: House) -> None:
    batch = house.ready(V1)
    with pytest.raises(Rejected, match="needs a reason"):
        house.answered(batch, "voided_there", by=ANN)
    assert house.answered(batch, "voided_there", message="x", by=ANN).effect is Effect.NOT_READY
    house.answered(batch, "accepted", external_number="GJ-1")
    house.answered(batch, "voided_there", message="posted into the wrong company", by=ANN)
    now = house.now(batch)
    assert (now.state, now.external_numbers) == (BatchState.VOIDED_THERE, ("GJ-1",))
    assert house.answered(batch, "accepted", external_number="GJ-3").effect is Effect.LATE
    (entry,) = house.batches.history(batch.id)
    assert (entry.who.id, entry.after["reason"]) == ("ann@contoso.example", "posted into the wrong company")


def test_what_was_accepted_is_not_refused_any_more(house: House) -> None:
    batch = house.ready(V1, V2)
    house.answered(batch, "partly", external_number="GJ-1", errors=REFUSED_V2)
    before = house.now(batch)
    again = house.answered(batch, "partly", errors=[{"external_id": "USPM:PV-00000001", "message": "closed"}])
    assert (again.effect, again.detail) == (
        Effect.CONFLICT,
        "USPM:PV-00000001 was accepted as GJ-1, and cannot be refused any more",
    )
    assert house.now(batch) == before
    house.answered(batch, "refused", message="all of it")
    assert house.now(batch).state is BatchState.PARTLY, "a refusal of the rest takes nothing back"


def test_a_long_answer_is_kept_whole(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("project_invoicing.store.batch_answers.PAGE", 100)
    batch = house.ready(V1, V2, V3)
    each = [
        {"external_id": f"USPM:PV-0000000{n}", "outcome": "accepted", "external_number": f"GJ-{n}"} for n in (1, 2, 3)
    ]
    house.answered(batch, "partly", vouchers=each)
    (answer,) = house.answers.applied(batch.id)
    assert [one.numbers for one in answer.vouchers] == [("GJ-1",), ("GJ-2",), ("GJ-3",)]
    assert house.now(batch).state is BatchState.ACCEPTED


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ([], "an answer is an object"),
        ({"kind": "journal"}, "kind is ledger, receivables, payables, not 'journal'"),
        ({"outcome": "yes"}, "outcome is accepted, partly, refused, received, unknown, voided_there, not 'yes'"),
        ({"number": 0}, "number is a number from 1 to 999999, not '0'"),
        ({"number": True}, "number is a number"),
        ({"company": ""}, "an answer names company"),
        ({"outcome": "partly"}, "partly names in errors what was refused"),
        ({"errors": "PV-1"}, "errors is a list of objects"),
        ({"errors": [{"message": "closed"}]}, "errors number 1 names external_id"),
        ({"vouchers": [{"external_id": "a", "outcome": "partly"}]}, "vouchers number 1: outcome is"),
        ({"posted_date": "31.8.2026"}, "posted_date is written as 2026-08-31"),
        ({"external_number": "a\nb"}, "external_number is a text of at most 100 characters"),
        ({"manifest_sha256": "abc"}, "manifest_sha256 has 64 hexadecimal digits"),
    ],
)
def test_an_answer_that_cannot_be_read_says_which_field(said: Any, problem: str) -> None:
    whole = {"company": "USPM", "kind": "ledger", "number": "000001", "outcome": "accepted"}
    with pytest.raises(Rejected) as refused:
        answer_of({**whole, **said} if isinstance(said, dict) else said)
    assert refused.value.detail.startswith(problem)
    assert refused.value.field


def _claiming(batch: LedgerBatch) -> LedgerBatch:
    return replace(batch, number=2, period_number=2, state=BatchState.CLAIMING, version=1)


def test_an_answer_about_a_delivery_that_is_not_complete_yet_counts_when_it_comes_again(house: House) -> None:
    batch = house.ready(V1)
    said: dict[str, Any] = {"external_number": "GJ-1", "delivery": 1}
    assert house.answered(batch, "accepted", **said).effect is Effect.NOT_READY
    house.delivering().deliver(batch.id, "netsuite")
    assert house.answered(batch, "accepted", **said).effect is Effect.APPLIED
    assert house.now(batch).state is BatchState.ACCEPTED


@pytest.mark.parametrize("outcome", ["unknown", "refused"])
def test_the_same_no_after_another_delivery_is_no_repeat_and_somebody_must_look(house: House, outcome: str) -> None:
    batch = house.ready(V1)
    house.delivering().deliver(batch.id, "netsuite")
    assert house.answered(batch, outcome).effect is Effect.APPLIED
    assert house.answered(batch, outcome).effect is Effect.REPEATED
    house.answered(batch, "refused", message="not there")
    house.delivering("2026-09-02T00:00:00Z").deliver(batch.id, "netsuite")
    again = house.answered(batch, outcome, at="2026-09-02T01:00:00Z")
    assert (again.effect, again.effect.is_wrong) == (Effect.UNCLEAR, True)
    assert "before delivery 2: say in `delivery` which one" in again.detail
    assert house.now(batch).state is BatchState.REFUSED
    assert house.answered(batch, "unknown", delivery=2).effect is Effect.APPLIED
    assert house.now(batch).state is BatchState.UNKNOWN


def test_as_many_numbers_as_vouchers_fit_and_are_known_when_they_come_again(house: House) -> None:
    batch = house.ready(V1)
    numbers = [f"1000/{number:010d}/2026" for number in range(1, 30_001)]
    assert house.answered(batch, "accepted", external_numbers=numbers).effect is Effect.APPLIED
    assert house.now(batch).external_numbers == tuple(numbers[:200])
    late = house.answered(batch, "accepted", external_number=numbers[-1])
    assert late.effect is Effect.REPEATED
    assert house.answered(batch, "accepted", external_number="1000/9/2026").effect is Effect.CONFLICT


def test_what_was_received_with_every_voucher_accepted_is_accepted(house: House) -> None:
    batch = house.ready(V1, V2)
    each = [{"external_id": f"USPM:PV-0000000{number}", "outcome": "accepted"} for number in (1, 2)]
    house.answered(batch, "received", vouchers=each)
    assert (house.now(batch).state, house.batches.open("USPM")) == (BatchState.ACCEPTED, [])


def test_a_refusal_with_a_date_says_nothing_of_another_period(house: House) -> None:
    batch = house.ready(V1)
    house.answered(batch, "refused", posted_date="2026-09-01", message="the period is closed")
    assert house.now(batch).answered.elsewhere is None
