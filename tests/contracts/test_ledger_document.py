"""``docs/ledger.md``: its generated part is what the formats are, and what it tells people to write is right."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Any

import pytest
import yaml

from local import ROOT
from project_invoicing.setup.problems import problems
from tests.setups import document
from tools.ledger_formats import DOCUMENT, with_section

TEXT = DOCUMENT.read_text("utf-8")
SNIPPETS = re.findall(r"(?:^ {4,}(?:parameters|ledger_formats):\n(?: {4,}.*\n)+)", TEXT, re.MULTILINE)


def test_the_columns_and_examples_do_not_drift() -> None:
    assert with_section(TEXT) == TEXT, "run: python -m tools.ledger_formats"


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_what_it_tells_people_to_write_is_a_right_set_up(snippet: str) -> None:
    given: dict[str, Any] = yaml.safe_load(dedent(snippet))
    of_company = [
        (f"parameters.USPM.{key}", value) for key, value in given.get("parameters", {}).get("USPM", {}).items()
    ]

    assert problems(document(*of_company, ledger_formats=given.get("ledger_formats", {}))) == []


def test_it_has_such_snippets_and_is_found_from_the_readme() -> None:
    assert len(SNIPPETS) == 2
    assert "docs/ledger.md" in (ROOT / "README.md").read_text("utf-8")
