"""Numbers of proposals as Dataverse makes them (99-28)."""

from __future__ import annotations

from tests.cases.cases import played


def test_proposal_number_with_a_suffix() -> None:
    result = played("proposal-number-with-a-suffix")

    assert result["rejected"] == []
    assert [proposal["proposal_id"].split("-")[1] for proposal in result["proposals"]] == ["01000", "01001"]
