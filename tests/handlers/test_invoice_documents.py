"""The function that makes documents of invoices: once, the same bytes, whatever dies, and for those who ask."""

from __future__ import annotations

import gzip
import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import Any
from unittest.mock import patch

import pytest

from benchmarks.business import Work, finance, into_staging
from project_invoice_documents import rendering
from project_invoicing.domain.history import Done
from project_invoicing.domain.made_document import MadeDocument
from project_invoicing.setup.models.documents import BrandEntry
from project_invoicing.store import client
from project_invoicing.store.made_documents import MadeDocuments
from project_invoicing.use_cases.invoice_documents.make import Making
from tests import policies, snapshots
from tests.faults import Killed
from tests.harness import World, envelope, sqs_batch
from tests.posted import NUMBER, posted_invoice
from tests.store_free.test_document_setup import png

FUNCTION = "invoice_documents"
COMPANY = "USPM"
ADDRESS = {"street": "1 Main Street", "city": "Springfield", "postal_code": "01101", "country": "US"}
LATER = "2026-09-02T09:00:00Z"


class House:
    """A posted invoice of one line, of a company that asks for documents or not, with the bucket for them."""

    def __init__(self, world: World, *, asks: bool, logo: bytes = b"", lines: int = 1, **delivery: str) -> None:
        self.world = world
        self.bucket = world.names.document_bucket
        client.s3().create_bucket(Bucket=self.bucket, ObjectLockEnabledForBucket=True)
        document: dict[str, Any] = deepcopy(finance())
        if asks:
            document["companies"][COMPANY]["document"] = {
                "legal_name": "Contoso Ltd",
                "address": ADDRESS,
                "tax_id": "US-1",
                **({"brand": {"logo": b64encode(logo).decode()}} if logo else {}),
            }
            for customer in document["customers"][COMPANY].values():
                customer.update(address=ADDRESS, tax_id="US-2", **({"delivery": delivery} if delivery else {}))
        with patch("tests.posted.finance", lambda: document):
            posted_invoice(world, lines)
        (self.posted,) = [one for one in world.unsent() if one.detail_type == "CustomerInvoicePosted"]
        world.at = LATER

    def tell(self) -> Any:
        body = envelope(self.posted.detail, self.posted.time, self.posted.detail_type, self.posted.source)
        return self.world.call(FUNCTION, sqs_batch(json.dumps(body)))

    def ask(self, action: str, **request: Any) -> Any:
        asked = {"company": COMPANY, "actor": "ann", **request}
        return self.world.call(FUNCTION, envelope({action: asked}, LATER, "Manual Run", "project-invoicing.manual"))

    def objects(self) -> dict[str, bytes]:
        s3 = client.s3()
        found = s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {one["Key"]: s3.get_object(Bucket=self.bucket, Key=one["Key"])["Body"].read() for one in found}

    def versions(self) -> int:
        return len(client.s3().list_object_versions(Bucket=self.bucket).get("Versions", []))

    def ready(self) -> list[dict[str, Any]]:
        return [dict(one.detail) for one in self.world.unsent() if one.detail_type == "InvoiceDocumentReady"]

    @property
    def made(self) -> MadeDocuments:
        return MadeDocuments(self.world.client, self.world.names.proposals_table)

    def done(self) -> list[Done]:
        return [one.what for one in self.made.history(COMPANY, NUMBER)]

    def forget(self) -> None:
        """That the document was made. Another house would post again."""
        key = {"pk": {"S": f"INVOICE#{COMPANY}#{NUMBER}"}, "sk": {"S": "DOCUMENT"}}
        self.world.client.delete_item(TableName=self.world.names.proposals_table, Key=key)

    def empty(self) -> None:
        s3 = client.s3()
        for one in s3.list_object_versions(Bucket=self.bucket).get("Versions", []):
            s3.delete_object(Bucket=self.bucket, Key=one["Key"], VersionId=one["VersionId"])


@pytest.fixture
def house(moto: None) -> House:
    return House(World(), asks=True)


def test_a_posted_invoice_gets_its_files_once_with_their_hashes_in_event_and_history(house: House) -> None:
    assert house.tell() == house.tell() == {"batchItemFailures": []}

    folder = f"{COMPANY}/2026/{NUMBER}/"
    assert set(house.objects()) == {f"{folder}invoice.pdf", f"{folder}invoice.html"}
    assert house.versions() == 2
    (event,) = house.ready()
    hashes = {key: hashlib.sha256(data).hexdigest() for key, data in house.objects().items()}
    assert {one["key"]: one["sha256"] for one in event["files"]} == hashes
    (entry,) = house.made.history(COMPANY, NUMBER)
    assert entry.what is Done.DOCUMENT_MADE
    assert {f"{folder}{name}": digest for name, digest in entry.after["files"].items()} == hashes


