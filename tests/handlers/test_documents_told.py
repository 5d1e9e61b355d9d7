"""accounting_writeback tells Dataverse of the documents of invoices: the newest state, however messages come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

import pytest

from benchmarks.business import Work
from project_invoicing import bootstrap
from project_invoicing.dataverse import maps
from project_invoicing.dataverse.api import AccessDenied, Answer, FoundRow, Patch
from project_invoicing.domain.actor import person
from project_invoicing.domain.codes import WriteBackState
from project_invoicing.domain.states import MapAction
from project_invoicing.domain.told_document import ToldDocument
from project_invoicing.errors import Rejected
from project_invoicing.events import BusEvent
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.told_documents import ToldDocuments
from tests import policies
from tests.dataverse import StubbornDataverse, connected, queue
from tests.handlers.test_invoice_documents import COMPANY
from tests.handlers.test_invoice_sending import Office
from tests.harness import World, envelope, sqs_batch
from tests.posted import NUMBER, PROFORMA

FUNCTION = "accounting_writeback"
DONE: dict[str, Any] = {"batchItemFailures": []}
LINK, STATE = "cr123_documentlink", "cr123_documentstate"
NAMED: dict[str, Any] = {"document_link": LINK, "document_state": STATE}
KEY = f"{COMPANY}/2026/{NUMBER}/invoice.pdf"
ROW = ("invoice", PROFORMA)
OPENED, DELIVERED = "Email Opened", "Email Delivered"


class Told(Office):
    """The office of a stack that names columns for documents, with what its outbox has for the write-back."""

    def __init__(self, world: World, named: dict[str, Any] = NAMED, **variables: str) -> None:
        super().__init__(world)
        text = json.dumps({"invoices_write_back": named} if named else {})
        world.handlers._extra.update({maps.OVERRIDES_VARIABLE: text, **variables})
        maps.table_maps.cache_clear()

    def events(self) -> list[dict[str, Any]]:
        """What was said of documents, oldest first, as it reaches the queue."""
        about = ("InvoiceDocumentReady", "InvoiceMailChanged")
        return [
            envelope(one.detail, one.time, one.detail_type, one.source)
            for one in self.world.unsent()
            if one.detail_type in about
        ]

    def tells(self, *events: dict[str, Any]) -> Any:
        return self.world.call(FUNCTION, sqs_batch(*(json.dumps(one) for one in events or self.events()[:1])))

    def tells_of_posting(self) -> Any:
        one = self.posted
        return self.tells(envelope(one.detail, one.time, one.detail_type, one.source))

    def retry(self, **more: Any) -> str:
        asked = {"retry": {"company": COMPANY, "invoice_number": NUMBER, "actor": "ann", **more}}
        return str(self.world.call(FUNCTION, {"time": self.world.at, "detail": asked})["outcome"])

    def works(self) -> None:
        """What is on the function's own queue."""
        assert all(answer == DONE for answer in self.world.work(FUNCTION))

    @property
    def told(self) -> ToldDocument | None:
        return ToldDocuments(self.world.client, self.world.names.staging_table).get(COMPANY, NUMBER)

    @property
    def outcome(self) -> tuple[str, str | None] | None:
        return (self.told.state, self.told.standing) if self.told else None

    def repairs(self) -> dict[str, Any]:
        """A reconciliation that repairs the proforma: what the write-back is then asked for."""
        asked = bootstrap.repairs(self.world.at, person("ann"))
        published: list[BusEvent] = []

        def publish(events: Sequence[BusEvent]) -> list[int]:
            published.extend(events)
            return []

        replace(asked, publish=publish).one(PROFORMA)
        (event,) = [one for one in published if one.detail_type == "WriteBackRequested"]
        self.world.call(FUNCTION, envelope(event.detail, event.time, event.detail_type, event.source))
        return {
            name: value for name, value in event.detail["retry"].items() if name not in ("actor", "actor_name", "how")
        }

    def found(self, check: str) -> list[str]:
        report = self.world.call("reconciliation", envelope({}, self.world.at, "Scheduled Event", "aws.events"))
        (one,) = [one for one in report["checks"] if one["name"] == check]
        return [found["detail"] for found in one["found"] if "document" in found["detail"]]


