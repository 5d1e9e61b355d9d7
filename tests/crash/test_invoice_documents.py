"""A company asks for documents: posting, making, mailing and telling Dataverse die at every request of theirs.

The single steps on their own are in ``tests/handlers``: making and mailing with all that is sent to bucket and mail
service. Here is what they do to one another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any
from unittest.mock import patch

import pytest

from benchmarks.business import COMPANY, Work, finance
from project_invoice_documents import rendering
from project_invoicing.dataverse import maps
from project_invoicing.domain.codes import WriteBackState
from project_invoicing.domain.history import Done
from project_invoicing.domain.mailed_document import MailState
from project_invoicing.store import client, outbox
from project_invoicing.store.made_documents import MadeDocuments
from project_invoicing.store.mailed_documents import MailedDocuments
from project_invoicing.store.told_documents import ToldDocuments
from project_invoicing.use_cases.invoices import saga
from tests import snapshots
from tests.counting import WRITES
from tests.crash.death import Step
from tests.crash.stages import proposed
from tests.dataverse import StubbornDataverse, connected
from tests.faults import Killed
from tests.handlers.test_invoice_sending import SENDER, Ses
from tests.harness import DESCRIBED, LISTENERS, World, envelope, sqs_batch
from tests.thorough import thorough

WORK = Work(lines=2)
NUMBER = "FTI-00000001"
ADDRESS = {"street": "1 Main Street", "city": "Springfield", "postal_code": "01101", "country": "US"}
STATE = "cr1_state"
QUEUED = ("accounting_writeback", "invoice_documents", "invoice_sending")


def asking() -> dict[str, Any]:
    """The company asks for documents, and its customers get mails."""
    document = finance()
    document["companies"][COMPANY]["document"] = {"legal_name": "Contoso", "address": ADDRESS, "tax_id": "US-1"}
    for customer in document["customers"][COMPANY].values():
        customer.update(address=ADDRESS, tax_id="US-2", delivery={"channel": "mail", "address": "ap@adatum.example"})
    return document


@pytest.fixture
def world(moto: None) -> World:
    made = World("2026-08-31T13:00:00Z")
    made.load(asking())
    with connected(StubbornDataverse()):
        proposed(made, WORK)
        made.drain()
    return made


def test_a_posting_that_keeps_what_the_document_says_survives_death_at_every_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saga, "PAGE_LINES", 1)
    step = Step(world, post, post)
    assert [key for _, _, key in step.undisturbed if key == "SNAPSHOT"] == ["SNAPSHOT"]
    step.dies_at_every_request()
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


def post(world: World) -> None:
    world.run("invoice_posting")


class Everything:
    """All that follows from a posting, with what is outside: files, mails and rows of Dataverse."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ses = Ses()
        self.bucket = world.names.document_bucket
        self.before = snapshots.read(world)
        self.sent: list[str] = []
        """Each request to a table, the bucket, the mail service or Dataverse, since it began."""
        self.dies_at, self.applied = 0, False

    def happens(self) -> None:
        """The posting and what it causes, until nothing is left; what was not confirmed comes again."""
        self.calls("invoice_posting", envelope({}, self.world.at, "Manual Run", "project-invoicing.manual"))
        for _ in range(20):
            found = self.world._outbox()
            for table, item, event in found:
                DESCRIBED[event.detail_type].of({"time": event.time, "detail": event.detail})
                body = envelope(event.detail, event.time, event.detail_type, event.source)
                for function in (*LISTENERS.get(event.detail_type, ()), *self.mails(event.detail_type)):
                    queued = function in QUEUED
                    answer = self.calls(function, sqs_batch(json.dumps(body)) if queued else body)
                    assert not queued or answer == {"batchItemFailures": []}
                outbox.sent(self.world.client, table, item["pk"], item["sk"])
            if not found:
                return
        raise AssertionError("it does not come to an end")

    @staticmethod
    def mails(detail_type: str) -> tuple[str, ...]:
        return ("invoice_sending",) if detail_type == "InvoiceDocumentReady" else ()

    def calls(self, function: str, event: Any) -> Any:
        with self._listening():
            return self.world.call(function, event)

    def back(self) -> None:
        """To before the posting, with nothing outside."""
        snapshots.restore(self.world, snapshots.read(self.world), self.before)
        s3 = client.s3()
        for one in s3.list_object_versions(Bucket=self.bucket).get("Versions", []):
            s3.delete_object(Bucket=self.bucket, Key=one["Key"], VersionId=one["VersionId"])
        self.ses.taken.clear()
        self.sent.clear()

    def begins(self, name: str) -> None:
        self.sent.append(name)
        now = len(self.sent)
        if self.dies_at and (now > self.dies_at or (now == self.dies_at and not self.applied)):
            raise Killed(name)

    def ends(self) -> None:
        if self.applied and len(self.sent) == self.dies_at:
            raise Killed(self.sent[-1])

    @contextmanager
    def _listening(self) -> Iterator[None]:
        def told(model: Any, **_: Any) -> None:
            self.begins(model.name)

        def heard(**_: Any) -> None:
            self.ends()

        send, patch_rows = self.ses.send_email, StubbornDataverse.patch

        def mailed(**request: Any) -> dict[str, str]:
            self.begins("SendEmail")
            answer = send(**request)
            self.ends()
            return answer

        def patched(dataverse: StubbornDataverse, *given: Any, **more: Any) -> Any:
            self.begins("$batch")
            answer = patch_rows(dataverse, *given, **more)
            self.ends()
            return answer

        with ExitStack() as until_end:
            for one, service in ((client.dynamodb(), "dynamodb"), (client.s3(), "s3")):
                events: Any = one.meta.events
                for event, handler in ((f"before-call.{service}", told), (f"after-call.{service}", heard)):
                    events.register(event, handler)
                    until_end.callback(events.unregister, event, handler)
            until_end.enter_context(patch.object(client, "ses", lambda: self.ses))
            until_end.enter_context(patch.object(self.ses, "send_email", mailed))
            until_end.enter_context(patch.object(StubbornDataverse, "patch", patched))
            yield

    def assert_once(self, dataverse: StubbornDataverse) -> MailState:
        """Nothing is lost, and nothing is there twice. Returns the state of the mail."""
        world, tables = self.world, self.world.client
        result = world.result()
        assert [invoice["invoice_number"] for invoice in result["invoices"]] == [NUMBER]
        versions = client.s3().list_object_versions(Bucket=self.bucket).get("Versions", [])
        folder = f"{COMPANY}/2026/{NUMBER}/"
        assert sorted(one["Key"] for one in versions) == [f"{folder}invoice.html", f"{folder}invoice.pdf"]
        done = [one.what for one in MadeDocuments(tables, world.names.proposals_table).history(COMPANY, NUMBER)]
        assert done.count(Done.DOCUMENT_MADE) == 1
        mail = MailedDocuments(tables, world.names.proposals_table).get(COMPANY, NUMBER)
        assert mail
        assert len(self.ses.taken) <= 1
        assert (mail.attempt, mail.state is MailState.SENT) in ((1, len(self.ses.taken) == 1), (1, False))
        assert mail.state in (MailState.SENT, MailState.UNKNOWN)
        assert done.count(Done.MAILED) + done.count(Done.MAIL_UNKNOWN) == 1
        told = ToldDocuments(tables, world.names.staging_table).get(COMPANY, NUMBER)
        assert told
        assert (told.state, told.standing) == (WriteBackState.DONE, mail.state.standing)
        written = [columns[STATE] for columns in dataverse.written["invoice", WORK.proforma_id] if STATE in columns]
        assert written in (["ready", mail.state], [mail.state])
        own = [columns for columns in dataverse.written["invoice", WORK.proforma_id] if STATE not in columns]
        assert own
        assert all(columns == own[0] for columns in own)
        assert {row["state"] for row in result["write_back"]} == {"done"}
        assert not world.unsent()
        return mail.state


