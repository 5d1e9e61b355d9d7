"""The function that mails documents: each one once, whatever dies, and again only for a person."""

from __future__ import annotations

import email
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.mailed_document import MailState
from project_invoicing.observe import metrics
from project_invoicing.store import client
from project_invoicing.store.mailed_documents import MailedDocuments
from tests import policies, snapshots
from tests.event_samples import mail_notice
from tests.faults import Killed
from tests.handlers.test_invoice_documents import COMPANY, House
from tests.harness import World, envelope, sqs_batch
from tests.posted import NUMBER

FUNCTION = "invoice_sending"
TO = "ap@customer.example"
SENDER = "invoices@contoso.example"
DONE: dict[str, list[Any]] = {"batchItemFailures": []}


class Ses:
    """Takes mails as SES does, and fails as a test wants: before it has taken one, or after."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.before: Exception | None = None
        self.after: BaseException | None = None

    def send_email(self, **request: Any) -> dict[str, str]:
        if self.before:
            raise self.before
        self.taken.append(request)
        if self.after:
            raise self.after
        return {"MessageId": f"0100-mail-{len(self.taken)}"}

    def message(self) -> EmailMessage:
        found = email.message_from_bytes(self.taken[-1]["Content"]["Raw"]["Data"], policy=default)
        assert isinstance(found, EmailMessage)
        return found


class Office(House):
    """The house with a document that is made, and a mail service."""

    def __init__(self, world: World, address: str = TO) -> None:
        super().__init__(world, asks=True, channel="mail", address=address)
        self.tell()
        self.ses = Ses()
        world.handlers._extra["MAIL_SENDER"] = SENDER
        (self.event,) = [one for one in world.unsent() if one.detail_type == "InvoiceDocumentReady"]

    def deliver(self, body: Any = None) -> Any:
        event = self.event
        told = body or envelope(event.detail, event.time, event.detail_type, event.source)
        with patch.object(client, "ses", lambda: self.ses):
            return self.world.call(FUNCTION, sqs_batch(json.dumps(told)))

    def hears(self, detail_type: str, attempt: int = 1, **more: Any) -> Any:
        return self.deliver(mail_notice(detail_type, COMPANY, NUMBER, attempt, **more))

    def resend(self, at: str = "2026-09-03T09:00:00Z", **request: Any) -> Any:
        asked = {"resend": {"company": COMPANY, "invoice_number": NUMBER, "actor": "ann", **request}}
        with patch.object(client, "ses", lambda: self.ses):
            return self.world.call(FUNCTION, envelope(asked, at, "Manual Run", "project-invoicing.manual"))

    @property
    def mailed(self) -> MailedDocuments:
        return MailedDocuments(self.world.client, self.world.names.proposals_table)

    @property
    def state(self) -> MailState | None:
        found = self.mailed.get(COMPANY, NUMBER)
        return found.state if found else None

    def entries(self) -> list[HistoryEntry]:
        return [one for one in self.made.history(COMPANY, NUMBER) if one.what is not Done.DOCUMENT_MADE]

    def whats(self) -> list[Done]:
        return sorted(one.what for one in self.entries())


@pytest.fixture
def office(moto: None) -> Office:
    return Office(World())


def refused(code: str, status: int = 400) -> ClientError:
    said: Any = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, "SendEmail")


def test_a_document_is_mailed_once_with_its_files_and_the_history_says_so(office: Office) -> None:
    office.ask("attach", invoice_number=NUMBER, name="hours.csv", content="aG91cnM=")

    assert office.deliver() == office.deliver() == DONE

    (request,) = office.ses.taken
    assert (request["FromEmailAddress"], request["Destination"]) == (SENDER, {"ToAddresses": [TO]})
    tags = {one["Name"]: one["Value"] for one in request["EmailTags"]}
    assert tags == {"company": COMPANY, "invoice": NUMBER, "attempt": "1"}
    message, kept = office.ses.message(), office.objects()
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, TO, f"Invoice {NUMBER}")
    page = message.get_body(("html",))
    folder = f"{COMPANY}/2026/{NUMBER}/"
    assert page is not None
    assert page.get_content().split() == kept[f"{folder}invoice.html"].decode().split()
    files = {one.get_filename(): one.get_content() for one in message.iter_attachments()}
    assert files == {f"{NUMBER}.pdf": kept[f"{folder}invoice.pdf"], "hours.csv": b"hours"}
    entry = next(one for one in office.entries() if one.what is Done.MAILED)
    assert entry.after == {"attempt": 1, "address": TO, "message_id": "0100-mail-1", "attached": ["hours.csv"]}
    assert office.state is MailState.SENT


@pytest.mark.parametrize("channel", ["outbox", None])
def test_what_is_not_to_be_mailed_is_not(office: Office, channel: str | None) -> None:
    event = office.event
    detail = {**event.detail, "channel": channel}

    assert office.deliver(envelope(detail, event.time, event.detail_type, event.source)) == DONE
    assert (office.ses.taken, office.state) == ([], None)


def test_what_is_attached_later_goes_with_the_next_mail_and_nobody_hears_again_that_it_is_ready(office: Office) -> None:
    office.deliver()
    late, again = (
        office.ask("attach", invoice_number=NUMBER, name="receipt.pdf", content="JVBERi1yZWNlaXB0") for _ in range(2)
    )
    office.deliver()  # the event, delivered again

    assert late == again
    assert "its event names other files" in late["late"]
    (ready,) = office.ready()
    assert not any("receipt" in one["key"] for one in ready["files"])
    assert len(office.ses.taken) == 1
    assert office.resend()["outcome"] == "sent"
    files = {one.get_filename(): one.get_content() for one in office.ses.message().iter_attachments()}
    assert files["receipt.pdf"] == b"%PDF-receipt"
    mails = [one.after.get("attached") for one in office.entries() if one.what is Done.MAILED]
    assert sorted(mails, key=str) == sorted([None, ["receipt.pdf"]], key=str)


def test_a_run_that_dies_at_any_request_never_sends_twice(office: Office) -> None:
    before = snapshots.read(office.world)
    requests = counted(office, office.deliver)
    assert requests >= 6
    outcomes = set()
    for at in range(1, requests + 1):
        for applied in (False, True):
            snapshots.restore(office.world, snapshots.read(office.world), before)
            office.ses.taken.clear()
            with dying(office, at, applied=applied), pytest.raises(Killed):
                office.deliver()
            died_with = len(office.ses.taken)
            assert office.deliver() == office.deliver() == DONE
            assert len(office.ses.taken) <= 1
            assert office.state in (MailState.SENT, MailState.UNKNOWN)
            assert (office.state is MailState.SENT) <= (len(office.ses.taken) == 1)
            assert len(office.whats()) == 1
            outcomes.add((died_with, office.state))
            if office.state is MailState.UNKNOWN and died_with:  # what the service tells is believed
                office.hears("Email Delivered")
                found = office.mailed.get(COMPANY, NUMBER)
                assert found is not None
                assert found.state is MailState.DELIVERED
    assert outcomes == {
        (0, MailState.SENT),
        (0, MailState.UNKNOWN),
        (1, MailState.UNKNOWN),
        (1, MailState.SENT),
    }


def test_a_time_out_is_unknown_and_a_person_decides(office: Office) -> None:
    office.ses.after = ReadTimeoutError(endpoint_url="ses")
    with counting() as counts:
        office.deliver()
    office.ses.after = None
    office.deliver()
    assert (office.state, len(office.ses.taken)) == (MailState.UNKNOWN, 1)
    assert counts == {"InvoiceMailsInTrouble": 1}

    answer = office.resend()

    assert (answer["outcome"], answer["attempt"], answer["actor"], answer["address"]) == ("sent", 2, "ann", TO)
    assert len(office.ses.taken) == 2
    assert office.whats() == sorted([Done.MAIL_UNKNOWN, Done.MAIL_ASKED, Done.MAILED])
    asked = next(one for one in office.entries() if one.what is Done.MAIL_ASKED)
    assert (asked.who.id, asked.after) == ("ann", {"address": TO, "after": "unknown"})


def test_the_same_command_twice_is_one_mail_and_another_is_another(office: Office) -> None:
    office.deliver()
    again = [office.resend(to="boss@customer.example") for _ in range(2)]
    office.resend(at="2026-09-03T09:05:00Z")

    assert [one["attempt"] for one in again] == [2, 2]
    sent_to = [one["Destination"]["ToAddresses"][0] for one in office.ses.taken]
    assert sent_to == [TO, "boss@customer.example", "boss@customer.example"]


def test_a_command_that_dies_is_unknown_and_its_repetition_sends_nothing(office: Office) -> None:
    office.deliver()
    office.ses.after = Killed()
    with pytest.raises(Killed):
        office.resend()
    office.ses.after = None

    assert office.resend()["outcome"] == "unknown"
    assert len(office.ses.taken) == 2


def test_nobody_interferes_while_a_mail_is_being_sent(office: Office) -> None:
    office.ses.after = Killed()
    with pytest.raises(Killed):
        office.deliver()
    office.ses.after = None
    found = office.mailed.get(COMPANY, NUMBER)
    assert found is not None
    assert found.state is MailState.SENDING

    assert office.resend(at=found.claimed)["outcome"].startswith("refused: ")
    assert office.resend(at=f"{int(found.claimed[:4]) + 1}{found.claimed[4:19]}Z")["outcome"] == "sent"


@pytest.mark.parametrize("code", ["MessageRejected", "MailFromDomainNotVerifiedException", "AccessDeniedException"])
def test_a_mail_that_is_refused_has_failed_and_is_not_tried_again(office: Office, code: str) -> None:
    office.ses.before = refused(code)
    with counting() as counts:
        assert office.deliver() == office.deliver() == DONE

    assert (office.state, office.ses.taken, counts) == (MailState.FAILED, [], {"InvoiceMailsInTrouble": 1})
    (entry,) = office.entries()
    assert (entry.what, code in entry.after["detail"]) == (Done.MAIL_FAILED, True)


@pytest.mark.parametrize(
    "busy", [refused("TooManyRequestsException", 429), ConnectTimeoutError(endpoint_url="ses")], ids=["busy", "away"]
)
def test_what_the_service_did_not_take_is_tried_again_by_the_queue(office: Office, busy: Exception) -> None:
    office.ses.before = busy
    assert office.deliver() != DONE
    assert office.state is MailState.WAITING

    office.ses.before = None
    assert office.deliver() == DONE
    assert (office.state, len(office.ses.taken)) == (MailState.SENT, 1)


def test_an_error_of_the_service_is_unknown(office: Office) -> None:
    office.ses.before = refused("InternalFailure", 500)
    office.deliver()

    assert office.state is MailState.UNKNOWN


NOTICES: list[tuple[str, dict[str, Any]]] = [
    ("Email Sent", {}),
    ("Email Delivered", {"delivery": {}}),
    ("Email Opened", {"open": {"ipAddress": "192.0.2.1"}}),
    ("Email Bounced", {"bounce": {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"}}),
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_notices_come_in_any_order_and_as_often_as_they_like(office: Office, order: Sequence[int]) -> None:
    office.deliver()
    with counting() as counts:
        for place in (*order, *order):
            detail_type, more = NOTICES[place]
            assert office.hears(detail_type, **more) == DONE

    assert (office.state, counts) == (MailState.BOUNCED, {"InvoiceMailsInTrouble": 1})
    assert office.whats() == sorted([Done.MAILED, Done.MAIL_DELIVERED, Done.MAIL_OPENED, Done.MAIL_BOUNCED])
    bounced = next(one for one in office.entries() if one.what is Done.MAIL_BOUNCED)
    assert bounced.after["bounceSubType"] == "OnAccountSuppressionList"


def test_a_complaint_and_a_rejected_mail_are_trouble_and_a_delay_is_not(office: Office) -> None:
    office.deliver()
    states = []
    for detail_type in ("Email Delivery Delayed", "Email Complaint Received", "Email Rejected"):
        office.hears(detail_type)
        states.append(office.state)

    assert states == [MailState.SENT, MailState.COMPLAINED, MailState.FAILED]
    assert office.whats() == sorted([Done.MAILED, Done.MAIL_DELAYED, Done.MAIL_COMPLAINED, Done.MAIL_FAILED])


def test_the_reconciliation_names_a_mail_that_has_no_end_after_a_day(moto: None) -> None:
    world = World()
    world.handlers._extra["MAIL_SENDER"] = SENDER
    office = Office(world)

    def missing(at: str) -> list[str]:
        report = world.call("reconciliation", envelope({}, at, "Scheduled Event", "aws.events"))
        (check,) = [one for one in report["checks"] if one["name"] == "mails_missing"]
        assert check["counts"] == {"invoices": 1}
        return [one["detail"] for one in check["found"]]

    assert missing("2026-09-01T08:00:00Z") == []
    (lost,) = missing("2099-12-04T09:00:00Z")
    assert "its mail was not begun" in lost
    assert f"invoicing document resend {NUMBER}" in lost
    office.ses.before = refused("TooManyRequestsException", 429)
    assert office.deliver() != DONE
    (waiting,) = missing("2099-12-04T09:00:00Z")
    assert "its mail is waiting" in waiting
    office.ses.before = None
    office.deliver()
    assert missing("2099-12-04T09:00:00Z") == []


def test_what_a_stack_without_a_sender_did_not_mail_is_not_missing(office: Office) -> None:
    report = office.world.call("reconciliation", envelope({}, "2099-12-04T09:00:00Z", "Scheduled Event", "aws.events"))
    (check,) = [one for one in report["checks"] if one["name"] == "mails_missing"]
    assert (check["counts"], check["found"]) == ({}, [])


def test_a_notice_about_an_earlier_mail_changes_nothing_of_the_last_one(office: Office) -> None:
    office.deliver()
    office.resend(to="right@customer.example")
    for _ in range(2):
        office.hears("Email Bounced", attempt=1, bounce={"bounceType": "Permanent"})

    assert office.state is MailState.SENT
    assert office.whats().count(Done.MAIL_BOUNCED) == 1


def test_a_notice_about_no_mail_of_ours_goes_to_the_dead_letters(office: Office) -> None:
    assert office.hears("Email Bounced") != DONE
    assert office.deliver(envelope({"mail": {"tags": {}}}, "2026-09-02T09:00:00Z", "Email Bounced", "aws.ses")) != DONE
    assert office.entries() == []


def test_an_address_that_is_none_fails_before_anything_is_sent(office: Office) -> None:
    event = office.event
    for address in ("a@b.example\r\nBcc: x@y.example", None):
        detail = {**event.detail, "address": address}
        office.deliver(envelope(detail, event.time, event.detail_type, event.source))
        assert office.state is MailState.FAILED
    assert office.resend(to="a@b.example, c@d.example")["outcome"].startswith("refused: ")

    assert office.ses.taken == []


def test_a_file_that_is_not_what_was_made_is_never_sent(office: Office) -> None:
    key = f"{COMPANY}/2026/{NUMBER}/invoice.pdf"
    client.s3().put_object(Bucket=office.bucket, Key=key, Body=b"somebody else's")

    assert office.deliver() != DONE
    assert "its sha256 differs" in office.resend()["outcome"]
    assert (office.ses.taken, office.state) == ([], None)


def test_what_does_not_fit_is_left_out_and_said(office: Office) -> None:
    office.ask("attach", invoice_number=NUMBER, name="hours.csv", content="aG91cnM=")
    size = sum(map(len, office.objects().values()))
    with patch("project_invoicing.use_cases.invoice_sending.send.MOST", size * 78 // 57 + 4_000):
        office.deliver()

    entry = next(one for one in office.entries() if one.what is Done.MAILED)
    assert entry.after["left_out"] == ["hours.csv"]
    with patch("project_invoicing.use_cases.invoice_sending.send.MOST", 1_000):
        assert office.resend()["outcome"] == "failed"
    assert len(office.ses.taken) == 1


def test_a_stack_on_this_machine_keeps_mails_as_files(office: Office) -> None:
    del office.world.handlers._extra["MAIL_SENDER"]
    office.deliver()
    office.resend()

    mails = {key: data for key, data in office.objects().items() if key.endswith(".eml")}
    assert set(mails) == {f"outbox/mail/{COMPANY}/{NUMBER}-{number}.eml" for number in (1, 2)}
    assert all(f"To: {TO}".encode() in data for data in mails.values())
    assert office.ses.taken == []


def test_the_function_does_only_what_its_role_allows_and_all_of_it(office: Office) -> None:
    client.ses().create_email_identity(EmailIdentity=SENDER)
    with policies.enforced() as noted:
        office.ses = client.ses()
        office.deliver()
        office.resend()
        office.hears("Email Delivered", attempt=2)

    used = {use for use in noted if use.function == FUNCTION}
    unused = {use for use in policies.allowed() if use.function == FUNCTION} - used
    assert {use.action for use in unused if not use.action.startswith("sqs:")} == set()


@contextmanager
def counting() -> Iterator[dict[str, int]]:
    """What the function counts."""
    counts: dict[str, int] = {}

    def add(name: str, value: int, **_: Any) -> None:
        counts[name] = counts.get(name, 0) + int(value)

    with patch.object(metrics, "add_metric", add):
        yield counts


@contextmanager
def listening(office: Office, before: Callable[[], object], after: Callable[[], object]) -> Iterator[None]:
    """Tells of every request to tables, bucket and mail service."""
    send = office.ses.send_email

    def told(**_: Any) -> None:
        before()

    def heard(**_: Any) -> None:
        after()

    def sent(**request: Any) -> dict[str, str]:
        before()
        answer = send(**request)
        after()
        return answer

    with ExitStack() as until_end:
        for one, service in ((client.dynamodb(), "dynamodb"), (client.s3(), "s3")):
            events: Any = one.meta.events
            for event, handler in ((f"before-call.{service}", told), (f"after-call.{service}", heard)):
                events.register(event, handler)
                until_end.callback(events.unregister, event, handler)
        until_end.enter_context(patch.object(office.ses, "send_email", sent))
        yield


def counted(office: Office, run: Callable[[], object]) -> int:
    sent: list[None] = []
    with listening(office, lambda: sent.append(None), lambda: None):
        run()
    return len(sent)


@contextmanager
def dying(office: Office, at: int, *, applied: bool) -> Iterator[None]:
    sent = 0

    def before() -> None:
        nonlocal sent
        sent += 1
        if sent > at or (sent == at and not applied):
            raise Killed

    def after() -> None:
        if sent == at and applied:
            raise Killed

    with listening(office, before, after):
        yield
