"""Every wire form of a date, as a calendar date and as an instant, in time zones from UTC-12 to UTC+14 (99-26)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.dataverse import maps, odata
from project_invoicing.dataverse.context import parse_json, row_events
from project_invoicing.dataverse.found_rows import event_of
from project_invoicing.dataverse.mapping import calendar_dates, to_actual, to_proforma
from project_invoicing.dataverse.maps import ACTUALS, MAPS, Direction, Transform
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.calendar import calendar_date
from project_invoicing.store.proposal_items import proposal_of
from tests.builders import actual, guid, lookup, proforma, to_json
from tests.setups import finance_setup

ZONES = ["America/New_York", "Europe/Berlin", "Asia/Tokyo", "Etc/GMT+12", "Pacific/Kiritimati", "UTC"]
LONG_AGO = "2020-01-01T00:00:00Z"


def milliseconds(instant: str) -> int:
    return (datetime.fromisoformat(instant) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def by_webhook(sent: dict[str, Any]) -> dict[str, Any]:
    (event,) = row_events(parse_json(to_json(sent)), LONG_AGO)
    return dict(json.loads(json.dumps(event.detail)))


def invoice_date(sent: Any) -> str | None:
    return to_proforma(RowEvent.read(by_webhook(proforma("inv-1", invoice_date=sent)))).invoice_date


def local(zone: str, text: str | None) -> str:
    setup = finance_setup(("companies.USPM.time_zone", zone))
    return setup.local_date("USPM", str(text)).isoformat()


FORMS = {
    "bare": "2026-09-01",
    "in UTC": "2026-09-01T00:00:00Z",
    "in UTC with a fraction": "2026-09-01T00:00:00.0000000Z",
    "without a zone": "2026-09-01T00:00:00",
    "east": "2026-09-01T00:00:00+14:00",
    "west": "2026-09-01T00:00:00-12:00",
    "midnight of UTC told by somebody west": "2026-08-31T20:00:00-04:00",
    "midnight of UTC told by somebody east": "2026-09-01T05:30:00+05:30",
    "a time of that day in UTC": "2026-09-01T23:59:59Z",
    "wire": f"/Date({milliseconds('2026-09-01T00:00:00Z')})/",
    "wire of UTC": f"/Date({milliseconds('2026-09-01T00:00:00Z')}+0000)/",
    "wire of somebody west": f"/Date({milliseconds('2026-09-01T00:00:00Z')}-0400)/",
    "wire of somebody east": f"/Date({milliseconds('2026-09-01T00:00:00Z')}+1400)/",
    "wire of their midnight west": f"/Date({milliseconds('2026-09-01T12:00:00Z')}-1200)/",
    "wire of their midnight east": f"/Date({milliseconds('2026-08-31T10:00:00Z')}+1400)/",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_reg_13_a_calendar_date_is_the_same_in_each_form_and_in_each_zone(form: str) -> None:
    found = invoice_date(form)
    assert found == "2026-09-01"
    assert {local(zone, found) for zone in ZONES} == {"2026-09-01"}


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("America/New_York", "2026-09-01T00:00:00Z", "2026-08-31"),
        ("America/New_York", "2026-09-01T03:59:59Z", "2026-08-31"),
        ("America/New_York", "2026-09-01T04:00:00Z", "2026-09-01"),
        ("America/New_York", "2026-03-08T04:59:59Z", "2026-03-07"),  # the night in which the clock goes forward
        ("America/New_York", "2026-03-09T03:59:59Z", "2026-03-08"),
        ("America/New_York", "2026-11-01T04:00:00Z", "2026-11-01"),  # the night in which it goes back
        ("America/New_York", "2026-11-02T04:59:59Z", "2026-11-01"),
        ("Europe/Berlin", "2026-08-31T22:00:00Z", "2026-09-01"),
        ("Asia/Tokyo", "2026-08-31T15:00:00Z", "2026-09-01"),
        ("Etc/GMT+12", "2026-09-01T11:59:59Z", "2026-08-31"),
        ("Pacific/Kiritimati", "2026-08-31T10:00:00Z", "2026-09-01"),
        ("UTC", "2026-09-01T00:00:00Z", "2026-09-01"),
    ],
)
def test_an_instant_is_a_day_of_the_company_in_each_form(zone: str, instant: str, day: str) -> None:
    ms = milliseconds(instant)
    moment = datetime.fromisoformat(instant)
    told = [moment.astimezone(tz).isoformat() for tz in (UTC, _offset(14), _offset(-12))]
    for sent in (instant, f"/Date({ms})/", f"/Date({ms}+0200)/", f"/Date({ms}-1200)/", *told):
        found = to_actual(RowEvent.read(by_webhook(actual("a", accounting_date=sent)))).accounting_date
        assert local(zone, found) == day, sent


def _offset(hours: int) -> Any:
    return datetime.strptime(f"{hours:+03d}00", "%z").tzinfo


@pytest.mark.parametrize("zone", ZONES)
def test_a_bare_date_in_place_of_an_instant_stays_that_date(zone: str) -> None:
    found = to_actual(RowEvent.read(by_webhook(actual("a", accounting_date="2026-09-01")))).accounting_date
    assert local(zone, found) == "2026-09-01"


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.integers(-12 * 60, 14 * 60))
def test_whose_ever_midnight_it_is_a_calendar_date_is_that_date(day: date, minutes: int) -> None:
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    assert calendar_date(f"{day}T00:00:00{offset}") == day
    utc = datetime(day.year, day.month, day.day, tzinfo=UTC)
    there = utc.astimezone(datetime.strptime(offset, "%z").tzinfo)
    if there.time() != utc.time():  # else it is the midnight of another day, as it is written
        assert calendar_date(there.isoformat()) == day
    ms = milliseconds(utc.isoformat())
    assert invoice_date(f"/Date({ms}{offset.replace(':', '')})/") == day.isoformat()


# --- webhook, sweep and repair ---


def by_web_api(entity: str, **columns: Any) -> dict[str, Any]:
    item = {f"{entity}id": guid("inv-1"), "@odata.etag": 'W/"7"', "modifiedon": LONG_AGO, **columns}
    return event_of(odata.found_row(entity, item), LONG_AGO).detail


@pytest.mark.parametrize(
    ("wire", "on_the_web", "found"),
    [
        (f"/Date({milliseconds('2026-09-01T00:00:00Z')})/", "2026-09-01", "2026-09-01"),
        (f"/Date({milliseconds('2026-09-01T00:00:00Z')})/", "2026-09-01T00:00:00Z", "2026-09-01"),
    ],
)
def test_webhook_and_sweep_bring_the_same_calendar_date(wire: str, on_the_web: str, found: str) -> None:
    swept = to_proforma(RowEvent.read(by_web_api("invoice", invoicenumber="INV-0001", msdyn_invoicedate=on_the_web)))
    assert swept.invoice_date == invoice_date(wire) == found


@pytest.mark.parametrize("offset", ["", "+0000", "-0400", "+1000"])
def test_webhook_and_sweep_bring_the_same_instant(offset: str) -> None:
    ms = milliseconds("2026-09-01T04:00:00Z")
    sent = to_proforma(RowEvent.read(by_webhook(proforma("inv-1", msdyn_accountingdate=f"/Date({ms}{offset})/"))))
    swept = by_web_api("invoice", invoicenumber="INV-0001", msdyn_accountingdate="2026-09-01T04:00:00Z")
    assert sent.accounting_date == to_proforma(RowEvent.read(swept)).accounting_date == "2026-09-01T04:00:00Z"


# --- what the maps say ---


def test_every_date_of_the_maps_says_what_it_holds() -> None:
    dates = [(m.name, column) for m in MAPS for column in m.columns if column.transform is Transform.DATE]
    assert all(column.behavior for _, column in dates)
    calendar = {(name, column.column) for name, column in dates if column.behavior == "calendar"}
    assert calendar == {
        ("actuals", "msdyn_tzaaccountingdate"),
        ("invoices", "msdyn_invoicedate"),
        ("invoices", "duedate"),
        ("invoices", "msdyn_tzaaccountingdate"),
        ("invoices_write_back", "msdyn_customerinvoicedate"),
        ("exchange_rates", "msdyn_validfrom"),
        ("milestones", "msdyn_milestonedate"),
    }


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"accounting_date": "2026-09-02", "msdyn_tzaaccountingdate": "2026-09-01T00:00:00Z"}, "2026-09-01"),
        ({"msdyn_tzaaccountingdate": "2026-09-01"}, "2026-09-01"),
        ({"accounting_date": "2026-09-02"}, "2026-09-02"),
        ({}, None),
    ],
)
def test_the_independent_accounting_date_wins_where_there_is_one(columns: dict[str, Any], found: str | None) -> None:
    assert to_actual(RowEvent.read(by_webhook(actual("a", **columns)))).accounting_date == found


@pytest.mark.parametrize(
    ("account", "contact", "found"),
    [
        ("C-001", None, ("account", guid("C-001"))),
        (None, "Jane", ("contact", guid("Jane"))),
        ("C-001", "Jane", ("account", guid("C-001"))),
        (None, None, None),
    ],
)
def test_the_customer_is_the_account_else_the_contact(
    account: str | None, contact: str | None, found: tuple[str, str] | None
) -> None:
    jane = lookup("contact", contact) if contact else None
    customer = to_actual(RowEvent.read(by_webhook(actual("a", customer=account, msdyn_contactcustomer=jane)))).customer
    assert (customer and (customer.entity, customer.id)) == found


# --- the organization's own ---


def stored_invoice_date(text: str | None) -> str | None:
    """The invoice date of a proforma, read from a header that was stored with ``text`` for it."""
    mapped = {} if text is None else {"di": text}
    header = {"pk": "PROPOSAL#p", "st": "waiting", "ch": 1, "dl": 1, "nr": "INV-0001", "ot": "2026-08-31", "h": ""}
    return proposal_of(header | {"a": json.dumps(mapped)}, calendar_dates("invoices")).proforma.invoice_date


@pytest.fixture
def other_behavior(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    dates = {"actuals": {"dates": {"document_date": "calendar"}}, "invoices": {"dates": {"invoice_date": "instant"}}}
    monkeypatch.setenv(maps.OVERRIDES_VARIABLE, json.dumps(dates))
    maps.table_maps.cache_clear()
    yield
    maps.table_maps.cache_clear()


@pytest.mark.usefixtures("other_behavior")
def test_an_organization_may_say_what_its_columns_hold() -> None:
    found = invoice_date(f"/Date({milliseconds('2026-08-31T22:00:00Z')})/")
    assert found == "2026-08-31T22:00:00Z"
    assert local("Europe/Berlin", found) == "2026-09-01"
    assert (
        to_actual(RowEvent.read(by_webhook(actual("a", document_date="2026-09-01T00:00:00Z")))).document_date
        == "2026-09-01"
    )
    assert stored_invoice_date("2026-08-31T22:00:00Z") == "2026-08-31T22:00:00Z"


@pytest.mark.parametrize(
    ("stored", "read"), [(None, None), ("2026-09-01", "2026-09-01"), ("2026-09-01T00:00:00Z", "2026-09-01")]
)
def test_a_stored_date_is_read_as_its_column_is(stored: str | None, read: str | None) -> None:
    assert stored_invoice_date(stored) == read


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"invoices": {"dates": []}}, "invoices.dates must be a JSON object"),
        ({"invoices": {"dates": {"number": "calendar"}}}, "'number' is no date; these are: invoice_date, due_date"),
        ({"invoices": {"dates": {"msdyn_invoicedate": "calendar"}}}, "'msdyn_invoicedate' is no date"),
        ({"invoices": {"dates": {"invoice_date": "DateOnly"}}}, "must be one of calendar, instant, not 'DateOnly'"),
        ({"invoices": {"dates": {"invoice_date": None}}}, "must be one of calendar, instant, not None"),
        ({"transaction_connections": {"dates": {"id_1": "instant"}}}, "these are: none"),
        ({"invoices_write_back": {"dates": {"invoice_date": "instant"}}}, "finance writes calendar dates"),
        ({"invoices": {"date": {}}}, "custom, codes, dates and date_bounds"),
    ],
)
def test_a_mistake_in_that_is_answered_with_what_is_valid(changes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        maps.overridden(changes)


def test_who_names_a_column_that_may_be_missing_has_it() -> None:
    changed = maps.overridden({"actuals": {"tza_accounting_date": "cr1_tza"}})["actuals"]
    (column,) = [column for column in changed.columns if column.field == "tza_accounting_date"]
    assert (column.column, column.newer) == ("cr1_tza", False)
    assert {c.field for c in ACTUALS.columns if c.newer} == {"tza_accounting_date"}
    assert all(not c.newer for m in MAPS if m.direction is Direction.TO_DATAVERSE for c in m.columns)
