"""The step that seals dies, and is overtaken by another, at every request: one chain, and each entry in it once."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from project_invoicing.domain.actor import person
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.store import history
from project_invoicing.store.seals import Seals
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.audit import seal
from project_invoicing.use_cases.audit.tables import sealable
from project_invoicing.use_cases.audit.verify import Tables, verify
from tests.audit.stack import book
from tests.crash.death import Step
from tests.harness import World
from tests.thorough import thorough

pytestmark = pytest.mark.engine


ALL_AT_ONCE, MANY_SEALS = (seal.UNITS, seal.MOST_ENTRIES), (2, 1)
CASES = thorough([ALL_AT_ONCE], [ALL_AT_ONCE, MANY_SEALS])


def sealing(world: World) -> None:
    world.schedule("audit_sealing")


@pytest.mark.slow
@pytest.mark.parametrize(("units", "entries"), CASES)
def test_sealing_that_dies_anywhere_seals_everything_once(empty: World, units: int, entries: int) -> None:
    book(empty, "one")
    of_no_company = HistoryEntry(empty.at, person("ann@contoso.example"), Done.EDITED)
    transact(empty.client, [history.entry(empty.names.master_data_table, "ROW#project#1", of_no_company)])
    with patch.object(seal, "UNITS", units), patch.object(seal, "MOST_ENTRIES", entries):
        step = Step(empty, sealing, sealing)
        assert step.dies_at_every_request() > 0
        step.hears_no_answer_at_first()
        if thorough(few=False, many=True):
            step.dies_after_every_transaction()
            step.is_overtaken_at_every_request()
    seals, tables = Seals(empty.client, empty.names.audit_table), sealable(empty.client, empty.names)
    report = verify(Tables(seals, tables), empty.at)
    assert (report["ok"], report["waiting"], report["entries"]) == (True, 0, 5)