def test_what_an_access_point_sends_is_put_into_its_outbox_too_once_and_the_history_says_so(moto: None) -> None:
    house = House(World(), asks=True, channel="outbox")
    requests = counted(house.tell)
    house.tell()

    kept, put = f"{COMPANY}/2026/{NUMBER}/", f"outbox/{COMPANY}/{NUMBER}/"
    objects = house.objects()
    assert {key.removeprefix(put): data for key, data in objects.items() if key.startswith(put)} == {
        key.removeprefix(kept): data for key, data in objects.items() if key.startswith(kept)
    }
    assert house.versions() == len(objects) == 4
    assert sorted(house.done()) == [Done.DOCUMENT_MADE, Done.IN_OUTBOX]
    assert house.ready()[0]["channel"] == "outbox"
    house.empty()
    house.forget()
    with dying(requests - 2, applied=True), pytest.raises(Killed):
        house.tell()
    house.tell()
    assert house.objects() == objects
    assert house.versions() == 4


def test_a_company_that_does_not_ask_gets_a_document_by_command_alone(moto: None) -> None:
    house = House(World(), asks=False)
    assert house.tell() == {"batchItemFailures": []}
    assert house.objects() == {}

    answer = house.ask("make", invoice_number=NUMBER)

    assert answer["outcome"] == "made"
    assert len(house.objects()) == 2
    assert next(iter(house.made.history(COMPANY, NUMBER))).who.id == "ann"


def test_the_stored_file_is_shown_and_another_language_is_a_copy_that_is_not_kept(house: House) -> None:
    house.tell()
    kept = house.objects()

    shown = house.ask("show", invoice_number=NUMBER, format="html")
    copy = house.ask("show", invoice_number=NUMBER, format="html", language="de")

    assert not shown["copy"]
    assert content(shown) == kept[f"{COMPANY}/2026/{NUMBER}/invoice.html"]
    assert copy["copy"]
    assert "Kopie" in content(copy).decode()
    assert house.ask("show", invoice_number=NUMBER, language="ar")["outcome"].endswith("one of en, de, fr, es, pl, ja")
    assert house.objects() == kept

    unchecked = house.ask("show", invoice_number=NUMBER, format="xml", language="de")["outcome"]
    assert unchecked.endswith("gets no e-invoices")

    house.empty()
    lost = house.ask("show", invoice_number=NUMBER)
    gone = f"{COMPANY}/2026/{NUMBER}/invoice.pdf is in the bucket no more"
    assert lost["outcome"] == f"refused: {gone}"
    assert lost["refused"] == [{"company": COMPANY, "document": NUMBER, "reason": "files_differ", "detail": gone}]


def test_the_same_bytes_are_made_again_after_set_up_address_logo_texts_and_clock_have_changed(moto: None) -> None:
    house = House(World(), asks=True, logo=png())
    house.tell()
    first = house.objects()
    house.forget()
    house.empty()
    other: dict[str, Any] = deepcopy(finance())
    other["companies"][COMPANY] |= {"name": "Renamed"}
    other["companies"][COMPANY]["document"] = {
        "legal_name": "Somebody Else",
        "address": {**ADDRESS, "city": "Elsewhere"},
        "texts": {"en": {"closing": "Bye."}},
        "brand": {"primary": "#000000", "logo": b64encode(png(b"\x00\x99")).decode()},
        "language": "de",
    }
    house.world.load(other)
    house.world.at = "2036-02-03T04:05:06Z"
    with patch("time.time", lambda: 2_100_000_000.0):
        assert house.ask("make", invoice_number=NUMBER)["outcome"] == "made"
    assert house.objects() == first


