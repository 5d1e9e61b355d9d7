"""The codes of reasons are the same wherever they are listed."""

from __future__ import annotations

import re
from enum import StrEnum

import pytest

from local import ROOT
from project_invoicing.domain.advice import WAITS
from project_invoicing.domain.codes import (
    SET_UP_REASONS,
    BatchRefusal,
    PaymentRefusal,
    PostingFailure,
    PostingType,
    RejectReason,
    WaitReason,
)
from project_invoicing.setup.document import SetupDocument

CONTRACT = (ROOT / "docs" / "contracts.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("beginning", "codes"),
    [
        ("Posting types", PostingType),
        ("Reasons a row or a proposal waits", WaitReason),
        ("Reasons a posting fails", PostingFailure),
        ("Reasons a ledger batch waits, is not delivered, or an answer changes nothing", BatchRefusal),
        ("Reasons a payment counts nowhere", PaymentRefusal),
        ("Reasons a row is rejected", RejectReason),
    ],
)
def test_the_contract_lists_the_codes(beginning: str, codes: type[StrEnum]) -> None:
    (line,) = re.findall(rf"^- {beginning}: (.+)\.$", CONTRACT, re.MULTILINE)
    listed = re.sub(r" \([^)]*\)", "", line).split(", ")
    assert sorted(listed) == sorted(codes)


def test_what_the_set_up_can_end_is_looked_at_when_the_set_up_changes() -> None:
    """A reason whose advice names a part of the set-up is one that a new version of it can resolve."""
    parts = set(SetupDocument.columns())
    advised = {reason for reason, advice in WAITS.items() if parts & set(re.findall(r"`(\w+)`", advice))}
    assert advised, "the advice names no part of the set-up any more: the check would be empty"
    assert advised <= SET_UP_REASONS
