"""Whole runs of the stack, with every kind of document, sealed and verified at their end."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from local import ROOT, result, run
from project_invoicing.config import Settings
from project_invoicing.store.seals import Seals
from project_invoicing.use_cases.audit.seal import Sealing
from project_invoicing.use_cases.audit.tables import sealable
from project_invoicing.use_cases.audit.verify import Tables, verify
from tests.scenario_samples import options_of
from tests.thorough import thorough

SCENARIOS = [folder for folder in sorted((ROOT / "events" / "scenarios").iterdir()) if folder.name != "quarter"]
"""``tests/scenarios/test_quarter.py`` seals the quarter."""


@pytest.mark.parametrize("scenario", thorough(SCENARIOS[-2:], SCENARIOS), ids=lambda folder: str(folder.name))
def test_what_a_scenario_posts_is_sealed_whole(scenario: Any) -> None:
    reports: list[dict[str, Any]] = []
    build = result.build

    def sealed(client: Any, names: Settings, at: str, *more: Any) -> result.Result:
        seals, tables = Seals(client, names.audit_table), sealable(client, names)
        Sealing(seals, tables, None, at).run()
        reports.append(verify(Tables(seals, tables), at))
        return build(client, names, at, *more)

    with patch.object(result, "build", sealed):
        made = run.run(options_of(scenario, engine="moto")).result
    report = reports[-1]
    assert (report["ok"], report["waiting"], report["first"]) == (True, 0, None)
    assert report["posted"] >= len(made["invoices"])
    assert report["entries"] >= len(made["invoices"])
