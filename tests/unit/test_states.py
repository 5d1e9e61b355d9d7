"""The state machines: every transition that a table does not have is refused."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from project_invoicing.domain.codes import ApprovalState, JournalStatus, ProposalStatus, StagingState
from project_invoicing.domain.correction_journal import CORRECTIONS, CorrectionStatus, CorrectionVerb
from project_invoicing.domain.ledger_batch import BatchState
from project_invoicing.domain.states import (
    APPROVALS,
    BATCHES,
    JOURNALS,
    MAPS,
    PROPOSALS,
    ROWS,
    ApprovalVerb,
    BatchVerb,
    JournalVerb,
    MapAction,
    MapState,
    ProposalVerb,
    RowVerb,
    StateMachine,
)
from project_invoicing.errors import Conflict

Machine = tuple[StateMachine[Any, Any], type[StrEnum], type[StrEnum]]

MACHINES: list[Machine] = [
    (ROWS, StagingState, RowVerb),
    (JOURNALS, JournalStatus, JournalVerb),
    (PROPOSALS, ProposalStatus, ProposalVerb),
    (APPROVALS, ApprovalState, ApprovalVerb),
    (MAPS, MapState, MapAction),
    (BATCHES, BatchState, BatchVerb),
    (CORRECTIONS, CorrectionStatus, CorrectionVerb),
]
REFUSED = [
    pytest.param(machine, state, verb, id=f"{machine.thing}: {state}, {verb}")
    for machine, states, verbs in MACHINES
    for state in states
    for verb in verbs
    if (state, verb) not in machine.transitions
]


@pytest.mark.parametrize(("machine", "state", "verb"), REFUSED)
def test_what_the_table_does_not_have_is_refused_and_says_what_can_happen(
    machine: StateMachine[Any, Any], state: StrEnum, verb: StrEnum
) -> None:
    with pytest.raises(Conflict) as refused:
        machine.after(state, verb)
    assert f"a {machine.thing} that is {state} cannot be {verb}" in str(refused.value)
    assert all(possible in str(refused.value) for possible in machine.possible(state))


@pytest.mark.parametrize(("machine", "states", "verbs"), MACHINES, ids=lambda value: getattr(value, "thing", ""))
def test_every_state_and_every_verb_has_a_place(
    machine: StateMachine[Any, Any], states: type[StrEnum], verbs: type[StrEnum]
) -> None:
    before = {state for state, _ in machine.transitions}
    assert {verb for _, verb in machine.transitions} == set(verbs)
    assert before | set(machine.transitions.values()) == set(states)


def test_a_write_on_a_document_that_was_not_read_is_conditioned_on_the_only_state_before() -> None:
    assert ROWS.before(RowVerb.POSTED) is StagingState.IMPORTED
    with pytest.raises(ValueError, match="too many values"):
        ROWS.before(RowVerb.LOOKED_AT)