@pytest.mark.slow
def test_all_that_follows_from_a_posting_survives_death_at_every_request(world: World) -> None:
    """Posting, document, event, mail and write-back: dead at any of their requests, the next run has it all, once.

    Each night at all of them, else at every fifth.
    """
    made: Callable[..., Any] = rendering.files
    world.handlers._extra |= {
        "MAIL_SENDER": SENDER,
        maps.OVERRIDES_VARIABLE: json.dumps({"invoices_write_back": {"document_state": STATE}}),
    }
    client.s3().create_bucket(Bucket=world.names.document_bucket, ObjectLockEnabledForBucket=True)
    maps.table_maps.cache_clear()
    everything = Everything(world)
    kept: dict[str, Any] = {}

    def once(*given: Any) -> Any:
        """The same bytes each time (tests of the documents show that), without making them each time."""
        if not kept:
            kept["files"] = made(*given)
        return kept["files"]

    states: set[MailState] = set()
    with patch.object(rendering, "files", once):
        with connected(StubbornDataverse()) as dataverse:
            everything.happens()
        assert everything.assert_once(dataverse) is MailState.SENT
        names = list(everything.sent)
        assert {"PutObject", "SendEmail", "$batch", "TransactWriteItems"} <= set(names)
        for at, name in islice(enumerate(names, start=1), 0, None, thorough(5, 1)):
            writes = name in {*WRITES, "PutObject", "SendEmail", "$batch"}
            for applied in (False, True) if writes else (False,):
                everything.back()
                everything.dies_at, everything.applied = at, applied
                with connected(StubbornDataverse()) as dataverse:
                    with pytest.raises(Killed):
                        everything.happens()
                    everything.dies_at = 0
                    everything.happens()
                states.add(everything.assert_once(dataverse))
    maps.table_maps.cache_clear()
    assert MailState.SENT in states


def test_wb_14_telling_of_a_document_survives_death_at_every_request_to_dynamodb(world: World) -> None:
    world.handlers._extra |= {
        "MAIL_SENDER": SENDER,
        maps.OVERRIDES_VARIABLE: json.dumps({"invoices_write_back": {"document_state": STATE}}),
    }
    client.s3().create_bucket(Bucket=world.names.document_bucket, ObjectLockEnabledForBucket=True)
    maps.table_maps.cache_clear()
    with connected(StubbornDataverse()):
        post(world)
        world.drain()
    event = envelope({"company": COMPANY, "invoice_number": NUMBER}, world.at, "InvoiceDocumentReady", "x")

    def tell(world: World) -> None:
        world.call("accounting_writeback", sqs_batch(json.dumps(event)))

    with connected(StubbornDataverse()) as dataverse:
        step = Step(world, tell, tell)
        step.dies_at_every_request()
        step.hears_no_answer_at_first()
        step.is_overtaken_at_every_request()
    assert {columns[STATE] for columns in dataverse.written["invoice", WORK.proforma_id]} == {"ready"}
    maps.table_maps.cache_clear()
