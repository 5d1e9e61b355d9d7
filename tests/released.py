"""The items of a release, and what that release makes of them.

    python -m tests.released | gzip -n > tests/crash/released/0.3.0.json.gz

Written once, by the code of the release; never again. ``tests/crash/test_released_items.py`` has the code of today read
each of these items and finish what the release began, with the same result.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.business import Work, finance, into_staging
from local import engines
from tests.builders import actual, guid, proforma
from tests.faults import TRANSACTION, Killed, dying
from tests.harness import World

AT = "2026-08-31T13:00:00Z"
LATER = "2026-09-02T09:00:00Z"

LINES = 95
"""More than one page takes, so that a posting can be left between two."""


def begun(world: World) -> None:
    """Documents and rows in every state that a release leaves behind."""
    world.load(finance())
    posted, half, ready, waiting = (_billed(world, Work(n, name=name)) for n, name in _INVOICES)
    world.run("invoice_posting", proposal_id=posted.number, company="USPM")
    world.edit("edit", company="USPM", proposal_id=ready.number, due_date="2026-09-30")
    with dying(world.client, 1, applied=True, operation=TRANSACTION):
        _dies(lambda: world.run("invoice_posting", proposal_id=half.number, company="USPM"))
    into_staging(world, Work(LINES, name="drafts").worked)
    world.run("staging_import")
    with dying(world.client, 1, applied=True, operation=TRANSACTION):
        _dies(lambda: world.run("journal_posting"))
    into_staging(world, Work(3, name="queued").worked)
    world.deliver(
        actual("nowhere", project=None, row_version=1),
        actual("odd", currency="XXX", row_version=2),
        proforma(guid("early"), number="INV-early", total="0", row_version=3),
        *waiting.sales,
    )
    world.deliver(actual("misspelled", transaction_type="project_contract", row_version=4))
    world.run("staging_import")


_INVOICES = ((4, "posted"), (LINES, "half"), (4, "ready"), (4, "waiting"))


def _billed(world: World, work: Work) -> Work:
    into_staging(world, work.unbilled)
    world.run("staging_import")
    world.run("journal_posting")
    world.drain()
    world.deliver(work.header)
    if work.name != "waiting":
        into_staging(world, work.sales)
        world.run("staging_import")
    return work


def _dies(run: Callable[[], object]) -> None:
    try:
        run()
    except Killed:
        return
    raise AssertionError("it was to die between two transactions")


def finished(world: World) -> Any:
    """What is made of them: everything is imported and posted, and the result shown."""
    world.at = LATER
    world.run("staging_import")
    world.run("journal_posting")
    world.drain()
    world.run("staging_import")
    world.run("invoice_posting")
    world.drain()
    return json.loads(json.dumps(world.result(), default=str))


def items(world: World) -> dict[str, list[dict[str, Any]]]:
    """Everything in the tables, by the setting that names the table, in DynamoDB's form with bytes in base64."""
    return {
        setting: sorted(
            (_text(item) for item in _scanned(world, name)), key=lambda item: (item["pk"]["S"], item["sk"]["S"])
        )
        for setting, name in _tables(world).items()
    }


def put(world: World, stored: dict[str, list[dict[str, Any]]]) -> None:
    """Puts what ``items`` gave into empty tables."""
    names = _tables(world)
    for setting, found in stored.items():
        for item in found:
            world.client.put_item(TableName=names[setting], Item=_bytes(item))


def _tables(world: World) -> dict[str, str]:
    settings = {field: getattr(world.names, field) for field in type(world.names).__dataclass_fields__}
    return {name: value for name, value in settings.items() if name.endswith("_table")}


def _scanned(world: World, table: str) -> list[dict[str, Any]]:
    pages = world.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def _text(item: dict[str, Any]) -> dict[str, Any]:
    return {n: {"B": base64.b64encode(v["B"]).decode()} if "B" in v else v for n, v in item.items()}


def _bytes(item: dict[str, Any]) -> dict[str, Any]:
    return {n: {"B": base64.b64decode(v["B"])} if "B" in v else v for n, v in item.items()}


def main() -> None:
    with engines.running("moto"):
        world = World(AT)
        begun(world)
        left = items(world)
        json.dump({"items": left, "result": finished(world)}, sys.stdout, separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    main()
