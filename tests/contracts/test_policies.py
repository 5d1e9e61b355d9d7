"""Each function's role allows what the function does in the scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import ROOT, run
from tests import policies

SCENARIOS = sorted((ROOT / "events" / "scenarios").iterdir())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda folder: str(folder.name))
def test_a_function_does_only_what_its_role_allows(scenario: Path) -> None:
    with policies.enforced() as noted:
        run.run(run.Options(setup=scenario / "setup.yaml", events=scenario / "events.jsonl", engine="moto"))

    assert noted
