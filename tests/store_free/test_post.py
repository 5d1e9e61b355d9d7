"""POST: what a line fails for, which lines are posted and which move, and when the schedule posts a journal at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import JournalStatus, StagingState
from project_invoicing.domain.journal import Journal, JournalPage, refusals
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.refusals import Refusal
from project_invoicing.rules.journal_posting import JudgedPage, PostedLine, by_transaction
from project_invoicing.rules.review import review_ends, who_posts
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import guid
from tests.rules.finance import accounts_without, finance
from tests.rules.stories import FIXED_RATE
from tests.store_free.journalising import (
    CONTOSO,
    EXPENSE,
    a_row,
    as_posted,
    cost,
    entries,
    judged,
    line,
    looked_up,
    posted,
    sale,
)

JOURNAL = Journal("USPM", "USPM-000001", JournalStatus.DRAFT, "all", 3, 4)


@pytest.mark.parametrize(
    ("document", "error"),
    [
        pytest.param(
            finance(ledger_posting=accounts_without("payroll_allocation")),
            "ledger_account_missing: ledger_posting.USPM has no account for posting type payroll_allocation "
            "(project PRJ-1, category Labor)",
            id="account",
        ),
        pytest.param(
            finance(profile_rules=[{"company": "USPM", "profile": "FP"}]),
            "profile_missing: no profile rule for time_and_material matches project PRJ-1 of contract CTR-1 in USPM",
            id="LED-42 profile",
        ),
        pytest.param(
            finance(fiscal_periods={}),
            "period_closed: no open fiscal period was found in or after the specified accounting date 2026-08-27",
            id="JRN-10 period",
        ),
        pytest.param(
            finance(account_structures={"USPM": [{"account": "540100", "required": ["Branch"]}]}),
            "dimension_invalid: account 540100 needs dimension Branch",
            id="DIM-14 dimension",
        ),
    ],
)
def test_post_10_post_11_a_line_that_cannot_be_posted_says_what_is_missing(document: Any, error: str) -> None:
    one = posted(cost(), looked_up(document))
    assert one == PostedLine(replace(line(cost(), looked_up(document)), error=error))


def test_post_04_a_line_that_failed_once_is_posted_without_its_error() -> None:
    one = judged(replace(line(cost()), error="period_closed: not any more"), CONTOSO)
    assert (one.line.error, one.line.accounting_amount) == (None, Decimal("800.00"))


def test_post_12_a_posted_line_has_its_amount_in_accounting_currency() -> None:
    one = posted(sale("4", "250", **FIXED_RATE))
    assert (one.line.accounting_amount, one.line.rate.multiplier) == (Decimal("1250.00"), Decimal("1.25"))
    assert one.voucher
    assert (one.voucher.voucher, one.voucher.source_id) == ("PV-00000001", "USPM-000001")


def test_post_13_a_sale_that_does_not_accrue_is_posted_without_a_ledger_entry() -> None:
    """99-24: the number of its line is not used, and nothing names it."""
    one = posted(sale(), looked_up(finance(accrual=False)))
    assert (one.line.error, one.voucher, one.accrual, one.line.in_ledger) == (None, None, None, False)
    assert one.line.accounting_amount == Decimal("1600.00")


def test_post_15_an_account_that_is_not_posted_to_may_lack_a_dimension() -> None:
    structures = {"USPM": [{"account": "161300", "required": ["CostCenter"]}]}
    assert posted(sale(), looked_up(finance(accrual=False, account_structures=structures))).line.error is None
    assert posted(sale(), looked_up(finance(account_structures=structures))).line.error


def test_only_a_posted_original_decides_where_its_reversal_goes() -> None:
    """One that is not posted yet has put nothing anywhere: the set-up of the day decides."""
    original = replace(as_posted(cost(name="first")), state=StagingState.IMPORTED, cost_accounts={})
    assert len(entries(posted(cost("-8", name="back"), CONTOSO, original))) == 2
    assert entries(posted(cost("-8", name="back"), CONTOSO, replace(original, state=StagingState.POSTED))) == []


# --- pages ------------------------------------------------------------------------------------------------------------


def page(number: int, *names: str, failing: str = "") -> JudgedPage:
    lines = [replace(line(cost(name=name)), line_number=number + n) for n, name in enumerate(names)]
    made = [
        PostedLine(replace(one, error="defect: x") if name == failing else one)
        for one, name in zip(lines, names, strict=True)
    ]
    return JudgedPage(JournalPage(f"L#{number:08d}", lines, posted=False, version=1), made)


def test_post_03_of_a_page_the_good_lines_are_posted_and_the_bad_ones_move() -> None:
    one = page(1, "good", "bad", "also good", failing="bad")
    assert [found.line.actual_id for found in one.posted] == [guid("good"), guid("also good")]
    assert [found.actual_id for found in one.failing] == [guid("bad")]


def test_post_01_pages_are_posted_in_transactions_that_have_room_for_them() -> None:
    """Each page is a write for every row, its own, and one for where its failing lines go."""
    three = [page(1, "a", "b"), page(3, "c", "d"), page(5, "e", "f")]
    assert [len(some) for some in by_transaction(three, 12)] == [3]
    assert [len(some) for some in by_transaction(three, 11)] == [2, 1]
    assert [len(some) for some in by_transaction(three, 4)] == [1, 1, 1]
    assert [len(some) for some in by_transaction(three, 1)] == [1, 1, 1]  # a page is never divided
    assert by_transaction([], 12) == [[]]  # one that finishes the journal


def failed(name: str, error: str | None) -> JournalLine:
    return replace(line(cost(name=name)), error=error)


def test_post_11_a_refusal_for_each_reason_names_the_first_line_and_how_many_more() -> None:
    lines = [
        failed("one", "period_closed: no open period"),
        failed("good", None),
        failed("two", "period_closed: no open period either"),
        failed("three", "profile_missing: none: at all"),
    ]
    assert refusals(JOURNAL, lines) == [
        Refusal("USPM", "USPM-000001", "period_closed", f"actual {guid('one')}: no open period, and 1 more"),
        Refusal("USPM", "USPM-000001", "profile_missing", f"actual {guid('three')}: none: at all"),
    ]


# --- review -----------------------------------------------------------------------------------------------------------


def reviewed(**parameters: Any) -> FinanceSetup:
    return looked_up(finance(*((f"parameters.USPM.{name}", value) for name, value in parameters.items())))


BY_HAND = reviewed(auto_post_journals=False)
TWELVE_HOURS = reviewed(post_after_hours=12)
CHANGED = replace(JOURNAL, changed_at="2026-08-27T16:00:00Z")
ALWAYS = datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("journal", "setup", "ends"),
    [
        pytest.param(CHANGED, CONTOSO, ALWAYS, id="nothing is reviewed"),
        pytest.param(CHANGED, BY_HAND, None, id="by hand"),
        pytest.param(CHANGED, TWELVE_HOURS, datetime(2026, 8, 28, 4, tzinfo=UTC), id="after hours"),
        pytest.param(JOURNAL, TWELVE_HOURS, ALWAYS, id="made before times were kept"),
        pytest.param(replace(CHANGED, status=JournalStatus.PROCESSING), BY_HAND, ALWAYS, id="begun"),
    ],
)
def test_when_the_schedule_posts_a_journal(journal: Journal, setup: FinanceSetup, ends: datetime | None) -> None:
    assert review_ends(journal, setup) == ends


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        pytest.param(CONTOSO, "journal_posting does it by its schedule", id="schedule"),
        pytest.param(BY_HAND, "it is posted when a person calls journal_posting", id="person"),
        pytest.param(
            TWELVE_HOURS, "from 2026-08-28T04:00:00Z on (post_after_hours), or at once when a person", id="hours"
        ),
    ],
)
def test_who_posts_a_draft_is_said_to_whoever_asks(setup: FinanceSetup, said: str) -> None:
    assert said in who_posts(CHANGED, setup)


def test_a_row_before_its_import_takes_nothing_back() -> None:
    assert (a_row(cost(**EXPENSE)).takes, a_row(cost("-8"), a_row(cost(name="first"))).takes) == (None, guid("first"))