@pytest.fixture
def office(moto: None) -> Iterator[Told]:
    yield from _office()


class There(StubbornDataverse):
    """It lists the proforma, with what was written to it."""

    def every(self, entity: str, columns: Sequence[str]) -> Iterator[FoundRow]:
        for found in super().every(entity, columns):
            (written,) = self.rows(entity, [found.id], columns)
            yield replace(found, row={**found.row, **written.row})


@pytest.fixture
def dataverse() -> Iterator[StubbornDataverse]:
    made = There()
    made.apply(Work(lines=1).header)
    with connected(made):
        yield made


def _office(named: dict[str, Any] = NAMED, **variables: str) -> Iterator[Told]:
    made = Told(World(), named, **variables)
    with patch.object(bootstrap, "now", lambda: datetime.fromisoformat(made.world.at)):
        yield made
    maps.table_maps.cache_clear()


def states(dataverse: StubbornDataverse) -> list[Any]:
    """What Dataverse was told of how far the document is, in this order."""
    return [columns[STATE] for columns in dataverse.written.get(ROW, []) if STATE in columns]


def test_wb_14_dataverse_has_link_and_state_once_however_often_it_is_said(
    office: Told, dataverse: StubbornDataverse
) -> None:
    with policies.enforced():
        assert office.tells() == office.tells() == DONE

    assert dataverse.written == {ROW: [{LINK: KEY, STATE: "ready"}]}
    assert office.outcome == ("done", "ready")
    (row,) = [one for one in office.world.result()["write_back"] if "document_link" in one["values"]]
    assert row == {
        "entity": "invoice",
        "id": PROFORMA,
        "values": {"document_link": KEY, "document_state": "ready"},
        "state": "done",
    }


def test_wb_14_where_no_column_is_named_nothing_is_read_written_or_kept(
    moto: None, dataverse: StubbornDataverse
) -> None:
    for office in _office({}):
        before = office.world.result()
        assert office.tells() == DONE
        assert (dataverse.sent, office.told, office.world.result()) == (0, None, before)


def test_wb_14_the_link_is_the_page_of_the_workspace_where_it_has_an_address(
    moto: None, dataverse: StubbornDataverse
) -> None:
    for office in _office({"document_link": LINK}, WORKSPACE_URL="https://finance.contoso.example/"):
        office.tells()
        page = f"https://finance.contoso.example/invoice?company={COMPANY}&number={NUMBER}#document"
        assert dataverse.written == {ROW: [{LINK: page}]}


def test_wb_14_each_state_of_a_mail_is_told_and_late_messages_bring_back_nothing(
    office: Told, dataverse: StubbornDataverse
) -> None:
    office.tells()
    office.deliver()
    ready, sent = office.events()
    office.tells(sent)
    office.hears(OPENED, open={})
    office.hears(DELIVERED, delivery={})  # late: it changes nothing
    opened = office.events()[-1]
    assert [one["detail"].get("state") for one in office.events()] == [None, "sent", "opened"]
    for event in (opened, ready, sent, opened):
        assert office.tells(event) == DONE
    assert states(dataverse) == ["ready", "sent", "opened"]

    office.resend()
    office.tells(office.events()[-1])
    assert states(dataverse)[3:] == ["sent"]
    assert office.events()[-1]["detail"]["attempt"] == 2


def test_wb_14_a_mail_that_fails_or_bounces_is_told(office: Told, dataverse: StubbornDataverse) -> None:
    office.deliver()
    office.hears("Email Bounced", bounce={"bounceType": "Permanent"})
    assert office.tells(*office.events()) == DONE
    office.resend(to="a@b.example")
    office.hears("Email Rejected", attempt=2, reject={"reason": "Bad content"})
    office.tells(office.events()[-1])
    assert states(dataverse) == ["bounced", "failed"]


