"""Every rule is explained, every id that is cited is a rule, and those of enforced groups are held by tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import rules_coverage
from tools.decisions import decisions
from tools.rules_coverage import DOCUMENT, ROOT, RULES, Case, Rules, coverage, document, named

GROUPS = {"JRN", "LED", "INV", "99"}
SHORTEST = 30
"""Characters of a sentence that states a rule."""
ARTICLE = re.compile(r"https://learn\.microsoft\.com/[a-z0-9/()=.-]+")
TEXTS = {".py", ".md", ".yaml", ".toml"}
"""What cites rules: code, tests, documents, the template. Not data."""


@pytest.fixture(scope="module")
def rules() -> Rules:
    return rules_coverage.read()


@pytest.fixture(scope="module")
def covered(rules: Rules) -> dict[str, list[str]]:
    return coverage(rules, rules_coverage.collected())


def test_every_enforced_case_is_named_by_a_test_or_has_a_reason(rules: Rules, covered: dict[str, list[str]]) -> None:
    assert rules.open(covered) == [], "name them in tests, or give a reason in docs/rules.yaml"


def test_tests_name_only_cases_that_exist(rules: Rules, covered: dict[str, list[str]]) -> None:
    assert {case: files for case, files in covered.items() if case not in rules.cases} == {}


def test_reasons_are_for_cases_that_exist_and_that_no_test_names(rules: Rules, covered: dict[str, list[str]]) -> None:
    assert rules.reasons.keys() - rules.cases == set()
    assert rules.reasons.keys() & covered.keys() == set()


def test_cases_stand_in_their_group_and_enforced_groups_exist(rules: Rules) -> None:
    for group in rules.groups:
        assert [case.partition("-")[0] for case in group.cases] == [group.name] * len(group.cases)
    assert set(rules.enforced) <= {group.name for group in rules.groups}


def test_every_case_has_a_sentence_of_its_own(rules: Rules) -> None:
    sentences = {name: case.rule for name, case in _cases(rules).items()}
    no_sentence = [
        name
        for name, rule in sentences.items()
        if len(rule) < SHORTEST or rule[0].islower() or not rule.endswith(".") or ". " in rule
    ]
    assert no_sentence == []
    assert len(set(sentences.values())) == len(sentences)


def test_every_case_says_where_it_comes_from(rules: Rules) -> None:
    """An article by its full address, other rules that exist, or a decision of ours; nothing else and nothing twice."""
    ours = {"our decision"} | {f"our decision ({decision.number})" for decision in decisions()}
    unclear = {
        name: source
        for name, case in _cases(rules).items()
        for source in case.sources or ("",)
        if not (source in ours or _is_known(source, rules.cases)) or case.sources.count(source) > 1
    }
    assert unclear == {}


def _is_known(source: str, cases: set[str]) -> bool:
    if source.startswith("follows from "):
        return set(source.removeprefix("follows from ").split(", ")) <= cases
    return ARTICLE.fullmatch(source) is not None


def _cases(rules: Rules) -> dict[str, Case]:
    return {name: case for group in rules.groups for name, case in group.cases.items()}


def test_every_id_that_is_cited_is_a_rule(rules: Rules) -> None:
    """In code, tests, documents and the template; `rg ID docs/rules.yaml` explains each."""
    ids = re.compile(rf"\b(?:{'|'.join(group.name for group in rules.groups)})-\d\d\b")
    unknown = {
        (str(path.relative_to(ROOT)), name)
        for path in _texts()
        for name in ids.findall(path.read_text("utf-8"))
        if name not in rules.cases
    }
    assert unknown == set()


def test_ids_are_looked_for_where_they_are_cited() -> None:
    looked_at = {path.relative_to(ROOT).parts[0] for path in _texts()}
    assert looked_at >= {"layers", "functions", "local", "tools", "tests", "docs", "template.yaml", "README.md"}


def _texts() -> Iterator[Path]:
    """Of the repository, without hidden folders and the rules themselves."""
    for top in ROOT.iterdir():
        if not top.name.startswith("."):
            files = top.rglob("*") if top.is_dir() else [top]
            yield from (path for path in files if path.suffix in TEXTS and path.is_file() and path != RULES)


def test_the_document_does_not_drift(rules: Rules, covered: dict[str, list[str]]) -> None:
    shown = DOCUMENT.read_text("utf-8")
    assert shown == document(rules, covered), "run: python -m tools.rules_coverage > docs/rules-coverage.md"


@pytest.mark.parametrize(
    ("node_id", "cases"),
    [
        ("tests/rules/test_x.py::test_led_58_led_59_the_project_decides", ["LED-58", "LED-59"]),
        ("tests/rules/test_x.py::test_jrn_05", ["JRN-05"]),
        ("tests/rules/test_x.py::test_of_jrn_05_nothing_is_said", []),
        ("tests/rules/test_x.py::test_lines[JRN-01]", ["JRN-01"]),
        ("tests/rules/test_x.py::test_lines[time, LED-03 to LED-05-True]", ["LED-03", "LED-04", "LED-05"]),
        ("tests/rules/test_x.py::test_lines[LED-08 to 10]", ["LED-08", "LED-09", "LED-10"]),
        ("tests/rules/test_x.py::test_invoice[INV-0001]", []),
        ("tests/rules/test_x.py::test_lines[VAT-20]", []),
        ("tests/rules/test_x.py::test_lines[99-10, VAT-20]", ["99-10"]),
        ("tests/rules/test_x.py::test_led_58_99_22_a_line_that_continues_another", ["LED-58", "99-22"]),
        ("tests/rules/test_x.py::test_dates[2099-10-01]", []),
    ],
)
def test_a_test_names_cases_at_the_beginning_of_its_name_and_in_its_parameters(node_id: str, cases: list[str]) -> None:
    assert list(named(node_id, GROUPS)) == cases
