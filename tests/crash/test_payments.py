"""Payments die at every request of whoever takes them, and of whoever tells Dataverse; the next delivery goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.business import COMPANY, Work, finance
from tests import snapshots
from tests.crash.death import Step
from tests.crash.stages import invoiced
from tests.dataverse import FakeDataverse, connected
from tests.faults import Killed
from tests.harness import World, envelope, sqs_batch
from tests.own_events import invoice_posted

WORK = Work(lines=1)
NUMBER = "FTI-00000001"
STATUS, STATE = "msdyn_projectinvoicestatus", "statecode"


class MortalDataverse(FakeDataverse):
    """Dies at its ``dies_at``-th patch: after it, if ``applied``."""

    dies_at = 0
    applied = False
    sent = 0

    def patch(self, patches: Any, *, atomic: bool = False) -> Any:
        self.sent += 1
        if self.sent == self.dies_at and not self.applied:
            raise Killed("PATCH")
        answers = super().patch(patches)
        if self.sent == self.dies_at:
            raise Killed("PATCH")
        return answers


@pytest.fixture
def world(moto: None) -> World:
    made = World("2026-08-31T13:00:00Z")
    made.load(finance())
    invoiced(made, WORK)
    return made


def total(world: World) -> str:
    (invoice,) = world.result()["invoices"]
    return str(invoice["total"])


def told(world: World, **said: Any) -> None:
    """An event of a payment; what it causes stays in the outbox."""
    payment = {"company": COMPANY, "date": "2026-09-10", "currency": "GBP", "invoice_number": NUMBER} | said
    event = envelope(payment, world.at, "CustomerPaymentSettled", "receivables")
    answer = world.call("ledger_answers", sqs_batch(json.dumps(event)))
    assert answer == {"batchItemFailures": []}


def test_pay_08_a_payment_is_taken_once_wherever_it_dies(world: World) -> None:
    told(world, settlement_id="P-1", version=1, amount="1.00")

    def moved(world: World) -> None:
        told(world, settlement_id="P-1", version=2, amount="2.00")

    step = Step(world, moved, moved)
    assert step.dies_at_every_request() == 2  # all of it is one transaction
    step.meets_another_transaction_everywhere()
    step.hears_no_answer_at_first()
    step.is_overtaken_at_every_request()
    (row,) = world.result()["receivables"]
    assert [(one["version"], one["amount"]) for one in row["settlements"]] == [(2, "2.00")]
    assert len([event for event in world.unsent() if event.detail_type == "InvoicePaymentsChanged"]) == 2


def test_pay_08_what_is_set_aside_counts_once_wherever_another_try_dies(world: World) -> None:
    told(world, settlement_id="P-1", version=1, amount="1.00", invoice_number="FTI-9")
    told(world, settlement_id="P-2", version=1, amount="1.00")

    def moved(world: World) -> None:
        told(world, settlement_id="P-2", version=2, amount="1.00", invoice_number="FTI-9")

    step = Step(world, moved, moved)
    assert step.dies_at_every_request() == 2
    step.is_overtaken_at_every_request()
    (row,) = world.result()["receivables"]
    assert (row["settlements"], row["open"]) == ([], total(world))


def test_pay_08_telling_dataverse_survives_death_at_every_request(world: World) -> None:
    (invoice,) = world.result()["invoices"]
    dataverse = MortalDataverse()
    dataverse.apply(WORK.header, *WORK.sales)
    with connected(dataverse):
        world.tell("accounting_writeback", invoice_posted(world.at, company=COMPANY))
        told(world, settlement_id="P-1", version=1, amount=invoice["total"])
        (event,) = [one for one in world.unsent() if one.detail_type == "InvoicePaymentsChanged"]

        def tell(world: World) -> None:
            world.tell("accounting_writeback", event)

        step = Step(world, tell, tell)
        assert step.dies_at_every_request() > 2
        step.is_overtaken_at_every_request()
        before = step.before
        for at in (1, 2):
            for applied in (False, True):
                snapshots.restore(world, snapshots.read(world), before)
                dataverse.change("invoice", WORK.proforma_id, **{STATUS: 192350010, STATE: 0})
                dataverse.dies_at, dataverse.applied, dataverse.sent = at, applied, 0
                with pytest.raises(Killed):
                    tell(world)
                tell(world)
                row = dataverse.tables["invoice"][WORK.proforma_id].row
                assert (row[STATUS], row[STATE]) == (192350003, 2)
                assert {one["state"] for one in world.result()["write_back"] if "amount_due" in one["values"]} == {
                    "done"
                }
