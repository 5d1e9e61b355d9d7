"""Ids in any case and with braces, as people copy them from Dataverse."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from local.scenario import read_scenario
from operate.invalid_input import InvalidInput
from tests.builders import guid, proforma, to_json
from tests.cases.cases import one, played
from tests.harness import World
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import billed, cost
from tests.setups import document


def test_edit_by_an_id_in_upper_case() -> None:
    result = played("edit-by-an-id-in-upper-case")

    (line,) = one(result, "proposals")["lines"]
    assert (line["sales_tax_group"], line["sales_tax_amount"]) == ("EXP", "0.00")
    assert one(result, "invoices")["sales_tax"] == "0.00"


def written(id: str) -> str:
    """An id as a person may copy it."""
    return f" {{{id.upper()}}} "


@pytest.fixture
def books(moto: None) -> Books:
    return Books(World("2026-08-31T13:00:00Z"))


@pytest.fixture
def ready(books: Books) -> Books:
    books.use(finance(TAXED))
    books.arrive(*billed())
    books.journalise()
    books.import_staging()
    return books


ACTUAL, PROFORMA = written(guid("work/billed")), written(guid("inv-1"))


@pytest.mark.parametrize("proposal", [" INV-0001 ", PROFORMA])
def test_an_edit_finds_its_line_by_any_form_of_the_ids(ready: Books, proposal: str) -> None:
    edit = {"company": " USPM ", "proposal_id": proposal, "actual_id": ACTUAL, "sales_tax_group": "EXP"}
    assert ready.edit("edit", **edit) == "done"
    assert ready.proposal()["lines"][0]["sales_tax_group"] == "EXP"


def test_a_journals_line_is_edited_by_any_form_of_the_id(books: Books) -> None:
    books.arrive(cost("work"))
    books.import_staging()
    (journal,) = books.result["journals"]
    edit = {"company": "USPM", "journal_id": f" {journal['journal_id']}", "actual_id": written(guid("work"))}
    assert books.edit("edit", **edit, dimensions={"CostCenter": "007"}) == "edited"


def test_a_preview_a_run_and_a_deletion_find_a_proposal_by_its_proforma(ready: Books) -> None:
    assert "previewed" in ready.edit("preview", proposal_id=PROFORMA)
    assert ready.edit("delete_lines", company="USPM", proposal_id=PROFORMA) == "done"
    assert ready.proposal()["status"] == "waiting"
    ready.import_staging(proposal_id=PROFORMA)
    assert ready.proposal()["status"] == "ready"
    ready.post_invoices(proposal_id=PROFORMA)
    assert ready.proposal()["status"] == "posted"


def test_a_run_imports_the_actual_that_is_named(books: Books) -> None:
    books.arrive(cost("work"), cost("other"))
    books.import_staging(actual_id=written(guid("work")))
    assert (books.state("work"), books.state("other")) == ("imported", "pending")


def test_a_rejected_event_is_replayed_by_any_form_of_the_id(books: Books) -> None:
    books.use(finance(("number_sequences.USPM.proposal", {"allow_lower": False, "allow_higher": False})))
    books.arrive(proforma("inv-1"), proforma("inv-9", number="INV-0009"))
    books.use(finance())
    assert books.edit("replay", entity="invoice", id=written(guid("inv-9"))) == "accepted"


def test_an_explanation_is_found_by_any_form_of_the_id(ready: Books) -> None:
    for id in (ACTUAL, PROFORMA, f"{uuid.UUID(guid('work/billed')).hex}"):
        answer: Any = ready.run("explain", id=id)
        assert len(answer["found"]) == 1


@pytest.mark.parametrize("action", ["edit", "delete_lines", "preview"])
def test_an_id_that_is_none_is_refused_by_name(ready: Books, action: str) -> None:
    outcome = ready.edit(action, company="USPM", proposal_id="INV-0001", actual_id="work/billed")
    assert outcome.startswith("refused: actual_id 'work/billed' is no GUID; write it as")


def test_an_action_without_an_object_is_refused(ready: Books) -> None:
    answer = ready.world.call(
        "document_editing", {"time": ready.world.at, "detail": {"edit": "INV-0001"}, "source": "by.hand"}
    )
    assert answer["outcome"].startswith("refused: edit is written as an object")


def test_a_scenario_names_the_run_whose_id_is_none(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps({"at": "2026-08-31T09:00:00Z", "run": "staging_import", "actual_id": "4711"}))
    with pytest.raises(InvalidInput) as invalid:
        read_scenario(file, ["staging_import"], document())
    assert invalid.value.problems == [f"{file}:1: actual_id: write the GUID of a row, braces or not, not '4711'"]


def test_a_scenario_may_name_a_proposal_by_its_proforma(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    header = json.loads(to_json(proforma("inv-1")))
    steps = [{"dataverse": header}, {"run": "staging_import", "proposal_id": written(guid("inv-1"))}]
    file.write_text("".join(f"{json.dumps({'at': '2026-08-31T09:00:00Z', **step})}\n" for step in steps))
    assert len(read_scenario(file, ["staging_import"], document()).lines) == 2
