"""A backlog of ten thousand documents is sealed and verified, in time and in little memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from project_invoicing.store.seals import Seals
from project_invoicing.use_cases.audit.seal import Sealing
from project_invoicing.use_cases.audit.tables import sealable
from project_invoicing.use_cases.audit.verify import Tables, verify
from tests.audit.stack import book
from tests.harness import World
from tests.large import empty, only_this_machine, stack
from tests.posted import put, scanned
from tests.thorough import thorough

__all__ = ["empty", "only_this_machine", "stack"]

pytestmark = [pytest.mark.engine, pytest.mark.large]

DOCUMENTS = thorough(500, 10_000)
SECONDS_A_DOCUMENT = 0.02


def copies(world: World, table: str, name: str) -> Iterator[dict[str, Any]]:
    """What a document called ``name`` has in a table, for each of the others."""
    found = [item for item in scanned(world, table) if "JOURNAL#" in item["pk"]]
    for n in range(DOCUMENTS - 1):
        for item in found:
            yield item | {"pk": item["pk"].replace(name, f"{n:06d}")}


def test_a_backlog_is_sealed_and_verified(empty: World) -> None:
    names = empty.names
    book(empty, "name")
    for table in (names.journals_table, names.ledger_table):
        put(empty, table, copies(empty, table, "name"))
    seals, tables = Seals(empty.client, names.audit_table), sealable(empty.client, names)
    begun = time.perf_counter()
    made = Sealing(seals, tables, None, empty.at).run()
    sealed = time.perf_counter()
    report = verify(Tables(seals, tables), empty.at)
    verified = time.perf_counter()
    print(f"{DOCUMENTS} documents: sealed in {sealed - begun:.1f} s, verified in {verified - sealed:.1f} s")  # noqa: T201 - the figure
    assert (report["ok"], report["waiting"], report["entries"]) == (True, 0, made["entries"])
    assert report["posted"] == DOCUMENTS + 1
    assert verified - begun < DOCUMENTS * SECONDS_A_DOCUMENT + 5
