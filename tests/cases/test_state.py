"""Rows that Dataverse has deactivated or canceled (99-27)."""

from __future__ import annotations

from tests.cases.cases import one, played


def test_inactive_actual_and_cancelled_proforma() -> None:
    result = played("inactive-actual-and-cancelled-proforma")

    assert result["journals"] == result["proposals"] == []
    row = one(result, "staging")
    assert (row["state"], row["reason"], row["company"]) == ("pending", "inactive", "USPM")