def test_a_large_file_comes_in_parts(house: House) -> None:
    house.tell()
    kept = house.objects()[f"{COMPANY}/2026/{NUMBER}/invoice.html"]
    data, parts = b"", 0
    offset: int | None = 0
    with patch("project_invoicing.use_cases.invoice_documents.inbox.MOST_ANSWERED", 1_000):
        while offset is not None:
            part = house.ask("show", invoice_number=NUMBER, format="html", offset=offset)
            data += gzip.decompress(b64decode(part["content"]))
            offset, parts = part["next"], parts + 1
    assert data == kept
    assert parts == -(-len(kept) // 1_000) > 1
    assert house.ask("show", invoice_number=NUMBER, offset=10**9)["outcome"].startswith("refused: the file has ")


def test_what_was_posted_while_the_function_was_down_is_made_by_one_command(house: House) -> None:
    month = house.posted.detail["invoice_date"][:7]

    first, second = (house.ask("make_all", month=month) for _ in range(2))

    assert [one["invoice_number"] for one in first["made"]] == [NUMBER]
    assert (second["made"], second["there"], second["finished"]) == ([], 1, True)
    assert house.ask("make_all", month="2025-01")["made"] == []
    assert house.versions() == 2


def test_the_reconciliation_names_an_invoice_without_a_document_until_it_has_one(house: House) -> None:
    def missing() -> list[str]:
        report = house.world.call("reconciliation", envelope({}, LATER, "Scheduled Event", "aws.events"))
        (check,) = [one for one in report["checks"] if one["name"] == "documents_missing"]
        assert check["counts"] == {"invoices": 1}
        return [one["id"] for one in check["found"]]

    assert missing() == [NUMBER]
    house.tell()
    assert missing() == []


def test_a_file_in_the_bucket_that_is_not_ours_is_left_alone_and_told(house: House) -> None:
    key = f"{COMPANY}/2026/{NUMBER}/invoice.pdf"
    client.s3().put_object(Bucket=house.bucket, Key=key, Body=b"somebody else's")

    assert house.tell()["batchItemFailures"]

    assert house.objects()[key] == b"somebody else's"
    assert house.ready() == []


def test_a_logo_that_nothing_can_draw_is_left_out_and_the_history_says_so(moto: None) -> None:
    house = House(World(), asks=True, logo=png())
    with patch.object(rendering, "logo_fault", lambda logo: "it is damaged"):
        house.tell()

    (entry,) = house.made.history(COMPANY, NUMBER)
    assert entry.after["left_out"] == "the logo: it is damaged"
    assert b"data:image" not in house.objects()[f"{COMPANY}/2026/{NUMBER}/invoice.html"]


def test_a_document_is_not_made_with_another_logo_than_its_invoice_was_posted_with(moto: None) -> None:
    house = House(World(), asks=True, logo=png())
    for another in (png(b"\x00\x99"), None):
        with patch.object(BrandEntry, "logo_bytes", another):
            answer = house.ask("make", invoice_number=NUMBER)
        assert "has not the logo that" in answer["outcome"]
    assert (house.ready(), house.objects()) == ([], {})
    house.tell()
    assert b"data:image/png" in house.objects()[f"{COMPANY}/2026/{NUMBER}/invoice.html"]


def test_an_attachment_is_put_once_and_named_with_the_document(house: House) -> None:
    sheet = b64encode(b"hours").decode()
    twice = [house.ask("attach", invoice_number=NUMBER, name="time sheets.csv", content=sheet) for _ in range(2)]
    other = house.ask("attach", invoice_number=NUMBER, name="time sheets.csv", content=b64encode(b"other").decode())
    house.tell()

    assert [one["outcome"] for one in twice] == ["attached", "attached"]
    assert other["outcome"].startswith("refused: ")
    (event,) = house.ready()
    assert f"{COMPANY}/2026/{NUMBER}/attachments/time%20sheets.csv" in {one["key"] for one in event["files"]}
    assert sorted(house.done()) == [Done.ATTACHED, Done.DOCUMENT_MADE]


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "x\r\ny", "..", "", "a" * 151, "東" * 60])
def test_an_attachment_needs_a_name_of_a_file(house: House, name: str) -> None:
    answer = house.ask("attach", invoice_number=NUMBER, name=name, content="eA==")

    assert answer["outcome"].startswith("refused: ")
    assert house.objects() == {}


@pytest.mark.slow
def test_a_run_that_dies_at_any_request_is_finished_by_the_next_with_the_same_bytes(house: House) -> None:
    before = snapshots.read(house.world)
    requests = counted(house.tell)
    whole = house.objects()
    assert requests >= 6
    for at in range(1, requests + 1):
        for applied in (False, True):
            snapshots.restore(house.world, snapshots.read(house.world), before)
            house.empty()
            with dying(at, applied=applied), pytest.raises(Killed):
                house.tell()
            assert house.tell() == {"batchItemFailures": []}
            assert house.objects() == whole
            assert house.versions() == len(whole)
            assert len(house.ready()) == 1
            assert house.done() == [Done.DOCUMENT_MADE]


