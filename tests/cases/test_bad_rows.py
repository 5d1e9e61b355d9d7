"""One bad row is one bad row: what is wrong with it is said of it, and its neighbours go on."""

from __future__ import annotations

from tests.cases.cases import Result, played


def imported(result: Result) -> list[Result]:
    return [row for row in result["staging"] if row["state"] in ("imported", "posted")]


def stops_nobody(result: Result) -> None:
    """The row with the date is rejected with what to do, the other one is imported."""
    (bad,) = result["rejected"]
    assert (bad["entity"], bad["reason"]) == ("msdyn_actual", "schema")
    assert "from 1900-01-01 to 2199-12-31" in bad["detail"]
    assert bad["id"] not in {row["actual_id"] for row in result["staging"]}
    assert len(imported(result)) == 1


def test_date_year_1_stops_the_import() -> None:
    stops_nobody(played("date-year-1-stops-the-import"))


def test_date_year_9999_stops_the_import() -> None:
    stops_nobody(played("date-year-9999-stops-the-import"))


def test_half_a_surrogate_pair() -> None:
    result = played("half-a-surrogate-pair")
    assert result["rejected"] == []
    assert len(imported(result)) == len(result["staging"]) == 2
    assert [row["note"] for row in result["staging"] if "note" in row] == [
        "a character that could not be read was replaced by U+FFFD"
    ]
