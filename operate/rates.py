"""Exchange rates of a stack, deployed or local, as rows: ``invoicing rates``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from operate.documents import read_text
from operate.invalid_input import InvalidInput, unknown
from operate.stack_tables import named
from project_invoicing.domain.actor import person
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.master_data import RateKey, Rates
from project_invoicing.errors import Rejected
from project_invoicing.setup.indexes.currencies import RATE_TYPE
from project_invoicing.store import client, setups
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.rates import ExchangeRates
from project_invoicing.use_cases.master_data.load_rates import store_rates
from project_invoicing.use_cases.master_data.rate_file import rates_in

Json = dict[str, Any]


def load(path: Path, stack_prefix: str | None, actor: str | None = None) -> Json:
    """``{"pairs", "days", "changed"}``. Raises ``InvalidInput`` with every line that is wrong, and writes nothing then.

    A currency that the set-up does not have is wrong: no document can be in it.
    """
    tables = named(stack_prefix, "setup", "master_data")
    dynamodb = client.dynamodb()
    try:
        found = rates_in(read_text(path))
    except Rejected as rejected:
        problems = [_placed(path, problem) for problem in rejected.detail.splitlines()]
        raise InvalidInput(problems) from None
    currencies = setups.current(dynamodb, tables.setup_table).document.currencies
    named_codes = dict.fromkeys(code for pair in found for code in (pair.from_, pair.to))
    if wrong := [code for code in named_codes if code not in currencies]:
        raise InvalidInput([f"{path}: {unknown('currency', code, 'currency', currencies)}" for code in wrong])
    rates, at = ExchangeRates(dynamodb, tables.master_data_table), utc_text(datetime.now(UTC))
    return store_rates(rates, found, at, person(actor))


def show(from_: str, to: str, type_: str | None, stack_prefix: str | None) -> list[Json]:
    """The rates of a pair by day, the last first: ``[{"valid_from", "rate", "factor"}]``."""
    tables = named(stack_prefix, "master_data")
    key = RateKey(type_ or RATE_TYPE, from_, to)
    found = MasterData(client.dynamodb(), tables.master_data_table).read([key])[key]
    days = found.days if isinstance(found, Rates) else ()
    return [
        {"valid_from": day.isoformat(), "rate": f"{one.rate:f}", "factor": f"{one.factor:f}"}
        for day, one in sorted(days, reverse=True)
    ]


def _placed(path: Path, problem: str) -> str:
    """``line 3: …`` as ``FILE:3: …``, as everywhere."""
    first, colon, rest = problem.partition(": ")
    if colon and first.startswith("line ") and first[5:].isdigit():
        return f"{path}:{first[5:]}: {rest}"
    return f"{path}: {problem}"