class Overtaken(StubbornDataverse):
    """Before it gets its first patch, something happens."""

    first: Callable[[], object] | None = None

    def patch(self, patches: Sequence[Patch], *, atomic: bool = False) -> list[Answer]:
        happens, self.first = self.first, None
        if happens:
            happens()
        return super().patch(patches, atomic=atomic)


def test_wb_14_a_worker_that_was_overtaken_never_writes_the_older_state(office: Told) -> None:
    office.deliver()

    def meanwhile() -> None:
        office.hears(OPENED, open={})
        office.tells(office.events()[-1])

    with connected(Overtaken()) as dataverse:
        dataverse.first = meanwhile
        assert office.tells() == DONE
    assert states(dataverse) == ["opened"]
    assert office.outcome == ("done", "opened")


def test_wb_14_who_is_overtaken_by_somebody_who_dies_leaves_the_document_open(office: Told) -> None:
    """The other has begun after it: only the other may say that all is told, and the schedule sees that it has not."""
    office.deliver()

    def meanwhile() -> None:
        office.hears(OPENED, open={})
        with (
            patch.object(Overtaken, "rows", side_effect=KeyboardInterrupt),
            pytest.raises(KeyboardInterrupt),
        ):
            office.tells(office.events()[-1])

    with connected(Overtaken()) as dataverse, queue() as tasks:
        dataverse.first = meanwhile
        office.tells()
        assert office.told
        assert office.told.state is WriteBackState.PENDING
        office.world.at = "2026-09-02T09:30:00Z"
        assert office.world.run(FUNCTION) == {"queued": 1}
        office.tells(tasks[0][0])
    assert states(dataverse)[-1] == "opened"
    assert office.outcome == ("done", "opened")


def test_wb_14_it_may_be_told_before_the_posting_is_and_holds_nothing_back(
    office: Told, dataverse: StubbornDataverse
) -> None:
    dataverse.refuses = {}
    office.tells()
    assert office.tells_of_posting() == DONE
    assert [sorted(columns) for columns in dataverse.written[ROW]] == [
        sorted([LINK, STATE]),
        sorted(
            [
                "msdyn_customerinvoicenumber",
                "msdyn_customerinvoicedate",
                "msdyn_projectinvoicestatus",
                "msdyn_customerinvoicesalestax",
            ]
        ),
    ]
    assert {one["state"] for one in office.world.result()["write_back"]} == {"done"}


def test_wb_14_what_dataverse_refuses_is_kept_and_tried_again_by_a_person_or_the_next_state(
    office: Told, dataverse: StubbornDataverse
) -> None:
    office.world.schedule(FUNCTION)  # makes the queue; there is nothing for it
    office.tells_of_posting()
    dataverse.refuses = {PROFORMA: Answer(403, "0x80040220", "no privilege")}
    assert office.tells() == DONE
    assert office.told
    assert (office.told.state, office.told.detail) == ("failed", "403 0x80040220 no privilege")
    assert office.found("write_back_failed") == [
        f"document of invoice {NUMBER}: Dataverse says: 403 0x80040220 no privilege"
    ]

    dataverse.refuses = {}
    with policies.enforced():
        assert office.retry() == f"Dataverse is told of the document of {NUMBER} of {COMPANY} again"
        assert office.retry().startswith("refused: Dataverse is still being told")
        office.works()
    assert office.outcome == ("done", "ready")
    assert office.retry().startswith("refused: no row")
    (told,) = office.world.call("explain", {"id": NUMBER})["found"]
    assert [step["what"] for step in told["history"] if "sent to Dataverse again by" in step["what"]]

    dataverse.absent = {PROFORMA}
    office.deliver()
    office.tells(office.events()[-1])
    assert office.outcome == ("failed", "sent")
    dataverse.absent = set()
    office.hears(DELIVERED, delivery={})
    office.tells(office.events()[-1])
    assert office.outcome == ("done", "delivered")


