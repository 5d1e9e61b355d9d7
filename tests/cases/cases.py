"""Inputs that once came out wrong, each a folder in ``files`` with its set-up and events, run as a user runs them."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from local import run

FILES = Path(__file__).parent / "files"

Result = dict[str, Any]


def played(name: str, **options: Any) -> Result:
    """The result of the case with this name, through the whole stack in moto; ``options`` of ``local.run.Options``."""
    folder = FILES / name
    (setup,) = folder.glob("setup.*")
    done = run.run(run.Options(setup=setup, events=folder / "events.jsonl", **{"engine": "moto"} | options))
    assert not done.dead_letters
    found: Result = json.loads(json.dumps(done.result))
    return found


def balances(result: Result) -> dict[str, Decimal]:
    """The balance of each posting type in accounting currency, without those that are zero."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for voucher in result["vouchers"]:
        for line in voucher["lines"]:
            totals[line["posting_type"]] += Decimal(line["accounting_amount"])
    return {posting_type: total for posting_type, total in totals.items() if total}


def one(result: Result, kind: str, **columns: Any) -> Result:
    """The one entry of ``result[kind]`` that has these columns."""
    (found,) = [row for row in result[kind] if all(row[name] == value for name, value in columns.items())]
    return dict(found)
