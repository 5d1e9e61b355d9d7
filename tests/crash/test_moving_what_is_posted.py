"""Posting a cost, and adjusting one, dies at every request and is done again: one voucher, one number, one move."""

from __future__ import annotations

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from tests.builders import guid
from tests.crash.death import Step
from tests.harness import World
from tests.posted import scanned

pytestmark = pytest.mark.engine

ASKED = {
    "company": COMPANY,
    "to": "balance",
    "date": "2026-08-31",
    "reason": "month end",
    "actor": "ann@contoso.example",
    "costs": {},
}


def run(world: World) -> object:
    return world.edit("post_costs", **ASKED)


@pytest.mark.slow
def test_costs_are_posted_once_whatever_dies(empty: World) -> None:
    document = finance()
    for profile in document["profiles"].values():
        profile["accrue_revenue"] = {}
    document["ledger_posting"][COMPANY].append({"posting_type": "wip_cost_value", "account": "161100"})
    empty.load(document)
    into_staging(empty, Work(lines=2).costs)
    empty.run("staging_import")
    empty.run("journal_posting")
    step = Step(empty, run, run)
    vouchers = [one for one in empty.result()["vouchers"] if one["source"] == "post_costs"]
    assert [one["voucher"] for one in vouchers] == ["PCV-000001", "PCV-000002"]
    assert len([item for item in scanned(empty, empty.names.journals_table) if "so" in item]) == 2
    assert step.dies_at_every_request() > 0
    step.hears_no_answer_at_first()
    step.meets_another_transaction_everywhere()
    step.is_overtaken_at_every_request()


@pytest.mark.slow
def test_an_adjustment_is_posted_once_whatever_dies(empty: World) -> None:
    empty.load(finance())
    into_staging(empty, Work(lines=1).worked)
    empty.run("staging_import")
    empty.run("journal_posting")
    ids = [guid(f"work-{kind}-0") for kind in ("cost", "unbilled_sales")]
    asked = {"company": COMPANY, "actual_ids": ids, "dimensions": {"CostCenter": "999"}, "date": "2026-08-31"}

    def adjust(world: World) -> object:
        return world.edit("adjust_accounting", **asked, actor="ann@contoso.example")

    step = Step(empty, adjust, adjust)
    vouchers = [one for one in empty.result()["vouchers"] if one["source"] == "adjust_accounting"]
    assert [one["voucher"] for one in vouchers] == ["AAV-000001", "AAV-000002"]
    assert step.dies_at_every_request() > 0
    step.hears_no_answer_at_first()
    step.is_overtaken_at_every_request()