def test_wb_14_a_column_that_dataverse_does_not_have_fails_and_says_so(
    office: Told, dataverse: StubbornDataverse
) -> None:
    no_column = Rejected("0x0", f"Could not find a property named '{LINK}'")
    with patch.object(StubbornDataverse, "rows", side_effect=no_column):
        assert office.tells() == DONE
    assert office.told
    assert (office.told.state, office.told.detail) == ("failed", no_column.detail)


@pytest.mark.parametrize("said", [Answer(429, retry_after=7), Answer(503)], ids=["busy", "away"])
def test_wb_14_a_dataverse_that_is_busy_or_away_is_told_later(
    office: Told, dataverse: StubbornDataverse, said: Answer
) -> None:
    dataverse.refuses = {PROFORMA: said}
    with queue() as tasks:
        assert office.tells() == DONE
        ((task, delay),) = tasks
        assert (delay, office.outcome) == (said.retry_after or 60, ("pending", "ready"))
        dataverse.refuses = {}
        office.tells(task)
    assert office.outcome == ("done", "ready")


def test_wb_14_one_that_does_not_let_us_in_fails_the_message(office: Told, dataverse: StubbornDataverse) -> None:
    with patch.object(StubbornDataverse, "rows", side_effect=AccessDenied("give it a role")):
        assert office.tells() != DONE
    assert office.outcome == ("pending", "ready")


def test_wb_14_while_the_map_is_at_rest_or_no_dataverse_is_connected_it_waits(office: Told) -> None:
    states_of_maps = MapStates(office.world.client, office.world.names.dataverse_table)

    def change(name: str, action: MapAction) -> None:
        states_of_maps.change(name, action, None, office.world.at, person("ann"))

    assert office.tells() == DONE  # no Dataverse
    assert office.outcome == ("pending", "ready")
    change("invoices_write_back", MapAction.PAUSE)
    with connected(StubbornDataverse()) as dataverse, queue() as tasks:
        office.tells()
        office.world.at = "2026-09-02T10:00:00Z"
        assert office.world.run(FUNCTION) == {"queued": 0}
        change("invoices_write_back", MapAction.RESUME)
        change("actuals_write_back", MapAction.PAUSE)  # of no concern to documents
        assert office.world.run(FUNCTION) == {"queued": 1}
        office.tells(tasks[0][0])
    assert states(dataverse) == ["ready"]


def test_wb_14_a_choice_gets_its_codes_and_a_state_without_one_fails(moto: None, dataverse: StubbornDataverse) -> None:
    named = NAMED | {"codes": {"document_state": {"100000001": "ready"}}}
    for office in _office(named):
        office.tells()
        assert states(dataverse) == [100_000_001]
        office.deliver()
        office.tells(office.events()[-1])
        assert office.told
        assert office.told.state is WriteBackState.FAILED
        assert str(office.told.detail).startswith("no code for sent; name it in TABLE_MAP_OVERRIDES")


def test_wb_14_a_reconciliation_finds_what_is_not_told_or_was_changed_and_repairs_it(
    office: Told, dataverse: StubbornDataverse
) -> None:
    office.world.schedule(FUNCTION)
    office.tells_of_posting()
    assert office.found("write_back_unfinished") == [f"document of invoice {NUMBER}: not told yet"]
    assert office.repairs() == {"company": COMPANY, "invoice_number": NUMBER, "everything": False}
    office.works()
    assert office.found("write_back_unfinished") == []
    dataverse.written[ROW].append({STATE: "lost"})
    assert office.found("write_back_differs") == [f"invoice {NUMBER}: Dataverse should have {STATE} ready, not lost"]
    assert office.repairs() == {"company": COMPANY, "invoice_number": NUMBER, "everything": True}
    office.works()
    assert office.found("write_back_differs") == []
