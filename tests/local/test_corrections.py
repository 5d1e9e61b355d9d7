"""A scenario that corrects accrued revenue, in the words of its lines."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from pytest_socket import enable_socket

from local import run
from tests.builders import to_json
from tests.rules.finance import finance
from tests.rules.stories import sale
from tests.rules.test_accrued_revenue import ACCRUED_BY_FIXED, FIXED, OF, invoiced_before_its_journal


@pytest.fixture(autouse=True)
def _loopback() -> None:
    enable_socket()


def test_a_scenario_corrects_accrued_revenue_whatever_the_order(tmp_path: Path) -> None:
    document = finance(ACCRUED_BY_FIXED)
    (tmp_path / "setup.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    bills_first = [to_json(message) for message in invoiced_before_its_journal("one")]
    steps = [
        *({"at": "2026-08-31T12:00:00Z", "dataverse": json.loads(one)} for one in bills_first),
        {"at": "2026-08-31T12:10:00Z", "run": "staging_import"},
        {"at": "2026-08-31T12:11:00Z", "run": "invoice_posting"},
        {"at": "2026-08-31T12:20:00Z", "dataverse": json.loads(to_json(sale("one/unbilled", **FIXED)))},
        {"at": "2026-08-31T12:30:00Z", "run": "staging_import"},
        {"at": "2026-08-31T12:31:00Z", "run": "journal_posting"},
        {"at": "2026-08-31T13:00:00Z", "create_accrual_journal": {**OF, "voucher_date": "2026-08-31"}},
        {"at": "2026-08-31T13:01:00Z", "post_accrual_journal": {**OF, "journal_id": "ARJ-000001"}},
    ]
    events = tmp_path / "events.jsonl"
    events.write_text("".join(json.dumps(step) + "\n" for step in steps), encoding="utf-8")
    options = run.Options(setup=tmp_path / "setup.yaml", events=events, engine="moto", duplicate=2)
    vouchers = run.run(options).result["vouchers"]
    assert [voucher["voucher"] for voucher in vouchers if voucher["voucher"].startswith("ARV")] == ["ARV-00000001"]
    sums: dict[str, Decimal] = {}
    for line in (line for voucher in vouchers for line in voucher["lines"]):
        sums[line["account"]] = sums.get(line["account"], Decimal(0)) + Decimal(line["accounting_amount"])
    assert {account: str(sums[account]) for account in ("161300", "420200")} == {"161300": "0.00", "420200": "0.00"}
