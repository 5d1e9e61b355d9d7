"""The table maps read rows of Dataverse exactly, and say what is wrong with those they refuse."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.dataverse import maps
from project_invoicing.dataverse.context import parse_json, row_events
from project_invoicing.dataverse.mapping import (
    actual_write_back,
    invoice_write_back,
    to_actual,
    to_connection,
    to_proforma,
    write_columns,
)
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.actual import Actual, Connection, Proforma, Reference
from project_invoicing.domain.codes import CostOrigin
from project_invoicing.errors import Rejected
from tests import builders
from tests.builders import AT, actual, connection, guid, lookup, money, option, proforma, to_json

LONG_AGO = "2020-01-01T00:00:00Z"


def detail_of(sent: dict[str, Any]) -> dict[str, Any]:
    """The detail as it reaches a function: through JSON, as the bus carries it."""
    [event] = row_events(parse_json(to_json(sent)), LONG_AGO)
    detail = json.loads(json.dumps(event.detail))
    assert isinstance(detail, dict)
    return detail


def read_actual(**words: Any) -> Actual:
    return to_actual(RowEvent.read(detail_of(actual("actual-1", **words))))


def read_connection(*roles: Any, **words: Any) -> Connection | None:
    first, second = roles
    return to_connection(RowEvent.read(detail_of(connection("link-1", "first", first, "second", second, **words))))


def read_proforma(**words: Any) -> Proforma:
    return to_proforma(RowEvent.read(detail_of(proforma("proforma-1", **words))))


def refusal(**words: Any) -> Rejected:
    with pytest.raises(Rejected) as caught:
        read_actual(**words)
    assert (caught.value.entity, caught.value.id) == ("msdyn_actual", guid("actual-1"))
    return caught.value


@pytest.fixture
def overrides(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def set_to(changes: Any) -> None:
        monkeypatch.setenv(maps.OVERRIDES_VARIABLE, json.dumps(changes))
        maps.table_maps.cache_clear()

    yield set_to
    maps.table_maps.cache_clear()


class TestActuals:
    def test_a_row_is_mapped_whole(self) -> None:
        found = read_actual(
            transaction_type="unbilled_sales",
            transaction_class="material",
            quantity="2.5",
            price="40.10",
            product="P-100",
            category="Parts",
            description="Bolts",
            external_description="Steel bolts",
            adjustment_status="adjusted",
            billing_status="ready_to_invoice",
            accounting_date="2026-08-31",
            row_version=77,
            msdyn_unit=lookup("uom", "piece", "Piece"),
        )

        assert found == Actual(
            id=guid("actual-1"),
            version=found.version,
            transaction_type=found.transaction_type,
            transaction_class=found.transaction_class,
            billing_type=found.billing_type,
            quantity=Decimal("2.5"),
            price=Decimal("40.10"),
            amount=Decimal("100.250"),
            currency=Reference("transactioncurrency", guid("USD"), "USD"),
            project=Reference("msdyn_project", guid("PRJ-1"), "PRJ-1"),
            contract=Reference("salesorder", guid("CTR-1"), "CTR-1"),
            contract_line=Reference("salesorderdetail", guid("CTR-1-1"), "CTR-1-1"),
            customer=Reference("account", guid("C-001"), "C-001"),
            category=Reference("msdyn_transactioncategory", guid("Parts"), "Parts"),
            resource=Reference("bookableresource", guid("Bob Kozack"), "Bob Kozack"),
            product=Reference("product", guid("P-100"), "P-100"),
            start="2026-08-27",
            document_date="2026-08-27",
            accounting_date="2026-08-31",
            adjustment_status="adjusted",
            billing_status="ready_to_invoice",
            description="Bolts",
            external_description="Steel bolts",
            unit="Piece",
        )
        assert (found.transaction_type, found.transaction_class, found.billing_type) == (
            "unbilled_sales",
            "material",
            "chargeable",
        )
        assert (found.version.number, found.version.occurred_at) == (77, "2026-08-27T16:05:00.000Z")

    @pytest.mark.parametrize("word", [word for word in builders.TRANSACTION_TYPES if word != "project_contract"])
    def test_every_type_has_its_word(self, word: str) -> None:
        assert read_actual(transaction_type=word).transaction_type == word

    @pytest.mark.parametrize("word", builders.TRANSACTION_CLASSES)
    def test_every_class_has_its_word(self, word: str) -> None:
        assert read_actual(transaction_class=word).transaction_class == word

    @pytest.mark.parametrize("word", builders.BILLING_TYPES)
    def test_every_billing_type_has_its_word_and_none_is_not_specified(self, word: str) -> None:
        assert read_actual(billing_type=word).billing_type == word

    @pytest.mark.parametrize(
        "amount", [money("1600.0"), money("1600"), {"Value": 1600}, 1600, Decimal("1600.00"), Decimal("1.6E+3")]
    )
    def test_an_amount_may_be_bare_or_wrapped(self, amount: Any) -> None:
        assert read_actual(msdyn_amount=amount).amount == 1600

    @given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
    def test_an_amount_loses_no_digit(self, amount: Decimal) -> None:
        assert read_actual(msdyn_amount=money(amount)).amount == amount

    def test_bare_option_sets_and_lookups_by_bare_id_are_understood(self) -> None:
        found = read_actual(
            msdyn_transactiontypecode=192350006, msdyn_salescontractlineid="{" + guid("CTR-1-1").upper() + "}"
        )

        assert found.transaction_type == "billed_sales"
        assert found.contract_line == Reference("salesorderdetail", guid("CTR-1-1"))

    def test_a_lookup_may_have_no_name(self) -> None:
        found = read_actual(msdyn_bookableresource=lookup("bookableresource", "Bob Kozack"))

        assert found.resource == Reference("bookableresource", guid("Bob Kozack"), None)

    @pytest.mark.parametrize(
        ("sent", "read"),
        [
            ("/Date(1787846700000)/", "2026-08-27T16:05:00Z"),
            ("/Date(1787846700000-0700)/", "2026-08-27T16:05:00Z"),
            ("2026-08-27", "2026-08-27"),
            ("2026-08-27T00:00:00", "2026-08-27T00:00:00"),
            ("2026-08-27T23:30:00-05:00", "2026-08-28T04:30:00Z"),
            (None, None),
        ],
    )
    def test_which_day_an_instant_is_stays_open_until_the_company_is_known(self, sent: Any, read: Any) -> None:
        assert read_actual(document_date=sent).document_date == read

    @pytest.mark.parametrize(("sent", "read"), [(None, False), (False, False), (True, True), (option(1), True)])
    def test_skip_sync_is_false_where_it_is_absent(self, sent: Any, read: bool) -> None:
        assert read_actual(msdyn_skipsync=sent).skip_sync is read

    @pytest.mark.parametrize("word", ["milestone", "fee", "tax", "retainer"])
    def test_a_class_without_a_measure_counts_as_one_at_its_amount(self, word: str) -> None:
        found = read_actual(transaction_class=word, quantity=None, price=None, amount="-5000")

        assert [found.quantity, found.price, found.amount] == [Decimal(1), Decimal(-5000), Decimal(-5000)]

    def test_a_text_longer_than_staging_holds_is_cut(self) -> None:
        assert read_actual(description="x" * 300).description == "x" * 255

    def test_descriptions_of_blanks_are_none(self) -> None:
        assert read_actual(description="  ").description is None


class TestRefusedActuals:
    @pytest.mark.parametrize(
        "column",
        [
            "msdyn_transactiontypecode",
            "msdyn_transactionclassification",
            "msdyn_amount",
            "msdyn_quantity",
            "msdyn_price",
        ],
    )
    def test_a_missing_column_is_named_with_what_to_do(self, column: str) -> None:
        rejected = refusal(**{column: None})

        assert (rejected.reason, rejected.field) == ("schema", column)
        assert rejected.detail == (
            f"{column} has no value; fill it in, and register the step with a post image of all columns"
        )
        assert str(rejected) == f"msdyn_actual {guid('actual-1')}: {rejected.detail}"

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("msdyn_transactiontypecode", option(192350099)),
            ("msdyn_transactiontypecode", "Cost"),
            ("msdyn_transactionclassification", option(0)),
            ("msdyn_billingtype", option(192350009)),
            ("msdyn_billingstatus", option(7)),
            ("msdyn_adjustmentstatus", True),
        ],
    )
    def test_an_unknown_code_is_answered_with_the_known_ones(self, column: str, value: Any) -> None:
        rejected = refusal(**{column: value})

        assert (rejected.reason, rejected.field) == ("unknown_code", column)
        assert "known are 192350000 " in rejected.detail

    def test_a_project_contract_actual_is_an_unknown_code(self) -> None:
        assert "192350004" in refusal(transaction_type="project_contract").detail

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("msdyn_amount", money("1000000000.01")),
            ("msdyn_amount", money("-1000000000.01")),
            ("msdyn_price", money("1E+10")),
            ("msdyn_quantity", Decimal(1_000_000_001)),
            ("msdyn_amount", Decimal("1E+400")),
        ],
    )
    def test_an_amount_out_of_range(self, column: str, value: Any) -> None:
        rejected = refusal(**{column: value})

        assert (rejected.reason, rejected.field) == ("amount_out_of_range", column)
        assert "±1,000,000,000" in rejected.detail

    def test_the_bounds_themselves_are_in_range(self) -> None:
        assert read_actual(amount="1000000000").amount == 10**9
        assert read_actual(amount="-1000000000").amount == -(10**9)

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("msdyn_amount", "1_000"),
            ("msdyn_amount", "NaN"),
            ("msdyn_amount", "-Infinity"),
            ("msdyn_amount", " 8"),
            ("msdyn_amount", "٨"),
            ("msdyn_amount", "1,600.00"),
            ("msdyn_amount", True),
            ("msdyn_amount", Decimal("0.00000000001")),
            ("msdyn_startdatetime", "27.08.2026"),
            ("msdyn_startdatetime", "2026-02-30"),
            ("msdyn_startdatetime", "20260827"),
            ("msdyn_startdatetime", "/Date(soon)/"),
            ("msdyn_startdatetime", 20260827),
            ("msdyn_project", "PRJ-1"),
            ("msdyn_project", 7),
            ("msdyn_skipsync", "yes"),
            ("msdyn_skipsync", 2),
        ],
    )
    def test_a_value_of_the_wrong_kind(self, column: str, value: Any) -> None:
        rejected = refusal(**{column: value})

        assert (rejected.reason, rejected.field) == ("schema", column)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"entity": "invoice"}, "entity"),
            ({"id": "actual-1"}, "id"),
            ({"row": None}, "row"),
            ({"occurred_at": "now"}, "occurred_at"),
            ({"occurred_at": "2026-08-27"}, "occurred_at"),
        ],
    )
    def test_an_event_that_is_none_of_ours(self, change: dict[str, Any], field: str) -> None:
        with pytest.raises(Rejected) as caught:
            to_actual(RowEvent.read({**detail_of(actual("actual-1")), **change}))
        assert (caught.value.reason, caught.value.field) == ("schema", field)

    def test_a_float_is_no_decimal(self) -> None:
        detail = detail_of(actual("actual-1"))
        detail["row"]["msdyn_amount"] = 0.1

        with pytest.raises(Rejected, match="not a decimal number"):
            to_actual(RowEvent.read(detail))


class TestVersions:
    def test_the_content_changes_with_a_mapped_column_and_with_no_other(self) -> None:
        first = read_actual(cr123_note="a").version.content

        assert len(first) == 16
        assert read_actual(cr123_note="b").version.content == first
        assert read_actual(description="b").version.content != first

    @pytest.mark.parametrize(
        ("sent", "sortable"),
        [
            ("2026-08-27T16:05:00Z", "2026-08-27T16:05:00.000Z"),
            ("2026-08-27T16:05:00.5Z", "2026-08-27T16:05:00.500Z"),
            ("2026-08-27T18:05:00+02:00", "2026-08-27T16:05:00.000Z"),
            ("2026-08-27T16:05:00", "2026-08-27T16:05:00.000Z"),
        ],
    )
    def test_moments_are_written_so_that_their_text_sorts(self, sent: str, sortable: str) -> None:
        detail = {**detail_of(actual("actual-1")), "occurred_at": sent}

        assert to_actual(RowEvent.read(detail)).version.occurred_at == sortable


class TestConnections:
    @pytest.mark.parametrize(
        ("roles", "role"),
        [
            (("Unbilled Sales", "Cost"), "cost"),  # CONN-02
            (("Reversing", "Original"), "original"),  # CONN-04, CONN-07
            (("Billed Sales", "Unbilled Sales"), "unbilled"),  # CONN-05
            (("Replacing", "Original"), "replaced"),  # CONN-08
        ],
    )
    def test_are_turned_by_their_roles(self, roles: tuple[str, str], role: str) -> None:
        one, other = read_connection(*roles), read_connection(*reversed(roles))

        assert one is not None
        assert other is not None
        assert (one.actual_id, one.role, one.linked_id) == (guid("first"), role, guid("second"))
        assert (other.actual_id, other.role, other.linked_id) == (guid("second"), role, guid("first"))
        assert not one.deleted

    @pytest.mark.parametrize(
        "spelling", ["Billed Sales", "BilledSales", "billed sales", "BILLED_SALES", " billed-sales "]
    )
    def test_do_not_mind_how_a_role_is_spelt(self, spelling: str) -> None:
        found = read_connection(spelling, "unbilledsales")

        assert found is not None
        assert found.role == "unbilled"

    @pytest.mark.parametrize("type_", ["msdyn_journalline", "msdyn_invoicelinetransaction"])
    def test_of_other_rows_are_none_of_ours_whatever_else_they_hold(self, type_: str) -> None:
        assert read_connection("Billed Sales", "Unbilled Sales", type_1=type_) is None
        assert read_connection("Unknown", "Unbilled Sales", type_2=type_, msdyn_transaction1="x") is None

    def test_deleted_ones_are_read_from_their_pre_image(self) -> None:
        found = read_connection("Billed Sales", "Unbilled Sales", message="Delete", row_version=9)

        assert found is not None
        assert (found.deleted, found.version.number) == (True, 10)

    def test_deleted_ones_without_an_image_are_refused_with_what_to_do(self) -> None:
        sent = connection("link-1", "first", "Cost", "second", "Unbilled Sales", message="Delete")

        with pytest.raises(Rejected, match="register the step with a pre image"):
            to_connection(RowEvent.read(detail_of({**sent, "PreEntityImages": []})))

    @pytest.mark.parametrize(
        ("change", "reason", "field"),
        [
            ({"msdyn_transaction1role": "Sponsor"}, "unknown_code", "msdyn_transaction1role"),
            ({"msdyn_transaction2role": None}, "schema", "msdyn_transaction2role"),
            ({"msdyn_transaction2role": " "}, "schema", "msdyn_transaction2role"),
            ({"msdyn_transaction1type": None}, "schema", "msdyn_transaction1type"),
            ({"msdyn_transaction1": "first"}, "schema", "msdyn_transaction1"),
            ({"msdyn_transaction2": None}, "schema", "msdyn_transaction2"),
            ({"msdyn_transaction2": guid("first")}, "schema", "msdyn_transaction2"),
        ],
    )
    def test_that_cannot_be_read_are_refused(self, change: dict[str, Any], reason: str, field: str) -> None:
        with pytest.raises(Rejected) as caught:
            read_connection("Unbilled Sales", "Cost", **change)
        assert (caught.value.reason, caught.value.field) == (reason, field)

    def test_with_roles_that_do_not_belong_together_are_refused(self) -> None:
        linked = {("Unbilled Sales", "Cost"), ("Reversing", "Original"), ("Billed Sales", "Unbilled Sales")}
        linked |= {("Replacing", "Original")}
        roles = ["Unbilled Sales", "Billed Sales", "Cost", "Reversing", "Original", "Replacing"]

        for pair in itertools.product(roles, repeat=2):
            if pair not in linked and pair[::-1] not in linked:
                with pytest.raises(Rejected) as caught:
                    read_connection(*pair)
                assert caught.value.reason == "unknown_code"


class TestProformas:
    def test_a_header_is_mapped_whole(self) -> None:
        found = read_proforma(
            name="Adatum, August",
            total="1600.50",
            invoice_date="2026-08-31",
            due_date="/Date(1790740800000)/",
            has_corrections=True,
            bill_to={"name": "Adatum", "line1": "1 Harbour Street", "postalcode": "97201"},
            row_version=3,
        )

        assert found == Proforma(
            id=guid("proforma-1"),
            version=found.version,
            number="INV-0001",
            name="Adatum, August",
            contract=Reference("salesorder", guid("CTR-1"), "CTR-1"),
            customer=Reference("account", guid("C-001"), "C-001"),
            currency=Reference("transactioncurrency", guid("USD"), "USD"),
            total=Decimal("1600.50"),
            invoice_date="2026-08-31",
            due_date="2026-09-30",
            bill_to={"name": "Adatum", "line1": "1 Harbour Street", "postal_code": "97201"},
            has_corrections=True,
        )

    def test_the_total_may_be_missing(self) -> None:
        assert read_proforma(total=None).total is None

    @pytest.mark.parametrize("number", [None, "", "   "])
    def test_the_number_may_not(self, number: str | None) -> None:
        with pytest.raises(Rejected) as caught:
            read_proforma(number=number)
        assert (caught.value.reason, caught.value.field) == ("schema", "invoicenumber")

    def test_a_customer_may_be_a_contact(self) -> None:
        found = read_proforma(customerid=lookup("contact", "Ada"))

        assert found.customer == Reference("contact", guid("Ada"))


class TestWriteBack:
    def test_of_an_actual_writes_its_four_columns_and_no_other(self) -> None:
        written = actual_write_back(
            accounting_amount=Decimal("1250.00"),
            exchange_rate=Decimal("1.25"),
            voucher="PV-00000001",
            sales_tax_amount=Decimal("20.00"),
        )

        assert written == {
            "msdyn_accountingamount": Decimal("1250.00"),
            "msdyn_accountingexchangerate": Decimal("1.25"),
            "msdyn_vouchernumber": "PV-00000001",
            "msdyn_salestaxamount": Decimal("20.00"),
        }

    def test_of_an_actual_without_tax_leaves_the_tax_alone(self) -> None:
        written = actual_write_back(accounting_amount=Decimal(1), exchange_rate=Decimal(1), voucher="PV-1")

        assert "msdyn_salestaxamount" not in written

    def test_of_an_invoice_sets_its_status_to_the_code_of_posted(self) -> None:
        written = invoice_write_back(
            invoice_number="FTI-000001", invoice_date="2026-08-31", sales_tax_amount=Decimal("20.00")
        )

        assert written == {
            "msdyn_customerinvoicenumber": "FTI-000001",
            "msdyn_customerinvoicedate": "2026-08-31",
            "msdyn_projectinvoicestatus": 192350010,
            "msdyn_customerinvoicesalestax": Decimal("20.00"),
        }

    def test_without_a_required_field_is_a_defect_of_the_caller(self) -> None:
        with pytest.raises(ValueError, match="exchange_rate has no value"):
            write_columns("actuals_write_back", {"accounting_amount": "1", "voucher": "PV-1"})

    def test_99_24_what_came_to_nothing_in_the_ledger_has_no_voucher_column(self) -> None:
        told = actual_write_back(accounting_amount=Decimal(0), exchange_rate=Decimal(1), voucher=None)
        assert "msdyn_vouchernumber" not in told


class TestOverrides:
    def test_a_column_can_have_another_name(self, overrides: Any) -> None:
        overrides({"actuals": {"skip_sync": "cr123_skip"}})

        assert read_actual(cr123_skip=True).skip_sync is True
        assert read_actual(msdyn_skipsync=True).skip_sync is False

    def test_custom_columns_travel_as_text(self, overrides: Any) -> None:
        custom = {"cr1_centre": "centre", "cr1_flag": "flag", "cr1_owner": "owner", "cr1_rate": "rate", "cr1_no": "no"}
        overrides({"actuals": {"custom": custom}, "invoices": {"custom": {"cr1_centre": "centre"}}})

        found = read_actual(
            cr1_centre="CC-7", cr1_flag=True, cr1_owner=lookup("team", "t", "Team"), cr1_rate=Decimal("1.50")
        )

        assert found.custom == {"centre": "CC-7", "flag": "true", "owner": "Team", "rate": "1.50"}
        assert read_actual().custom == {}
        assert read_proforma(cr1_centre="CC-8").custom == {"centre": "CC-8"}

    def test_tag_06_financial_tags_are_custom_columns_of_one_tag_or_of_all(self, overrides: Any) -> None:
        overrides({"actuals": {"custom": {"cr1_event": "tags.IndustryEvent", "cr1_tags": "tags"}}})
        assert read_actual(cr1_event="2026 Event").custom == {"tags.IndustryEvent": "2026 Event"}
        assert read_actual(cr1_tags="2026 Event|Rome").custom == {"tags": "2026 Event|Rome"}

    def test_a_word_given_another_code_loses_the_one_it_had(self, overrides: Any) -> None:
        overrides(
            {
                "actuals": {"codes": {"transaction_class": {"192350042": "retainer"}}},
                "invoices_write_back": {"codes": {"status": {"192350043": "posted"}}},
            }
        )

        written = invoice_write_back(invoice_number="1", invoice_date="2026-08-31", sales_tax_amount=Decimal(0))

        assert read_actual(msdyn_transactionclassification=option(192350042)).transaction_class == "retainer"
        assert refusal(transaction_class="retainer").reason == "unknown_code"
        assert written["msdyn_projectinvoicestatus"] == 192350043

    def test_the_origin_of_a_cost_is_read_once_it_has_a_column(self, overrides: Any) -> None:
        """JRN-16. Before that nothing of the row changes, its version's hash included."""
        before = read_actual(cr123_origin="vendor_invoice")
        assert (before.origin, before.version) == (None, read_actual().version)

        codes = {"origin": {"123000001": "vendor_invoice", "123000002": "expense_report"}}
        overrides({"actuals": {"origin": "cr123_origin", "codes": codes}})

        assert read_actual(cr123_origin=option(123000001)).origin is CostOrigin.VENDOR_INVOICE
        assert read_actual(cr123_origin=" Expense Report ").origin is CostOrigin.EXPENSE_REPORT
        assert read_actual(cr123_origin="usage").origin is CostOrigin.USAGE
        assert read_actual(cr123_origin=" ").origin is None
        assert read_actual().origin is None

    def test_a_discount_and_a_resourcing_unit_are_read_once_they_have_columns(self, overrides: Any) -> None:
        """FEE-01, STG-15: by the map's own fields or, as before, by the names of custom columns, with the same hash."""
        sent: dict[str, Any] = {"cr1_off": "160.50", "cr1_unit": "GBPM", "cr1_type": "purchase"}
        overrides({"actuals": {"discount": "cr1_off", "resourcing_unit": "cr1_unit", "origin": "cr1_type"}})
        found = read_actual(**sent)
        assert refusal(cr1_off="much").field == "cr1_off"

        custom = {"cr1_off": "discount_amount", "cr1_unit": "resourcing_unit", "cr1_type": "document_type"}
        overrides({"actuals": {"custom": custom}})
        assert read_actual(**sent) == found
        assert (found.discount, found.resourcing_unit, found.origin) == (Decimal("160.50"), "GBPM", CostOrigin.PURCHASE)
        assert (found.custom, read_actual(cr1_off="much").custom) == ({}, {"discount_amount": "much"})

    def test_a_column_of_the_map_counts_before_a_custom_one(self, overrides: Any) -> None:
        overrides({"actuals": {"discount": "cr1_off", "custom": {"cr1_old": "discount_amount"}}})
        assert read_actual(cr1_off="160", cr1_old="7").discount == Decimal(160)
        assert read_actual(cr1_old="7").discount == Decimal(7)

    @pytest.mark.parametrize("value", [7, "travel", True])
    def test_an_origin_that_nobody_knows_is_refused_for_it_decides_an_account(self, value: Any, overrides: Any) -> None:
        overrides({"actuals": {"origin": "cr123_origin", "codes": {"origin": {"1": "purchase"}}}})

        refused = refusal(cr123_origin=value)

        assert (refused.reason, refused.field) == ("unknown_code", "cr123_origin")
        assert "known are 1 purchase, usage, purchase, vendor_invoice, expense_report" in refused.detail

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ([], "must be a JSON object"),
            ({"actuals": {"codes": {"origin": {"1": "usage"}}}}, "origin has no column yet; name it with 'origin'"),
            ({"actuals": {"origin": "a", "codes": {"origin": {"1": "other"}}}}, "one of usage, purchase"),
            ({"actual": {}}, "no table map 'actual'; there are companies, currencies, "),
            ({"actuals": []}, "actuals must be a JSON object"),
            ({"actuals": {"skipsync": "x"}}, "no field 'skipsync'; there are transaction_type"),
            ({"actuals": {"skip_sync": ""}}, "actuals.skip_sync must be a name"),
            ({"actuals": {"custom": []}}, "actuals.custom must be a JSON object"),
            ({"actuals": {"custom": {"cr1": 7}}}, "actuals.custom.cr1 must be a name"),
            ({"actuals": {"codes": {"amount": {}}}}, "these have: transaction_type"),
            ({"actuals": {"codes": {"billing_type": []}}}, "billing_type must be a JSON object"),
            ({"actuals": {"codes": {"billing_type": {"x": "chargeable"}}}}, "must be a number and one of"),
            ({"actuals": {"codes": {"billing_type": {"1": "free"}}}}, "one of non_chargeable, chargeable"),
            ({"actuals_write_back": {"custom": {"a": "b"}}}, "carries no custom columns"),
        ],
    )
    def test_a_mistake_in_them_is_answered_with_the_valid_names(self, changes: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            maps.overridden(changes)

    def test_they_must_be_json(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(maps.OVERRIDES_VARIABLE, "{")
        maps.table_maps.cache_clear()
        try:
            with pytest.raises(ValueError, match="TABLE_MAP_OVERRIDES is not JSON"):
                maps.table_maps()
        finally:
            maps.table_maps.cache_clear()


def test_the_time_of_the_builders_is_the_one_they_print() -> None:
    assert detail_of(actual("actual-1"))["occurred_at"] == AT


class TestBounds:
    @pytest.mark.parametrize("day", ["0001-01-02", "1899-12-31", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
    def test_a_date_at_the_edge_of_the_calendar_is_refused_with_its_column(self, day: str) -> None:
        with pytest.raises(
            Rejected, match=f"msdyn_startdatetime is {day}, not a date from 1900-01-01 to 2199-12-31"
        ) as refused:
            to_actual(RowEvent.read(detail_of(actual("a", start=day))))
        assert (refused.value.reason, refused.value.field) == ("schema", "msdyn_startdatetime")

    @pytest.mark.parametrize("number", ["IN\x1bV-1", "INV\x00", "INV\n1", "INV\x9b"])
    def test_a_number_with_control_characters_is_refused(self, number: str) -> None:
        with pytest.raises(Rejected, match="with control characters; correct the row") as refused:
            to_proforma(RowEvent.read(detail_of(proforma("inv", number=number))))
        assert (refused.value.reason, refused.value.field) == ("schema", "invoicenumber")

    @pytest.mark.parametrize("day", ["1900-01-01", "2199-12-31T23:59:59Z"])
    def test_the_bounds_themselves_are_dates(self, day: str) -> None:
        assert to_actual(RowEvent.read(detail_of(actual("a", start=day)))).start == day

    def test_other_bounds_are_a_setting_of_the_map(self) -> None:
        found = maps.overridden({"actuals": {"date_bounds": {"last": "2030-12-31"}}})
        assert (found["actuals"].first_date, found["actuals"].last_date) == ("1900-01-01", "2030-12-31")

    @pytest.mark.parametrize(
        "dates", [{"first": "0001-01-01"}, {"last": "9999-12-31"}, {"until": "2030-01-01"}, {"last": "1899-01-01"}, "x"]
    )
    def test_bounds_that_are_none_are_refused(self, dates: object) -> None:
        with pytest.raises(ValueError, match=r"actuals\.date_bounds"):
            maps.overridden({"actuals": {"date_bounds": dates}})

    def test_the_time_of_a_version_is_bounded_too(self) -> None:
        with pytest.raises(Rejected, match="occurred_at is"):
            to_actual(RowEvent.read({**detail_of(actual("a")), "occurred_at": "9999-12-31T23:59:59Z"}))

    @pytest.mark.parametrize("version", ["7", -1, 2**63, True])
    def test_a_row_version_is_a_number_of_dataverse(self, version: object) -> None:
        with pytest.raises(Rejected, match="row_version is"):
            to_actual(RowEvent.read({**detail_of(actual("a")), "row_version": version}))

    def test_a_number_that_is_too_long_is_refused_and_a_text_is_cut(self) -> None:
        assert to_proforma(RowEvent.read(detail_of(proforma("a", number="N" * 100)))).number == "N" * 100
        with pytest.raises(Rejected, match="invoicenumber has 101 characters, and 100 is the most"):
            to_proforma(RowEvent.read(detail_of(proforma("a", number="N" * 101))))
        assert to_proforma(RowEvent.read(detail_of(proforma("a", name="N" * 5000)))).name == "N" * 255

    def test_the_name_and_the_table_of_a_look_up_are_bounded(self) -> None:
        row = detail_of(actual("a"))
        named = {"id": guid("b"), "entity": "bookableresource", "name": "N" * 5000}
        row["row"]["msdyn_bookableresource"] = named
        resource = to_actual(RowEvent.read(row)).resource
        assert resource is not None
        assert resource.name == "N" * 255
        row["row"]["msdyn_bookableresource"] = named | {"entity": "e" * 200}
        with pytest.raises(Rejected, match="not to a table"):
            to_actual(RowEvent.read(row))

    def test_every_text_has_a_limit(self) -> None:
        texts = [
            column
            for one in maps.MAPS
            for column in one.columns
            if column.transform in (maps.Transform.TEXT, maps.Transform.NAME)
        ]
        assert [column.column for column in texts if column.limit is None] == []

    def test_what_a_message_quotes_is_short(self) -> None:
        with pytest.raises(Rejected) as refused:
            to_actual(RowEvent.read(detail_of(actual("a", start="x" * 100_000))))
        assert len(refused.value.detail) < 300
