"""NUM-01, 99-28: which number may come after which."""

from __future__ import annotations

import pytest

from project_invoicing.rules.proposal_numbers import needs_order, out_of_order
from project_invoicing.setup.models.numbers import ProposalNumbers

SETTING = "number_sequences.USPM.proposal"
NOTHING_ELSE = ProposalNumbers(allow_lower=False, allow_higher=False)
LOWER = ProposalNumbers(allow_lower=True, allow_higher=False)
HIGHER = ProposalNumbers(allow_lower=False, allow_higher=True)


def refused(number: str, last: str | None, rule: ProposalNumbers) -> str | None:
    return out_of_order(number, last, rule, "USPM")


@pytest.mark.parametrize(
    ("rule", "number", "told"),
    [
        (NOTHING_ELSE, "INV-0006", None),
        (NOTHING_ELSE, "INV-0005", "set allow_lower"),
        (NOTHING_ELSE, "INV-0007", "set allow_higher"),
        (HIGHER, "INV-0004", "set allow_lower"),
        (HIGHER, "INV-0007", None),
        (LOWER, "INV-0007", "set allow_higher"),
        (LOWER, "INV-0004", None),
    ],
)
def test_num_01_a_sequence_that_forbids_it_takes_no_number_out_of_order(
    rule: ProposalNumbers, number: str, told: str | None
) -> None:
    found = refused(number, "INV-0005", rule)
    assert found == (f"number {number} comes after INV-0005, which {SETTING} does not allow; {told}" if told else None)


@pytest.mark.parametrize("number", ["INV-0009", "7"])
def test_num_01_the_first_number_may_be_any_with_digits(number: str) -> None:
    assert refused(number, None, NOTHING_ELSE) is None


def test_num_01_a_number_without_digits_cannot_be_ordered() -> None:
    told = (
        f"number AUGUST has no digits, which {SETTING} needs; correct its format, or set allow_lower and allow_higher"
    )
    assert refused("AUGUST", "INV-0005", NOTHING_ELSE) == told


def test_prop_05_new_10_a_sequence_that_allows_lower_and_higher_numbers_needs_no_order() -> None:
    """Proposals that are not Dataverse's may draw from it, too."""
    assert not needs_order(ProposalNumbers())
    assert all(needs_order(rule) for rule in (NOTHING_ELSE, LOWER, HIGHER))


@pytest.mark.parametrize(
    ("number", "lower", "told"),
    [
        pytest.param("INV-01001-B2M5Q1", False, None, id="the next one"),
        pytest.param("INV-01002-B2M5Q1", False, "set allow_higher", id="the one after it"),
        pytest.param("INV-00999-B2M5Q1", False, "set allow_lower", id="the one before"),
        pytest.param("PF-1", False, "is not of the form INV-#####-??????", id="another form"),
        pytest.param("PF-1", True, "is not of the form INV-#####-??????", id="another form with lower ones"),
    ],
)
def test_99_28_a_numbers_counter_is_where_the_format_has_it(number: str, lower: bool, told: str | None) -> None:
    rule = ProposalNumbers(allow_lower=lower, allow_higher=False, format="INV-#####-??????")
    found = refused(number, "INV-01000-K7R9T4", rule)
    assert (found is None) == (told is None)
    assert (told or "") in (found or "")


def test_99_28_without_a_format_the_counter_is_what_dataverse_counts() -> None:
    assert refused("INV-01001-B2M5Q1", "INV-01000-K7R9T4", NOTHING_ELSE) is None
    assert "set allow_higher" in str(refused("INV-01002-B2M5Q1", "INV-01000-K7R9T4", NOTHING_ELSE))
