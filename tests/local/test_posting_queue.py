"""The stack of the template posts on schedule: from the schedule through the queue to the invoices."""

from __future__ import annotations

from typing import Any

import pytest

from local import ROOT, engines, result
from local.functions import Handlers
from local.stack import Stack
from local.template import read
from project_invoicing.dataverse.context import row_events
from project_invoicing.store import client, setups
from tests.builders import proforma
from tests.harness import envelope
from tests.rules.finance import finance
from tests.rules.stories import bill

AT = "2026-08-31T13:00:00Z"
MILESTONE: dict[str, Any] = {"transaction_class": "milestone", "contract_line": "CTR-1-FP", "resource": None}


@pytest.mark.parametrize("copies", [1, 2])
def test_what_the_schedule_queues_is_posted_once(copies: int) -> None:
    with engines.running("moto"):
        client.forget()
        stack = Stack(read(ROOT / "template.yaml"), Handlers(verbose=False), copies=copies)
        document = finance(("parameters.USPM.auto_post_proposals", True))
        setups.load(client.dynamodb(), stack.settings.setup_table, document, AT)
        for n in (1, 2, 3):
            milestone = bill(f"milestone-{n}", "1", "5000", invoice=f"inv-{n}", **MILESTONE)
            header = proforma(f"inv-{n}", number=f"INV-{n:04d}", total="5000")
            stack.put([event for context in (milestone, header) for event in row_events(context, AT)])
        stack.drain()
        stack.invoke("staging_import", envelope({}, AT, "Manual Run", "project-invoicing.manual"))

        answer = stack.invoke("invoice_posting", envelope({}, AT, "Scheduled Event", "aws.events"))
        assert answer == {"queued": 3}
        stack.drain()
        made = result.build(client.dynamodb(), stack.settings, AT)
        assert sorted(invoice["invoice_number"] for invoice in made["invoices"]) == [f"FTI-{n:08d}" for n in (1, 2, 3)]
        assert stack.dead_letters() == []
