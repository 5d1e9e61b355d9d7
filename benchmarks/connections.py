"""What goes between Dataverse and the stack, and what is asked about it: webhook, sweep, write-back, reconciliation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final
from unittest.mock import patch

from benchmarks.answers import WEBHOOK_KEY, Prepared, bus_at_once, rows_of
from benchmarks.business import COMPANY, Work, into_staging
from benchmarks.steps import AT, Step, dynoxide, timed, weighed
from local.http_api import Request, request_event
from project_invoicing import bootstrap
from project_invoicing.dataverse.context import row_events
from tests.builders import Context, guid, multiple, to_json
from tests.dataverse import queue
from tests.harness import World, sqs_batch
from tests.own_events import invoice_posted
from tests.posted import NUMBER, posted_invoice

LARGEST_MESSAGE: Final = 70
"""Rows that fit into a message before Dataverse leaves them out (256 KB)."""
_MESSAGES: Final = 300
_HEADERS: Final = {"x-webhook-key": WEBHOOK_KEY, "content-type": "application/json"}


def webhook() -> list[Step]:
    """Messages through ``dataverse_webhook``, which knows the key already: with one row, and with as many as fit."""
    contexts = [context for context in Work(LARGEST_MESSAGE).worked if context["PrimaryEntityName"] == "msdyn_actual"]
    one, most = contexts[0], multiple(*contexts[:LARGEST_MESSAGE])
    with dynoxide() as world, bus_at_once() as sent:
        _post(world, one)()
        steps = []
        for name, context, times in (("1 row", one, _MESSAGES), (f"{LARGEST_MESSAGE} rows", most, _MESSAGES // 10)):
            message = _post(world, context)
            before = len(sent)
            step = timed(world, f"webhook, {name}", times, lambda: [message() for _ in range(times)])  # noqa: B023
            step.asked = len(sent) - before
            step.megabytes = weighed(message)
            steps.append(step)
    return steps


def sweep(rows: int) -> Step:
    """All actuals of Dataverse, through ``dataverse_catchup`` onto the bus."""
    events = (event for context in Work(rows).costs for event in row_events(context, AT))
    there = Prepared(rows_of(events))
    with dynoxide() as world, connected(there), bus_at_once() as sent:
        step = timed(world, "sweep", rows, lambda: world.run("dataverse_catchup", entity="msdyn_actual"))
        step.asked = there.asked + len(sent)
    with dynoxide() as world, connected(there), bus_at_once():
        step.megabytes = weighed(lambda: world.run("dataverse_catchup", entity="msdyn_actual"))
    return step


def write_back(rows: int) -> Step:
    """The accounting details of a posted invoice, to Dataverse."""
    step = _write_back(rows, lambda world, once: timed(world, "write-back", rows, once))
    step.megabytes = _write_back(rows, lambda _, once: Step("write-back", rows, megabytes=weighed(once))).megabytes
    return step


def _write_back(rows: int, measured: Callable[[World, Callable[[], object]], Step]) -> Step:
    event = invoice_posted(AT, company=COMPANY, invoice_number=NUMBER)
    there = Prepared({})
    with dynoxide() as world, connected(there), queue() as tasks:
        posted_invoice(world, rows)

        def until_done() -> None:
            world.tell("accounting_writeback", event)
            while tasks:
                world.call("accounting_writeback", sqs_batch(json.dumps(tasks.pop()[0])))

        step = measured(world, until_done)
    step.asked = there.asked
    return step


def questions_and_reconciliation(lines: int) -> list[Step]:
    """Over a posted invoice of ``lines``: what ``explain`` reads for each kind of question, and a reconciliation.

    The reconciliation reads an unbilled and a billed sale a line with their connections, here and in Dataverse.
    """
    work = Work(lines)
    events = (event for context in chain(work.sold, work.billed) for event in row_events(context, AT))
    there = Prepared(rows_of(events))
    with dynoxide() as world:
        _posted(world, work)
        (invoice,) = world.result()["invoices"]
        journal, voucher = world.result()["journals"][0]["journal_id"], world.result()["vouchers"][0]["voucher"]
        asked = {
            "an actual": guid("work-billed_sales-0"),
            "a proposal": work.number,
            "an invoice": invoice["invoice_number"],
            "a journal": journal,
            "a voucher": voucher,
        }
        steps = [
            timed(world, f"explain {name}", 1, lambda: world.call("explain", {"id": id}))  # noqa: B023
            for name, id in asked.items()
        ]
        with connected(there):
            once = lambda: world.run("reconciliation")  # noqa: E731
            step = timed(world, "reconciliation", sum(map(len, there.tables.values())), once)
            step.asked = there.asked
            step.megabytes = weighed(once)
    return [*steps, step]


def _posted(world: World, work: Work) -> None:
    into_staging(world, work.sold)
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(work.header)
    into_staging(world, work.sales)
    world.run("staging_import")
    world.run("invoice_posting")


def _post(world: World, context: Context) -> Callable[[], None]:
    event = request_event(Request("POST", "/dataverse", _HEADERS, body=to_json(context).encode()), AT)

    def post() -> None:
        answer: Any = world.call("dataverse_webhook", event)
        if answer["statusCode"] != 200:
            raise RuntimeError(f"the webhook answered {answer}")

    return post


@contextmanager
def connected(there: Prepared) -> Iterator[None]:
    """Whatever the functions ask of Dataverse inside the block, ``there`` answers."""
    with patch.object(bootstrap, "dataverse", lambda: there):
        yield
