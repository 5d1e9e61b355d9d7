"""What the commands print of vouchers that move what is posted, and of what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from operate.found import Document
from operate.outcomes import Outcome, refused, unknown
from operate.terminal import printable

_REFUSED: Final = "refused: "


def refusals(kind: str, company: str, answer: Mapping[str, Any]) -> list[Outcome]:
    """A row for each actual that was refused; one for a request that could not be read."""
    rows = [
        refused(Document(kind, one["company"] or company, one["document"] or ""), one["reason"], one["detail"])
        for one in answer.get("refused", ())
    ]
    outcome = str(answer.get("outcome", ""))
    if not rows and outcome.startswith(_REFUSED):
        return [unknown(kind, "", company, outcome.removeprefix(_REFUSED))]
    return rows


def debit_and_credit(actual_id: str, voucher: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of a voucher as rows of a table."""
    return [_line(actual_id, one) for one in voucher["lines"]]


def _line(actual_id: str, one: Mapping[str, Any]) -> dict[str, Any]:
    credit = str(one["amount"]).startswith("-")
    amount = f"{str(one['amount']).removeprefix('-')} {one['currency']}"
    return {
        "actual": actual_id,
        "account": one["account"],
        "posting type": one["posting_type"],
        "debit": "" if credit else amount,
        "credit": amount if credit else "",
        "dimensions": printable(", ".join(f"{name}={value}" for name, value in one["dimensions"].items())),
    }
