"""Work without a contract: what it costs is posted by the profile that its project has (LED-49 to LED-51, IVP-02)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cases import cases
from tests.cases.cases import FILES, Result, one, played


def entries(result: Result) -> list[tuple[str, str, str, str]]:
    """Account, posting type, currency and amount of each voucher line."""
    (voucher,) = result["vouchers"]
    columns = ("account", "posting_type", "currency", "accounting_amount")
    return [tuple(line[name] for name in columns) for line in voucher["lines"]]


CAPITALIZED = [("160000", "wip_cost_value", "USD", "800.00"), ("600300", "payroll_allocation", "USD", "-800.00")]
EXPENSED = [("540100", "cost", "USD", "800.00"), ("600300", "payroll_allocation", "USD", "-800.00")]


def test_investment_project() -> None:
    result = played("investment-project")
    assert entries(result) == CAPITALIZED
    assert one(result, "journals")["status"] == "posted"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"profile": {"billing_method": "investment"}}, CAPITALIZED, id="IVP-02 a profile of the method investment"
        ),
        pytest.param({"profile": {"post_costs": {"time": "profit_and_loss"}}}, EXPENSED, id="time in profit and loss"),
        pytest.param(
            {"property": {"capitalize": False}}, EXPENSED, id="LED-60 a line property that does not capitalize"
        ),
        pytest.param({"rule": {"project": None, "project_group": "INV"}}, CAPITALIZED, id="the rule of its group"),
        pytest.param({"rule": {"project": "PRJ-1"}}, EXPENSED, id="LED-49 without a profile"),
        pytest.param({"use_profile": False}, EXPENSED, id="LED-49 where internal work stays in profit and loss"),
        pytest.param(
            {"use_profile": False, "profile": {"billing_method": "investment"}},
            CAPITALIZED,
            id="but for an investment",
        ),
    ],
)
def test_investment_project_set_up_otherwise(
    changes: dict[str, Any], expected: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FILES / "investment-project"
    setup = yaml.safe_load((folder / "setup.yaml").read_text())
    setup["profiles"]["INV"] |= changes.get("profile", {})
    setup["profile_rules"][0] |= changes.get("rule", {})
    setup["line_properties"]["NONE"] |= changes.get("property", {})
    setup["parameters"]["USPM"]["internal_projects_use_profile"] = changes.get("use_profile", True)
    (tmp_path / "changed").mkdir()
    (tmp_path / "changed" / "setup.yaml").write_text(yaml.safe_dump(setup))
    (tmp_path / "changed" / "events.jsonl").write_bytes((folder / "events.jsonl").read_bytes())
    monkeypatch.setattr(cases, "FILES", tmp_path)
    assert entries(played("changed")) == expected
