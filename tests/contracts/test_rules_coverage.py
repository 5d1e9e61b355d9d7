"""Every case of the enforced groups of the rules is named by a test or says why not, and the document shows it."""

from __future__ import annotations

import pytest

from tools import rules_coverage
from tools.rules_coverage import DOCUMENT, Rules, coverage, document, named

GROUPS = {"JRN", "LED", "INV"}


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
        ("tests/rules/test_x.py::test_lines[99-10, VAT-20]", []),
    ],
)
def test_a_test_names_cases_at_the_beginning_of_its_name_and_in_its_parameters(node_id: str, cases: list[str]) -> None:
    assert list(named(node_id, GROUPS)) == cases
