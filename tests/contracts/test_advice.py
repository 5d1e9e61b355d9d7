"""What to do about a reason stands in one table, and the README shows that table."""

from __future__ import annotations

import re

import pytest

from local import ROOT
from project_invoicing.domain import advice
from project_invoicing.domain.codes import BatchRefusal, PaymentRefusal, PostingFailure, RejectReason, WaitReason

TABLES = [
    (advice.WAITS, WaitReason, "waits"),
    (advice.REFUSALS, PostingFailure, "refused"),
    (advice.BATCHES, BatchRefusal, "batch refused"),
    (advice.PAYMENTS, PaymentRefusal, "payment refused"),
    (advice.REJECTIONS, RejectReason, "rejected"),
]


@pytest.mark.parametrize(
    ("table", "codes", "heading"), TABLES, ids=["waits", "refusals", "batches", "payments", "rejections"]
)
def test_every_reason_has_its_advice_and_the_readme_shows_it(table: dict[str, str], codes: type, heading: str) -> None:
    shown = (ROOT / "README.md").read_text("utf-8").partition(f"| {heading} | what to do |")[2].partition("\n\n")[0]

    assert set(table) == set(codes)  # type: ignore[call-overload]
    assert dict(re.findall(r"\| `(\w+)` \| (.+) \|", shown)) == table


def test_a_reason_means_one_thing() -> None:
    assert len({code for table, _, _ in TABLES for code in table}) == sum(len(table) for table, _, _ in TABLES)
    assert advice.what_to_do("customer_on_hold") == "release the customer"
