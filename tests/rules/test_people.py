"""Who did what: the history of a document, roles, and two people for a posting (four eyes)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from project_invoicing.domain.actor import Actor, How, Role, person
from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.ready import Ready
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.commands.apply import HANDLERS, apply
from project_invoicing.use_cases.commands.workplace import Workplace
from project_invoicing.use_cases.invoices.post import InvoicePosting
from project_invoicing.use_cases.people import NEEDED
from project_invoicing.use_cases.requests.post_invoices import PostInvoices
from project_invoicing.use_cases.setups import SetupVersions
from tests.builders import actual, guid
from tests.faults import TRANSACTION, Killed, dying
from tests.rules.books import Books
from tests.rules.finance import accounts_without, finance
from tests.rules.stories import approval, billed
from tools.contracts import REQUESTS

ANN, BOB = "ann@contoso.example", "bob@contoso.example"
HEADER = {"company": "USPM", "proposal_id": "INV-0001"}
FOUR_EYES = ("parameters.USPM.four_eyes", True)


def ready(books: Books, *values: tuple[str, Any]) -> Books:
    """A proposal that is ready."""
    books.use(finance(*values))
    books.arrive(*approval(), *billed())
    books.journalise()
    books.import_staging()
    return books


def proposals(books: Books) -> Proposals:
    return Proposals(books.world.client, books.world.names.proposals_table, ())


def history(books: Books) -> list[HistoryEntry]:
    return list(proposals(books).history(guid("inv-1")))


def told(entries: list[HistoryEntry]) -> list[tuple[str, str, str]]:
    return [(entry.who.id, entry.who.how, entry.what) for entry in entries]


def test_an_edit_says_who_when_before_and_after_and_explain_shows_it(books: Books) -> None:
    ready(books)
    answer = books.world.edit("edit", **HEADER, due_date="2026-10-15", actor=ANN)
    assert answer["outcome"] == "done"
    books.world.at = "2026-09-01T08:00:00Z"
    books.world.edit("edit", **HEADER, actual_id=guid("work/billed"), sales_tax_group=None, actor=BOB)
    first, second = history(books)
    assert told([first, second]) == [(ANN, "command line", "edited"), (BOB, "command line", "edited")]
    assert (first.at, first.before, first.after) == (
        "2026-08-31T13:00:00Z",
        {"due_date": None},
        {"due_date": "2026-10-15"},
    )
    assert second.after["actual_id"] == guid("work/billed")
    (made,) = books.call("explain", {"id": "INV-0001"})["found"]
    steps = [step for step in made["history"] if " by " in step["what"]]
    assert steps[0] == {
        "at": "2026-08-31T13:00:00Z",
        "what": f"was edited by {ANN} (command line): due date none -> 2026-10-15",
    }
    assert json.dumps(made)


def test_a_repeated_command_makes_one_entry_and_changes_nothing(books: Books) -> None:
    ready(books)
    for _ in range(2):
        assert books.world.edit("edit", **HEADER, due_date="2026-10-15", actor=ANN)["outcome"] == "done"
    assert len(history(books)) == 1
    header = proposals(books).get(guid("inv-1"))
    assert header
    assert header.edit_count == 1


@pytest.mark.parametrize("applied", [False, True])
def test_an_edit_that_dies_and_is_delivered_again_makes_one_entry(books: Books, applied: bool) -> None:
    ready(books)
    with dying(books.world.client, 1, applied=applied, operation=TRANSACTION), pytest.raises(Killed):
        books.world.edit("edit", **HEADER, due_date="2026-10-15", actor=ANN)
    assert books.world.edit("edit", **HEADER, due_date="2026-10-15", actor=ANN)["outcome"] == "done"
    assert told(history(books)) == [(ANN, "command line", "edited")]


def test_a_posting_says_once_who_posts_whoever_finishes_it(books: Books) -> None:
    ready(books)
    books.run("invoice_posting", proposal_id="INV-0001", actor=BOB)
    books.run("invoice_posting", proposal_id="INV-0001", actor=ANN)
    (entry,) = history(books)
    assert told([entry]) == [(BOB, "command line", "posted")]
    assert entry.after["invoice_number"] == "FTI-00000001"
    (made,) = books.call("explain", {"id": "FTI-00000001"})["found"]
    assert any(step["what"].startswith(f"was posted by {BOB}") for step in made["history"])


def test_journals_say_who_posted_reset_and_edited_them_and_who_deleted_their_lines(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("payroll_allocation")))
    books.arrive(*approval())
    books.import_staging()
    books.world.schedule("journal_posting")
    journals = Journals(books.world.client, books.world.names.journals_table)
    (posted,) = journals.history("USPM", "USPM-000001")
    assert told([posted]) == [("system", "schedule", "posted")]
    of = {"company": "USPM", "journal_id": "USPM-000002"}
    books.world.edit("edit", **of, actual_id=guid("work/cost"), dimensions={"D": "1"}, actor=ANN)
    books.world.edit("reset", **of, actor=BOB)
    books.world.edit("delete_lines", **of)
    entries = list(journals.history("USPM", "USPM-000002"))
    assert sorted(told(entries)) == sorted(
        [(ANN, "command line", "edited"), (BOB, "command line", "reset"), ("", "command line", "lines deleted")]
    )
    (made,) = books.call("explain", {"id": "USPM-000002"})["found"]
    assert any("by an unnamed person" in step["what"] for step in made["history"])


def test_deleting_the_lines_of_a_proposal_is_in_its_history_once(books: Books) -> None:
    ready(books)
    for _ in range(2):
        books.world.edit("delete_lines", **HEADER, actor=ANN)
    (entry,) = history(books)
    assert (entry.what, entry.before, entry.after) == (Done.LINES_DELETED, {"lines": 1}, {"lines": 0})


def test_a_replay_and_a_map_have_their_history(books: Books) -> None:
    books.use(finance())
    books.arrive(actual("odd", transaction_type="project_contract"))
    named = books.world.names
    staging = Staging(books.world.client, named.staging_table)
    books.world.edit("replay", entity="msdyn_actual", id=guid("odd"), actor=ANN)
    assert list(staging.history("msdyn_actual", guid("odd"))) == []  # it was rejected again
    states = MapStates(books.world.client, named.dataverse_table)
    books.run("dataverse_catchup", map={"action": "pause", "name": "actuals", "reason": "why", "actor": ANN})  # type: ignore[arg-type]
    (entry,) = states.history("actuals")
    assert (entry.who.id, entry.what) == (ANN, Done.PAUSED)
    assert entry.after == {"state": "paused", "reason": "why", "change": 1}
    books.world.at = "2026-09-01T13:00:00Z"
    books.run("dataverse_catchup", map={"action": "resume", "name": "actuals"})  # type: ignore[arg-type]
    assert [one.what for one in states.history("actuals")] == [Done.PAUSED, Done.RESUMED]


def posted_by(books: Books, actor: str | None) -> list[dict[str, Any]]:
    asked = {"actor": actor} if actor else {}
    refused: list[dict[str, Any]] = books.run("invoice_posting", proposal_id="INV-0001", **asked)["refused"]
    return refused


def test_with_four_eyes_who_has_edited_a_proposal_may_not_post_it(books: Books) -> None:
    ready(books, FOUR_EYES)
    books.world.edit("edit", **HEADER, due_date="2026-10-15", actor=ANN)
    (refusal,) = posted_by(books, ANN.upper())
    assert refusal["reason"] == "four_eyes"
    assert "somebody else has to post it" in refusal["detail"]
    assert [one["reason"] for one in posted_by(books, None)] == ["four_eyes"]
    assert books.result["proposals"][0]["status"] == "ready"
    assert posted_by(books, BOB) == []
    assert told(history(books))[-1] == (BOB, "command line", "posted")


def test_with_four_eyes_an_edit_says_who_and_what_nobody_edited_anybody_posts(books: Books) -> None:
    ready(books, FOUR_EYES)
    answer = books.world.edit("edit", **HEADER, due_date="2026-10-15")
    assert [one["reason"] for one in answer["refused"]] == ["four_eyes"]
    assert history(books) == []
    assert posted_by(books, None) == []


def test_without_four_eyes_the_same_person_may_do_both_and_the_system_always_may(books: Books) -> None:
    ready(books)
    books.world.edit("edit", **HEADER, due_date="2026-10-15", actor=ANN)
    assert posted_by(books, ANN) == []


def test_the_schedule_posts_what_somebody_has_edited(books: Books) -> None:
    ready(books, FOUR_EYES)
    books.world.edit("edit", **HEADER, due_date="2026-10-15", actor=ANN)
    books.use(finance(FOUR_EYES, ("parameters.USPM.auto_post_proposals", True)))
    books.world.schedule("invoice_posting")
    books.world.work("invoice_posting")
    assert told(history(books))[-1] == ("system", "schedule", "posted")


def somebody(*roles: Role) -> Actor:
    return Actor(ANN, "Ann", How.WORKSPACE, frozenset(roles))


def workplace(books: Books, actor: Actor) -> Workplace:
    client, named = books.world.client, books.world.names
    stores = proposals(books), Journals(client, named.journals_table), Staging(client, named.staging_table)
    master = MasterData(client, named.master_data_table)
    setups = SetupVersions.read(client, named.setup_table, named.master_data_table)
    return Workplace(*stores, master, setups, books.world.at, actor)


def test_every_command_and_request_needs_a_role() -> None:
    requests = {one.__name__ for one in REQUESTS}
    assert NEEDED.keys() == {command.__name__ for command in HANDLERS} | requests


def test_a_person_without_the_role_is_refused_and_nothing_is_written(books: Books) -> None:
    ready(books)
    edit = {"edit": HEADER | {"due_date": "2026-10-15"}}
    for roles in [(), (Role.VIEWER,), (Role.POSTER,)]:
        answer = apply(edit, workplace(books, somebody(*roles)))
        assert [one["reason"] for one in answer["refused"]] == [PostingFailure.ROLE_MISSING]
    assert history(books) == []
    assert apply(edit, workplace(books, somebody(Role.ACCOUNTANT)))["outcome"] == "done"
    preview = {"preview": HEADER}
    assert apply(preview, workplace(books, somebody(Role.VIEWER)))["outcome"] == "previewed"
    assert "refused" in apply(preview, workplace(books, somebody()))
    (entry,) = history(books)
    assert (entry.who.name, entry.who.how) == ("Ann", How.WORKSPACE)


def test_posting_needs_the_role_of_a_poster(books: Books) -> None:
    ready(books)
    client, named = books.world.client, books.world.names
    stores = (
        proposals(books),
        Staging(client, named.staging_table),
        Ledger(client, named.ledger_table),
        Ready(client, named.ledger_batches_table),
    )
    setups = SetupVersions.read(client, named.setup_table, named.master_data_table)
    for roles, posted in [((Role.ACCOUNTANT,), []), ((Role.POSTER,), ["FTI-00000001"])]:
        run = InvoicePosting(*stores, setups, books.world.at, somebody(*roles))
        run.run_asked(PostInvoices(proposal_id="INV-0001"))
        assert run.posted == posted
        assert [one.reason for one in run.refused] == ([] if posted else [PostingFailure.ROLE_MISSING])


def test_nobody_signs_in_where_no_roles_are_given() -> None:
    assert all(person("ann").may(role) for role in Role)
    assert not person(None).is_known


def test_lines_edited_together_make_one_entry_a_page_however_often_the_command_comes(books: Books) -> None:
    ready(books)
    command = {**HEADER, "lines": {"item_sales_tax_group": ["SERV"]}, "item_sales_tax_group": "GOODS", "actor": ANN}
    with dying(books.world.client, 1, applied=True, operation=TRANSACTION), pytest.raises(Killed):
        books.world.edit("edit", **command)
    answers = [books.world.edit("edit", **HEADER, lines={}, item_sales_tax_group="GOODS", actor=ANN) for _ in range(2)]
    assert [(one["lines"], one["changed"]) for one in answers] == [(1, 0), (1, 0)]
    (entry,) = history(books)
    assert (entry.before, entry.after) == (
        {"item_sales_tax_group": "SERV"},
        {"lines": "1", "item_sales_tax_group": "GOODS"},
    )
    refused = books.world.edit("edit", **HEADER, lines={"colour": "red"}, item_sales_tax_group="GOODS")
    assert "lines are not chosen by colour; what they are chosen by: actual_id, line_number" in refused["outcome"]
    refused = books.world.edit("edit", **HEADER, lines={"project": "PRJ-9"}, item_sales_tax_group="GOODS")
    assert refused["outcome"] == "refused: no line of proposal INV-0001 fits"
    refused = books.world.edit("edit", **HEADER, lines={})
    assert refused["outcome"].startswith("refused: say what to change; what can be: item_sales_tax_group")
