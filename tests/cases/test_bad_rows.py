"""One bad row is one bad row: what is wrong with it is said of it, and its neighbours go on."""

from __future__ import annotations

import pytest

from tests.cases.cases import Result, played


def imported(result: Result) -> list[Result]:
    return [row for row in result["staging"] if row["state"] in ("imported", "posted")]


@pytest.mark.parametrize("case", ["date-year-1-stops-the-import", "date-year-9999-stops-the-import"])
def test_date_stops_the_import(case: str) -> None:
    result = played(case)
    (bad,) = result["rejected"]
    assert (bad["entity"], bad["reason"]) == ("msdyn_actual", "schema")
    assert "from 1900-01-01 to 2199-12-31" in bad["detail"]
    assert bad["id"] not in {row["actual_id"] for row in result["staging"]}
    assert len(imported(result)) == 1


def test_half_a_surrogate_pair() -> None:
    result = played("half-a-surrogate-pair")
    assert result["rejected"] == []
    assert len(imported(result)) == len(result["staging"]) == 2
    assert [row["note"] for row in result["staging"] if "note" in row] == [
        "a character that could not be read was replaced by U+FFFD"
    ]
