"""STG-12, STG-13: a row waits its minutes before Dataverse is asked for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from project_invoicing.domain.codes import WaitReason
from project_invoicing.rules.prevalidation import too_young
from tests.store_free.actuals import a_row, an_actual

ROW = a_row(an_actual())  # sent at 16:05


@pytest.mark.parametrize(("minute", "waits"), [(5, True), (9, True), (10, False), (11, False)])
def test_stg_12_stg_13_a_row_is_looked_up_once_its_minutes_are_over(minute: int, waits: bool) -> None:
    wait = too_young(ROW, 5, datetime(2026, 8, 27, 16, minute, tzinfo=UTC))
    assert (wait is not None) is waits
    if wait:
        assert (wait.reason, wait.actual_id) == (WaitReason.NOT_PREVALIDATED, ROW.id)
        assert wait.detail == "is validated 5 minutes after it was sent, from 2026-08-27T16:10:00Z on"
