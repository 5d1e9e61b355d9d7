"""What makes batches dies at any request, or meets another that does the same (reference 2 and 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.domain.codes import BatchState
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.store import client
from project_invoicing.use_cases.ledger_batches import build
from tests import snapshots
from tests.books import COMPANY, JUNE, Books, small
from tests.faults import Killed
from tests.thorough import thorough

STEP = thorough(4, 1)
"""Every request is tried at night; every fourth, from a different one on in each test, before that."""
POSTED = {f"PV-{number:08d}": 2 for number in (1, 2, 3, 4, 5, 90, 91)}
LATE = {"PV-00000070": 2, "PV-00000071": 2}

pytestmark = pytest.mark.slow


class Tried(Books):
    """Two periods, one document in both of them, and more documents than a transaction takes here."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(1, 6):
            self.post(JOURNAL, f"J-{number}", small(number))
        self.post(JOURNAL, "J-both", small(90), small(91, JUNE))
        self.before = snapshots.read(self)
        self.requests = self._requests()
        self.expected = self.hashes()

    def _requests(self) -> int:
        sent: list[str] = []
        self.building()  # the set-up is read once in a process
        with listening(sent.append, lambda: None):
            self.build()
        return len(sent)

    def again(self) -> None:
        """As it was before any batch."""
        snapshots.restore(self, snapshots.read(self), self.before)
        s3, bucket = client.s3(), self.names.ledger_bucket
        for one in s3.list_object_versions(Bucket=bucket).get("Versions", []):
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])

    def places(self, first: int) -> Iterator[int]:
        """The requests at which something happens, each in books as they were before any batch."""
        for at in range(first, self.requests + 1, STEP):
            self.again()
            yield at

    def must_be_whole(self, posted: dict[str, int]) -> None:
        """Each voucher is in one batch, no number is left out, manifests name each other, files are put once."""
        batches = self.batches
        assert [one.number for one in batches] == list(range(1, len(batches) + 1))
        assert {one.state for one in batches} == {BatchState.READY}
        assert self.waiting() == []
        assert Counter(line["voucher"] for batch in batches for line in self.lines(batch)) == posted
        hashes, previous = self.hashes(), None
        for batch in batches:
            manifest = self.manifest(batch)
            folder = f"ledger/{COMPANY}/{batch.period}/ledger/{batch.number:06d}"
            assert manifest["previous_sha256"] == previous
            assert batch.manifest_sha256 == (previous := hashes[f"{folder}/manifest.json"])
            for name, file in manifest["files"].items():
                assert file["sha256"] == hashes[f"{folder}/{name}"]
        assert self.versions() == len(hashes) == 3 * len(batches)
        ready = [one.detail["number"] for one in self.unsent() if one.detail_type == "LedgerBatchReady"]
        assert sorted(ready) == [one.number for one in batches]


@pytest.fixture
def books(moto: None) -> Iterator[Tried]:
    with patch.object(build, "DOCUMENTS", 2):
        yield Tried()


@contextmanager
def listening(before: Callable[[str], object], after: Callable[[], object]) -> Iterator[None]:
    """Tells of every request to tables and bucket, before it is sent and after its answer."""
    with ExitStack() as until_end:
        for one, service in ((client.dynamodb(), "dynamodb"), (client.s3(), "s3")):
            events: Any = one.meta.events
            handlers: dict[str, Callable[..., None]] = {
                f"before-call.{service}": lambda model, **_: _said_nothing(before(model.name)),
                f"after-call.{service}": lambda **_: _said_nothing(after()),
            }
            for event, handler in handlers.items():
                events.register(event, handler)
                until_end.callback(events.unregister, event, handler)
        yield


def _said_nothing(_: object) -> None:
    """What a handler returns would be taken for the answer."""


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


@contextmanager
def meanwhile(at: int, happens: Callable[[], object]) -> Iterator[None]:
    """Something happens, whole, before the request number ``at`` is sent."""
    sent = 0

    def before(_: str) -> None:
        nonlocal sent
        sent += 1
        if sent == at:
            happens()

    with listening(before, lambda: None):
        yield


@pytest.mark.parametrize("applied", [False, True])
def test_02_a_run_that_dies_anywhere_leaves_what_the_next_one_finishes(books: Tried, applied: bool) -> None:
    assert books.requests > 30
    for at in books.places(2 if applied else 1):
        with dying(at, applied=applied), pytest.raises(Killed):
            books.build()
        books.build()
        books.build()
        books.must_be_whole(POSTED)
        assert books.hashes() == books.expected, f"died at {at} of {books.requests}"


def test_03_another_run_at_any_request_of_this_one_leaves_each_voucher_in_one_batch(books: Tried) -> None:
    for at in books.places(3):
        with meanwhile(at, books.build):
            books.build()
        books.must_be_whole(POSTED)


def test_what_is_posted_while_batches_are_made_is_in_one_batch_of_each_of_its_periods(books: Tried) -> None:
    for at in books.places(4):
        with meanwhile(at, lambda: books.post(JOURNAL, "A-late", small(70), small(71, JUNE))):
            books.build()
        books.build()
        books.must_be_whole(POSTED | LATE)
