"""Texts of others on a terminal: neither their control characters nor their brackets mean anything there."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from operate.answers import show_explanations, show_reconciliation, show_rows
from operate.terminal import printable

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202ered [bold]x[/bold] [/] [link=http://evil]c[/link]"
SHOWN = "[bold]x[/bold] [/] [link=http://evil]c[/link]"


def printed(show: object, *arguments: object) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=300, color_system=None)
    show(console, *arguments)  # type: ignore[operator]
    return out.getvalue()


EXPLAINED = {
    "kind": "actual",
    "id": EVIL,
    "company": EVIL,
    "headline": EVIL,
    "facts": {"description": EVIL},
    "history": [{"at": None, "what": EVIL}],
    "waits_for": [],
    "linked": [],
    "voucher_lines": [],
    "next": [EVIL],
    "left_out": {},
}
CHECK = {"title": "a check", "differences": 1, "checked": True, "counts": {}, "amounts": {}, "not_checked": None}
FOUND = {"entity": "msdyn_actual", "id": EVIL, "amount": None, "currency": None, "detail": EVIL}


@pytest.mark.parametrize(
    ("show", "arguments"),
    [
        (show_rows, ("Rejected", [{"detail": EVIL, "id": "x"}])),
        (show_explanations, ({"id": EVIL, "found": [EXPLAINED], "looked_in": [], "next": []},)),
        (show_explanations, ({"id": EVIL, "found": [], "looked_in": [EVIL], "next": [EVIL]},)),
        (
            show_reconciliation,
            (
                {
                    "at": "x",
                    "complete": True,
                    "differences": 1,
                    "staged": [],
                    "checks": [CHECK | {"found": [FOUND], "more": 0}],
                },
            ),
        ),
    ],
    ids=["rows", "explained", "not found", "reconciliation"],
)
def test_texts_are_shown_and_nothing_in_them_is_obeyed(show: object, arguments: tuple[object, ...]) -> None:
    text = printed(show, *arguments)
    assert SHOWN in text
    assert not {"\x07", "\x9b", "\u202e"} & set(text)
    assert "\x1b]0;" not in text
    assert "\x1b[2J" not in text


def test_a_text_stays_on_its_line() -> None:
    assert printable("a\r\n\tb\x00c\ud83dd") == "a b\ufffdc\ufffdd"


def test_each_value_of_a_row_stands_under_its_name_whatever_other_rows_have() -> None:
    rows = [{"file": "a.exe", "outcome": "refused"}, {"file": "b.pdf", "key": "K", "names": ["x", "y"]}]
    lines = [line for line in printed(show_rows, "Attached", rows).splitlines() if line.strip()]
    head, second = lines[1], lines[-1]
    assert second.index("K") == head.index("key")
    assert second[head.index("names") :].strip() == "x, y"