def test_what_an_earlier_version_has_put_stays_and_the_rest_is_made_by_the_version_of_now(house: House) -> None:
    requests = counted(house.tell)
    whole = house.objects()
    before_last = requests - 1
    house.empty()
    house.forget()
    with dying(before_last, applied=True), pytest.raises(Killed):
        house.tell()
    put = set(house.objects())
    made = rendering.files
    with (
        patch.object(rendering, "VERSION", rendering.VERSION + 1),
        patch.object(rendering, "files", lambda *given: {name: data + b" " for name, data in made(*given).items()}),
    ):
        house.tell()

    assert set(house.objects()) == set(whole)
    assert all(house.objects()[key] == whole[key] for key in put)
    found = house.made.get(COMPANY, NUMBER)
    assert found is not None
    stored = {f"{COMPANY}/2026/{NUMBER}/{one.name}": (one.sha256, one.bytes) for one in found.files}
    assert stored == {key: (hashlib.sha256(data).hexdigest(), len(data)) for key, data in house.objects().items()}


def test_another_version_that_is_slower_changes_nothing_of_a_document_that_is_ready(house: House) -> None:
    house.tell()
    before = house.made.get(COMPANY, NUMBER)
    made, finished, looks = rendering.files, Making._finished, iter([False])

    def too_early(making: Making, company: str, number: str) -> MadeDocument | None:
        """It looks before the other is ready, and not again until it is."""
        return finished(making, company, number) if next(looks, True) else None

    with (
        patch.object(rendering, "files", lambda *given: {name: data + b" " for name, data in made(*given).items()}),
        patch.object(Making, "_finished", too_early),
    ):
        answer = house.ask("make", invoice_number=NUMBER)

    assert answer["outcome"] == "made"
    assert house.made.get(COMPANY, NUMBER) == before


def test_the_function_does_only_what_its_role_allows_and_all_of_it(house: House) -> None:
    world, work = house.world, Work(lines=1, name="next")
    into_staging(world, work.unbilled)
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(work.header)
    into_staging(world, work.sales)
    world.run("staging_import")
    with policies.enforced() as noted:
        house.tell()
        house.ask("make_all", month="2026-08")
        preview = house.ask("preview", proposal_id=work.number, format="html")
        house.ask("show", invoice_number=NUMBER)
        house.ask("attach", invoice_number=NUMBER, name="hours.csv", content="aG91cnM=")

    assert "PREVIEW" in content(preview).decode()
    used = {use for use in noted if use.function == FUNCTION}
    unused = {use for use in policies.allowed() if use.function == FUNCTION} - used
    rare = {("dynamodb:Query", "SetupTable"), ("dynamodb:BatchGetItem", "StagingTable")}
    """A set-up of several items, and lines whose rows a draft looks at again."""
    assert {(use.action, use.resource) for use in unused if not use.action.startswith("sqs:")} == rare


def content(answer: Any) -> bytes:
    return gzip.decompress(b64decode(answer["content"]))


@contextmanager
def listening(before: Callable[[str], object], after: Callable[[], object]) -> Iterator[None]:
    """Tells of every request to tables and bucket, before it is sent and after its answer."""

    def told(model: Any, **_: Any) -> None:
        before(model.name)

    def heard(**_: Any) -> None:
        after()

    with ExitStack() as until_end:
        for one, service in ((client.dynamodb(), "dynamodb"), (client.s3(), "s3")):
            events: Any = one.meta.events
            for event, handler in ((f"before-call.{service}", told), (f"after-call.{service}", heard)):
                events.register(event, handler)
                until_end.callback(events.unregister, event, handler)
        yield


def counted(run: Callable[[], object]) -> int:
    sent: list[str] = []
    with listening(sent.append, lambda: None):
        run()
    return len(sent)


@contextmanager
def dying(at: int, *, applied: bool) -> Iterator[None]:
    """The process dies at its request number ``at``: before it is sent, or after its answer."""
    sent = 0

    def before(name: str) -> None:
        nonlocal sent
        sent += 1
        if sent > at or (sent == at and not applied):
            raise Killed(name)

    def after() -> None:
        if sent == at and applied:
            raise Killed

    with listening(before, after):
        yield
