"""reference_rates: the rates of the day, where an address of them is set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from hashlib import sha256

import pytest

from project_invoicing import bootstrap
from project_invoicing.domain.master_data import RateKey, Rates
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.published_files import PublishedFiles
from project_invoicing.store.master_data import MasterData
from tests.handlers.samples import sample
from tests.harness import TEMPLATE
from tests.rules.books import Books

EVENT = sample("reference_rates/scheduled")
ADDRESS = "https://rates.example/daily"
DAILY = b"<Cube time='2026-08-31'><Cube currency='USD' rate='1.25'/><Cube currency='GBP' rate='0.8'/></Cube>"
POUNDS = RateKey("default", "GBP", "USD")


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What is published, by address; the function is told the first."""
    files = {ADDRESS: DAILY}

    def read(_: PublishedFiles, address: str) -> bytes:
        if address not in files:
            raise Unavailable(f"{address} did not answer")
        return files[address]

    monkeypatch.setattr(PublishedFiles, "read", read)
    set_to(monkeypatch, REFERENCE_RATES_URL=ADDRESS)
    yield files
    bootstrap.forget()


def set_to(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setitem(TEMPLATE.function("reference_rates").environment, name, value)


def stored(books: Books, pair: RateKey) -> dict[date, ExchangeRate]:
    found = MasterData(books.world.client, books.world.names.master_data_table).read([pair])[pair]
    return dict(found.days) if isinstance(found, Rates) else {}


def test_without_an_address_nothing_is_read(books: Books) -> None:
    assert books.call("reference_rates", EVENT) == {}


def test_the_rates_between_the_currencies_of_the_set_up_are_taken_over_once(
    books: Books, published: dict[str, bytes]
) -> None:
    first = books.call("reference_rates", EVENT)
    assert (first["changed"], first["stale"]) == (first["pairs"], 0)
    assert stored(books, POUNDS) == {date(2026, 8, 31): ExchangeRate(Decimal("1.25"), Decimal("0.8"))}
    told = [event.detail["blockers"] for event in books.world.unsent() if event.detail_type == "MasterDataChanged"]
    assert ["rate#GBP#USD"] in told
    assert len(told) == first["changed"]
    assert books.call("reference_rates", EVENT) == first | {"changed": 0}


def test_rates_of_more_than_five_days_ago_are_told_as_stale(books: Books, published: dict[str, bytes]) -> None:
    published[ADDRESS] = DAILY.replace(b"2026-08-31", b"2026-08-25")
    assert books.call("reference_rates", EVENT)["stale"] == 1
    published[ADDRESS] = DAILY.replace(b"2026-08-31", b"2026-08-26")
    assert books.call("reference_rates", EVENT)["stale"] == 0


def test_a_file_that_does_not_answer_or_is_none_fails_the_run_and_changes_nothing(
    books: Books, published: dict[str, bytes]
) -> None:
    published[ADDRESS] = b"<html>We are moving</html>"
    with pytest.raises(Rejected):
        books.call("reference_rates", EVENT)
    del published[ADDRESS]
    with pytest.raises(Unavailable):
        books.call("reference_rates", EVENT)
    assert stored(books, POUNDS) == {}


def test_a_checksum_has_to_match(books: Books, published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    set_to(monkeypatch, REFERENCE_RATES_CHECKSUM="sha256")
    published[f"{ADDRESS}.sha256"] = b"0" * 64
    with pytest.raises(Rejected, match="its checksum"):
        books.call("reference_rates", EVENT)
    assert stored(books, POUNDS) == {}
    published[f"{ADDRESS}.sha256"] = f"{sha256(DAILY).hexdigest().upper()}  daily\n".encode()
    assert books.call("reference_rates", EVENT)["changed"]


def test_an_object_in_a_bucket_takes_the_place_of_an_address(
    books: Books, published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to(monkeypatch, REFERENCE_RATES_OBJECT="rates/daily.xml")
    published["s3://rates/daily.xml"] = published.pop(ADDRESS)
    assert books.call("reference_rates", EVENT)["changed"]
