"""The chain alone: 10,000 documents are verified, and whatever somebody does to them is named. No store."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain as chained
from typing import Any

import pytest

from project_invoicing.domain.sealed_items import Document, Found
from project_invoicing.domain.seals import (
    PLACES,
    End,
    Entry,
    Seal,
    Stored,
    hash_of,
    item_hash,
    made,
    parsed,
    place_of,
    seal_at,
)
from project_invoicing.rules.audit_chain import AuditChain, Wrong

DONE, SEALED, NOW = "2026-08-31T09:00:00Z", "2026-08-31T09:05:00Z", "2026-08-31T15:00:00Z"
COMPANY = "USPM"
Key = tuple[str, str, str]


@dataclass
class Books:
    """Posted documents, each with one page in the ledger and one entry in its history, sealed some at a time."""

    documents: int
    a_seal: int = 3
    found: dict[Key, Found] = field(default_factory=dict)
    headers: dict[str, Document] = field(default_factory=dict)
    seals: list[Seal] = field(default_factory=list)
    end: End | None = None
    kept: dict[tuple[str, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        waiting: list[Entry] = []
        for n in range(1, self.documents + 1):
            pk, place = f"JOURNAL#{COMPANY}#{n:06d}", place_of(COMPANY, (n - 1) // self.a_seal + 1)
            history = f"HISTORY#{pk}"
            self.headers[pk] = Document(pk, history, COMPANY, "posted", None, place)
            for table, partition, sk in (("journals", history, f"{DONE}#1"), ("ledger", pk, "V#000001")):
                made_of = hash_of(f"{partition} {sk}")
                self.found[table, partition, sk] = Found(table, partition, sk, made_of, None, None, place)
                waiting.append(Entry(table, partition, sk, made_of))
            if n % self.a_seal == 0 or n == self.documents:
                self._seal(waiting)
                waiting = []
        self.end = self.ends()
        self.kept = {(COMPANY, seal.number): hash_of(seal.text) for seal in self.seals}

    def _seal(self, entries: list[Entry]) -> None:
        before = hash_of(self.seals[-1].text) if self.seals else ""
        self.seals.append(made(COMPANY, len(self.seals) + 1, SEALED, before, (DONE, DONE), entries))

    def ends(self) -> End:
        return End(COMPANY, len(self.seals), hash_of(self.seals[-1].text))

    def key(self, table: str, n: int) -> Key:
        return next(key for key in self.found if key[0] == table and f"{n:06d}" in key[1])

    def forge(self, number: int, entries: tuple[Entry, ...], *, rebuilt: bool = False) -> None:
        """Somebody writes a seal anew, and with ``rebuilt`` all that follow it, with hashes that agree."""
        self.seals[number - 1] = replace(self.seals[number - 1], entries=entries)
        for n in range(number, len(self.seals) if rebuilt else number):
            self.seals[n] = replace(self.seals[n], previous=hash_of(self.seals[n - 1].text))

    def verify(self, *ends: End, bucket: bool = False, marked: bool = True, at: str = NOW) -> dict[str, Any]:
        chain = AuditChain(at, marked)
        for item in chained[Found | Document](self.found.values(), self.headers.values()):
            chain.take(item)
        stored = (Stored(seal.number, hash_of(seal.text), seal.text) for seal in self.seals)
        chain.read(COMPANY, stored, self.end)
        chain.ends(ends)
        if bucket:
            chain.kept(self.kept)
        return chain.report()


@pytest.fixture
def books() -> Books:
    return Books(10)


def first(report: dict[str, Any]) -> tuple[str, int | None, str | None]:
    """What is wrong first, in which seal, and with which document."""
    fault = report["first"]
    assert not report["ok"]
    entry = fault["entry"]
    return fault["what"], fault["seal"], f"{entry['table']} {entry['partition'][-6:]}" if entry else None


def test_ten_thousand_documents_are_verified_and_one_byte_of_them_is_found() -> None:
    books = Books(10_000, a_seal=48)
    report = books.verify(books.ends(), bucket=True)
    assert (report["ok"], report["entries"], report["posted"], report["waiting"]) == (True, 20_000, 10_000, 0)
    (chain,) = report["chains"]
    assert (chain["seals"], chain["entries"], chain["hash"]) == (209, 20_000, books.ends().hash)
    key = books.key("ledger", 7_777)
    books.found[key] = books.found[key]._replace(hash=hash_of("one byte more"))
    changed = books.verify()
    assert (first(changed), len(changed["faults"])) == (("changed", 163, "ledger 007777"), 1)


def test_the_first_of_several_is_the_one_that_was_sealed_first(books: Books) -> None:
    for n in (9, 4):
        del books.found[books.key("ledger", n)]
    key = books.key("journals", 8)
    books.found[key] = books.found[key]._replace(hash="-")
    report = books.verify()
    assert first(report) == ("removed", 2, "ledger 000004")
    assert [(fault["what"], fault["seal"]) for fault in report["faults"]] == [
        ("removed", 2),
        ("changed", 3),
        ("removed", 3),
    ]


def test_a_page_that_is_slipped_into_a_sealed_document_is_named(books: Books) -> None:
    key = ("ledger", f"JOURNAL#{COMPANY}#000005", "V#000002")
    books.found[key] = Found(*key, "hash", None, None, None)
    assert first(books.verify()) == ("added", None, "ledger 000005")


@pytest.mark.parametrize(
    ("pk", "place", "chain"),
    [
        (f"JOURNAL#{COMPANY}#000005", "GBSI#1", COMPANY),  # its document says more than the entry itself
        ("JOURNAL#GBSI#000001", "GBSI#1", "GBSI"),
        ("nobody's", None, "-"),
    ],
)
def test_an_entry_that_is_slipped_in_is_counted_in_a_chain(
    books: Books, pk: str, place: str | None, chain: str
) -> None:
    key = ("ledger", pk, "V#000002")
    books.found[key] = Found(*key, "hash", None, None, place)
    assert {fault["chain"] for fault in books.verify()["faults"]} == {chain}


@pytest.mark.parametrize(("since", "place"), [(None, None), (None, f"{COMPANY}#2")])
def test_an_entry_that_is_slipped_in_is_named_whatever_it_says_of_itself(
    books: Books, since: str | None, place: str | None
) -> None:
    key = ("journals", f"HISTORY#JOURNAL#{COMPANY}#000005", f"{DONE}#2")
    books.found[key] = Found(*key, "hash", DONE, since, place)
    assert first(books.verify()) == ("added", None, "journals 000005")


def test_entries_that_change_places_are_named_even_where_all_hashes_agree(books: Books) -> None:
    a, b, *rest = books.seals[-1].entries
    books.forge(len(books.seals), (b, a, *rest))
    books.end = books.ends()
    assert first(books.verify())[:2] == ("out of order", 4)


def test_an_entry_that_is_moved_to_another_seal_shows_in_both(books: Books) -> None:
    moved = books.seals[0].entries[0]
    books.forge(2, tuple(sorted((*books.seals[1].entries, moved))), rebuilt=True)
    books.end = books.ends()
    report = books.verify()
    assert first(report)[:2] == ("sealed twice", 2)


def test_a_seal_that_is_changed_is_named_with_what_it_hides(books: Books) -> None:
    """Somebody changes a page, writes its new hash into the seal, and does not make the later seals anew."""
    key = books.key("ledger", 5)
    books.found[key] = books.found[key]._replace(hash="forged")
    entries = tuple(entry._replace(hash="forged") if entry.key == key else entry for entry in books.seals[1].entries)
    books.forge(2, entries)
    report = books.verify()
    assert first(report) == ("seal changed", 2, None)
    assert report["more"] == 0


def test_only_what_is_kept_elsewhere_shows_a_chain_that_was_made_anew(books: Books) -> None:
    kept, key = books.ends(), books.key("ledger", 5)
    books.found[key] = books.found[key]._replace(hash="forged")
    entries = tuple(entry._replace(hash="forged") if entry.key == key else entry for entry in books.seals[1].entries)
    books.forge(2, entries, rebuilt=True)
    books.end = books.ends()
    assert books.verify()["ok"], "whoever may write everything can do this"
    assert first(books.verify(kept)) == ("seal changed", 4, None)
    assert first(books.verify(bucket=True)) == ("seal changed", 2, None)


def cut(books: Books) -> None:
    """The last seal goes, with all that it holds."""
    for entry in books.seals.pop().entries:
        del books.found[entry.key]


def test_a_seal_that_is_missing_is_named(books: Books) -> None:
    del books.seals[1]
    assert first(books.verify()) == ("seal removed", 2, None)


@pytest.mark.parametrize("shown_by", ["end of the table", "end kept elsewhere", "bucket"])
def test_the_end_of_a_chain_that_was_cut_off_is_named(books: Books, shown_by: str) -> None:
    kept = books.ends()
    cut(books)
    if shown_by != "end of the table":
        books.end = books.ends()
    ends = (kept,) if shown_by == "end kept elsewhere" else ()
    assert first(books.verify(*ends, bucket=shown_by == "bucket")) == ("seal removed", 4, None)


def test_an_entry_that_names_a_seal_behind_the_end_shows_that_it_was_cut_off(books: Books) -> None:
    books.seals.pop()
    books.end = books.ends()
    assert first(books.verify()) == ("seal removed", 4, None)


def test_a_whole_chain_that_is_gone_is_missed_by_its_entries_and_by_whoever_kept_its_end(books: Books) -> None:
    kept = books.ends()
    books.seals.clear()
    chain = AuditChain(NOW)
    chain.ends([kept])
    assert [(fault.what, fault.seal) for fault in chain.faults] == [(Wrong.SEAL_REMOVED, n) for n in range(1, 5)]


@pytest.mark.parametrize(("at", "late"), [("2026-08-31T09:59:00Z", False), ("2026-08-31T10:01:00Z", True)])
def test_what_waits_to_be_sealed_is_counted_and_after_an_hour_a_fault(books: Books, at: str, *, late: bool) -> None:
    pk = f"JOURNAL#{COMPANY}#000011"
    books.headers[pk] = Document(pk, f"HISTORY#{pk}", COMPANY, "posted", DONE, None)
    page, posted = ("ledger", pk, "V#000001"), ("journals", f"HISTORY#{pk}", f"{DONE}#1")
    books.found[page] = Found(*page, "hash", None, None, None)
    books.found[posted] = Found(*posted, "hash", DONE, DONE, None)
    report = books.verify(at=at)
    assert (report["waiting"], report["oldest"], report["ok"]) == (2, DONE, not late)
    assert {fault["what"] for fault in report["faults"]} == ({Wrong.NOT_SEALED} if late else set())


def test_the_pages_of_a_document_that_is_being_posted_wait_since_its_posting_began(books: Books) -> None:
    pk = f"JOURNAL#{COMPANY}#000011"
    books.headers[pk] = Document(pk, f"HISTORY#{pk}", COMPANY, "processing", None, None)
    page, claimed = ("ledger", pk, "V#000001"), ("journals", f"HISTORY#{pk}", f"{DONE}#1")
    books.found[page] = Found(*page, "hash", None, None, None)
    books.found[claimed] = Found(*claimed, "hash", DONE, DONE, None)
    report = books.verify(at=SEALED)
    assert (report["waiting"], report["oldest"], report["ok"]) == (2, DONE, True)


def test_what_an_earlier_version_wrote_is_not_sealed_and_says_what_to_do(books: Books) -> None:
    pk = f"JOURNAL#{COMPANY}#000011"
    books.headers[pk] = Document(pk, f"HISTORY#{pk}", COMPANY, "posted", None, None)
    books.found["ledger", pk, "V#000001"] = Found("ledger", pk, "V#000001", "hash", None, None, None)
    report = books.verify(marked=False)
    assert first(report) == ("added", None, "ledger 000011")
    assert "audit backfill" in report["first"]["detail"]


def test_a_seal_that_the_bucket_lacks_is_a_fault_once_it_is_an_hour_old(books: Books) -> None:
    del books.kept[COMPANY, 3]
    assert books.verify(bucket=True, at="2026-08-31T09:30:00Z")["ok"]
    assert first(books.verify(bucket=True)) == ("not in the bucket", 3, None)


# --- texts and hashes -------------------------------------------------------------------------------------------------


def test_anybody_can_compute_a_seal_and_the_hash_of_an_item_from_what_the_documentation_says(books: Books) -> None:
    second = json.loads(books.seals[1].text)
    assert second["previous"] == hash_of(books.seals[0].text)
    assert list(second) == sorted(second)
    item = {"pk": "A", "sk": "B", "e": "ü", "n": Decimal("1.50"), "l": [True, {"b": b"x", "a": 0}], "lp": "list"}
    text = '{"e":{"S":"ü"},"l":{"L":[{"BOOL":true},{"M":{"a":{"N":"0"},"b":{"B":"eA=="}}}]},"n":{"N":"1.5"},'
    assert item_hash(item) == hash_of(text + '"pk":{"S":"A"},"sk":{"S":"B"}}')


@pytest.mark.parametrize(
    ("number", "other", "same"),
    [
        (Decimal("1.50"), Decimal("1.5"), True),
        (Decimal("1E+3"), 1000, True),
        (Decimal("-0.0"), 0, True),
        (Decimal(100), Decimal("1E2"), True),
        (Decimal("0." + "1" * 38), Decimal("0." + "1" * 37 + "2"), False),
        (1, True, False),
        (1, "1", False),
    ],
)
def test_a_number_has_one_text_and_is_exact(number: object, other: object, *, same: bool) -> None:
    assert (item_hash({"n": number}) == item_hash({"n": other})) is same


def test_places_in_indexes_are_in_no_hash_and_every_other_attribute_is() -> None:
    item = {"pk": "A", "sk": "B", "e": "x"}
    assert item_hash(item | dict.fromkeys(PLACES, "somewhere")) == item_hash(item)
    assert item_hash(item | {"zz": "new"}) != item_hash(item)
    assert {"lp", "ls", "ua", "se", "sp"} == PLACES


Forge = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    "forge",
    [
        lambda seal: seal.update(count=1),
        lambda seal: seal.pop("to"),
        lambda seal: seal.update(more="x"),
        lambda seal: seal.update(form=99),
        lambda seal: seal["entries"].append(["ledger", "x"]),
    ],
)
def test_a_text_that_is_no_seal_is_refused(books: Books, forge: Forge) -> None:
    seal = json.loads(books.seals[0].text)
    forge(seal)
    with pytest.raises(ValueError, match=r"seal|form|written"):
        parsed(json.dumps(seal, sort_keys=True, separators=(",", ":")))
    assert parsed(books.seals[0].text) == books.seals[0]


def test_a_text_that_is_not_even_json_is_named_as_a_changed_seal(books: Books) -> None:
    chain = AuditChain(NOW)
    chain.read(COMPANY, [Stored(1, "x", "not JSON"), Stored(2, "x", "[]")], End(COMPANY, 2, hash_of("[]")))
    assert {(fault.what, fault.seal) for fault in chain.faults} == {(Wrong.SEAL_CHANGED, 1), (Wrong.SEAL_CHANGED, 2)}


def test_the_place_of_a_seal_is_read_back_whatever_a_company_is_called() -> None:
    assert seal_at(place_of("A#B", 12)) == ("A#B", 12)
    assert seal_at("nothing") == ("", 0)
