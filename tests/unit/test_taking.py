"""99-25: how many lines fit into a transaction."""

from __future__ import annotations

import pytest

from project_invoicing.use_cases.staging.taking import ROOM, fitting


@pytest.mark.parametrize(
    ("taking", "pages"),
    [
        pytest.param([True] * 100, [48, 48, 4], id="each takes something"),
        pytest.param([False] * 100, [90, 10], id="none does"),
        pytest.param([False] * 80 + [True] * 20, [88, 12], id="some do"),
        pytest.param([], [], id="none at all"),
    ],
)
def test_a_page_has_as_many_lines_as_their_writes_have_room_for(taking: list[bool], pages: list[int]) -> None:
    found = list(fitting(taking, 90, ROOM, lambda takes: "x" if takes else None))
    assert [len(page) for page in found] == pages
    assert [one for page in found for one in page] == taking
