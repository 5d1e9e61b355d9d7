"""The step that seals dies at every request, and is overtaken by another at every request: one chain, each entry once."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from benchmarks.business import Work, finance
from project_invoicing.domain.actor import person
from project_invoicing.domain.states import MapAction
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.seals import Seals
from project_invoicing.use_cases.audit import seal
from project_invoicing.use_cases.audit.tables import sealable
from project_invoicing.use_cases.audit.verify import Tables, verify
from tests.crash.death import Step
from tests.crash.stages import invoiced
from tests.harness import World

pytestmark = pytest.mark.engine


def sealing(world: World) -> None:
    world.schedule("audit_sealing")


@pytest.mark.slow
@pytest.mark.parametrize(("units", "entries"), [(seal.UNITS, seal.MOST_ENTRIES), (2, 1)])
def test_sealing_that_dies_anywhere_seals_everything_once(empty: World, units: int, entries: int) -> None:
    empty.load(finance())
    invoiced(empty, Work(lines=2))
    maps = MapStates(empty.client, empty.names.dataverse_table)
    maps.change("actuals", MapAction.PAUSE, None, empty.at, person("ann@contoso.example"))
    with patch.object(seal, "UNITS", units), patch.object(seal, "MOST_ENTRIES", entries):
        step = Step(empty, sealing, sealing)
        assert step.dies_at_every_request() > 0
        step.dies_after_every_transaction()
        step.hears_no_answer_at_first()
        step.is_overtaken_at_every_request()
    seals, tables = Seals(empty.client, empty.names.audit_table), sealable(empty.client, empty.names)
    report = verify(Tables(seals, tables), empty.at)
    assert (report["ok"], report["waiting"], report["entries"]) == (True, 0, 5)
