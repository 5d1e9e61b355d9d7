"""What Dataverse sends becomes bus events, one a row, without losing a digit or a row."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.dataverse.context import parse_json, row_events, stripped_event
from project_invoicing.errors import Rejected
from tests.builders import (
    AT,
    ORGANIZATION,
    actual,
    connection,
    context,
    guid,
    lookup,
    money,
    multiple,
    option,
    proforma,
    to_json,
    wire_date,
)

RECEIVED = "2026-08-27T16:05:02Z"
BRACED = "{6D81597F-0F9F-4711-8122-000D3AA2331C}"
PLAIN = "6d81597f-0f9f-4711-8122-000d3aa2331c"


def row_of(sent: dict[str, Any]) -> dict[str, Any]:
    [event] = row_events(parse_json(to_json(sent)), RECEIVED)
    row = event.detail["row"]
    assert isinstance(row, dict)
    return row


def column(value: Any) -> Any:
    """What becomes of one column's value."""
    return row_of(context("msdyn_actual", "actual-1", some=value)).get("some")


def refusal(sent: Any) -> Rejected:
    with pytest.raises(Rejected) as caught:
        row_events(sent, RECEIVED)
    return caught.value


class TestTheEvent:
    def test_it_names_the_row_the_message_and_the_moment(self) -> None:
        [event] = row_events(actual("actual-1", row_version=77), RECEIVED)

        assert (event.source, event.detail_type, event.time) == ("dataverse", "msdyn_actual.Create", RECEIVED)
        assert event.key == f"msdyn_actual#{guid('actual-1')}#77"
        assert {name: value for name, value in event.detail.items() if name != "row"} == {
            "entity": "msdyn_actual",
            "id": guid("actual-1"),
            "message": "Create",
            "row_version": 77,
            "occurred_at": AT,
            "correlation_id": event.detail["correlation_id"],
            "organization_id": ORGANIZATION,
        }

    def test_it_is_told_apart_by_its_moment_where_no_row_version_came(self) -> None:
        [event] = row_events(actual("actual-1"), RECEIVED)

        assert event.detail["row_version"] is None
        assert event.key == f"msdyn_actual#{guid('actual-1')}#{AT}"

    def test_its_detail_can_be_written_as_json(self) -> None:
        [event] = row_events(parse_json(to_json(actual("actual-1", price="99.95"))), RECEIVED)

        assert json.loads(json.dumps(event.detail)) == event.detail

    @pytest.mark.parametrize("created_on", [None, "/Date(-62135596800000)/"])
    def test_the_time_of_arrival_stands_in_for_a_missing_moment(self, created_on: str | None) -> None:
        sent = {**actual("actual-1"), "OperationCreatedOn": created_on}

        assert row_events(sent, RECEIVED)[0].detail["occurred_at"] == RECEIVED

    @pytest.mark.parametrize("sent_id", [BRACED, PLAIN.upper(), PLAIN.replace("-", ""), PLAIN])
    def test_ids_are_lower_case_without_braces(self, sent_id: str) -> None:
        sent = {**context("invoice", "some"), "PrimaryEntityId": sent_id}

        assert row_events(sent, RECEIVED)[0].detail["id"] == PLAIN


class TestValues:
    @pytest.mark.parametrize(
        ("sent", "plain"),
        [
            (option(192350006), 192350006),
            ({"Value": 192350006}, 192350006),
            (192350006, 192350006),
            (money("1600.0"), "1600.0"),
            (money("1600"), "1600"),
            ({"Value": Decimal("1600.50")}, "1600.50"),
            (Decimal("0.1"), "0.1"),
            (Decimal("1E+3"), "1000"),
            (Decimal("0.0000001"), "0.0000001"),
            (True, True),
            ("text", "text"),
            ("", ""),
            ({"__type": "Int32:#System", "__value": 2}, 2),
            ([option(1), option(2)], [1, 2]),
        ],
    )
    def test_lose_their_wrapping(self, sent: Any, plain: Any) -> None:
        assert column(sent) == plain
        assert type(column(sent)) is type(plain)

    @pytest.mark.parametrize(
        "sent",
        [
            None,
            {"__type": "Money:x", "Value": None},
            lookup("account", "00000000-0000-0000-0000-000000000000"),
            {"Entities": [], "EntityName": "activityparty"},
            "/Date(-62135596800000)/",
        ],
    )
    def test_that_say_nothing_are_left_out(self, sent: Any) -> None:
        assert "some" not in row_of(context("msdyn_actual", "actual-1", some=sent))

    def test_a_lookup_keeps_its_table_and_its_name_even_where_that_is_null(self) -> None:
        assert column(lookup("account", BRACED, "Adatum")) == {"id": PLAIN, "entity": "account", "name": "Adatum"}
        assert column(lookup("account", BRACED)) == {"id": PLAIN, "entity": "account", "name": None}

    def test_a_lookup_without_a_name_takes_the_one_dataverse_shows_for_it(self) -> None:
        sent = context("msdyn_actual", "actual-1", msdyn_bookableresource=lookup("bookableresource", "bob"))
        target = sent["InputParameters"][0]["value"]
        target["FormattedValues"] = [{"key": "msdyn_bookableresource", "value": "Bob Kozack"}]

        assert row_of(sent)["msdyn_bookableresource"]["name"] == "Bob Kozack"

    @pytest.mark.parametrize(
        ("sent", "instant"),
        [
            ("/Date(1506384247000)/", "2017-09-26T00:04:07Z"),
            ("/Date(1506384247000-0700)/", "2017-09-26T00:04:07Z"),
            ("/Date(1506384247000+0530)/", "2017-09-26T00:04:07Z"),
            ("/Date(1506384247005)/", "2017-09-26T00:04:07.005Z"),
            ("/Date(-1000)/", "1969-12-31T23:59:59Z"),
            ("2026-08-27", "2026-08-27"),
            ("2026-08-27T16:05:00+02:00", "2026-08-27T16:05:00+02:00"),
            ("/Date(soon)/", "/Date(soon)/"),
            ("/Date(999999999999999)/", "/Date(999999999999999)/"),
        ],
    )
    def test_a_date_of_the_wire_is_an_instant_in_utc_and_anything_else_stays(self, sent: str, instant: str) -> None:
        assert column(sent) == instant

    def test_a_value_nobody_knows_stays_as_text_for_its_reader_to_refuse(self) -> None:
        assert column({"Strange": 1}) == '{"Strange": 1}'

    def test_a_float_is_a_defect_of_the_caller_and_of_this_row_alone(self) -> None:
        with pytest.raises(Rejected, match="TypeError"):
            row_events(context("msdyn_actual", "actual-1", msdyn_amount=0.1), RECEIVED)

    @given(st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**9), max_value=10**9))
    def test_no_digit_of_an_amount_is_lost(self, amount: Decimal) -> None:
        assert Decimal(column(money(amount))) == amount


class TestUpdates:
    @pytest.mark.parametrize("image", ["AsynchronousStepPrimaryName", "post", "Ünïcode image"])
    def test_a_row_is_its_post_image_of_any_name_with_the_target_over_it(self, image: str) -> None:
        sent = actual("actual-1", quantity="8.5", message="Update", changed=["msdyn_price"], image=image)
        sent["InputParameters"][0]["value"]["Attributes"].append({"key": "msdyn_amount", "value": money("900")})

        row = row_of(sent)

        assert row["msdyn_quantity"] == "8.5"
        assert row["msdyn_amount"] == "900"

    def test_a_column_that_the_target_empties_is_gone(self) -> None:
        sent = actual("actual-1", message="Update", category="Installation")
        cleared = {"key": "msdyn_transactioncategory", "value": None}
        sent["InputParameters"][0]["value"]["Attributes"].append(cleared)

        assert "msdyn_transactioncategory" not in row_of(sent)

    def test_several_images_add_up(self) -> None:
        sent = actual("actual-1", quantity="8.5", message="Update")
        other = context("msdyn_actual", "actual-1", "Update", cr123_more="x")["PostEntityImages"][0]
        sent["PostEntityImages"].append({**other, "key": "second"})

        row = row_of(sent)

        assert (row["cr123_more"], row["msdyn_quantity"]) == ("x", "8.5")

    def test_a_pre_image_serves_where_there_is_no_post_image(self) -> None:
        sent = actual("actual-1", quantity="8.5", message="Update", changed=["msdyn_price"])
        sent["PreEntityImages"], sent["PostEntityImages"] = sent["PostEntityImages"], []

        assert row_of(sent)["msdyn_quantity"] == "8.5"

    def test_without_any_image_only_what_changed_is_known(self) -> None:
        sent = actual("actual-1", message="Update", changed=["msdyn_price"])
        sent["PostEntityImages"] = []

        assert set(row_of(sent)) == {"msdyn_price", "msdyn_actualid"}

    def test_the_newest_version_counts_when_the_target_names_the_one_it_expected(self) -> None:
        sent = actual("actual-1", message="Update", row_version=12)
        sent["InputParameters"][0]["value"]["RowVersion"] = "7"

        assert row_events(sent, RECEIVED)[0].detail["row_version"] == 12


class TestDeletes:
    def test_a_deleted_row_is_its_pre_image(self) -> None:
        [event] = row_events(connection("c", "a", "Cost", "b", "Unbilled Sales", message="Delete"), RECEIVED)

        assert event.detail_type == "msdyn_transactionconnection.Delete"
        assert event.detail["row"]["msdyn_transaction1role"] == "Cost"

    def test_without_an_image_the_id_is_all_there_is(self) -> None:
        sent = {**connection("c", "a", "Cost", "b", "Unbilled Sales", message="Delete"), "PreEntityImages": []}

        [event] = row_events(sent, RECEIVED)

        assert (event.detail["id"], event.detail["row"]) == (guid("c"), {})

    def test_that_a_row_is_gone_is_newer_than_its_last_version(self) -> None:
        sent = connection("c", "a", "Cost", "b", "Unbilled Sales", message="Delete", row_version=20)

        assert row_events(sent, RECEIVED)[0].detail["row_version"] == 21


class TestSeveralRowsAtOnce:
    def test_each_row_of_a_create_multiple_is_an_event_like_that_of_a_create(self) -> None:
        one, two = actual("actual-1", row_version=1), actual("actual-2", row_version=2)

        events = row_events(multiple(one, two), RECEIVED)

        alone = [row_events(sent, RECEIVED)[0] for sent in (one, two)]
        assert [event.key for event in events] == [event.key for event in alone]
        assert [event.detail["row"] for event in events] == [event.detail["row"] for event in alone]
        assert {event.detail_type for event in events} == {"msdyn_actual.Create"}

    def test_each_row_of_an_update_multiple_has_its_own_image(self) -> None:
        sent = multiple(
            actual("actual-1", message="Update", quantity="1.5"),
            actual("actual-2", message="Update", quantity="2.5"),
            message="UpdateMultiple",
        )

        events = row_events(sent, RECEIVED)

        assert [event.detail["row"]["msdyn_quantity"] for event in events] == ["1.5", "2.5"]
        assert {event.detail_type for event in events} == {"msdyn_actual.Update"}

    def test_a_value_that_cannot_be_read_does_not_stop_the_other_rows(self) -> None:
        sent = multiple(actual("actual-1", start="/Date(soon)/"), actual("actual-2"))

        assert len(row_events(sent, RECEIVED)) == 2

    def test_targets_may_be_a_bare_list(self) -> None:
        sent = multiple(actual("actual-1"), actual("actual-2"))
        sent["InputParameters"] = [{"key": "Targets", "value": sent["InputParameters"][0]["value"]["Entities"]}]

        assert len(row_events(sent, RECEIVED)) == 2


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "text", ["", "{", "[1,", '{"a": NaN}', '{"a": 1e99999999999999999999}', b"\xff", "[" * 100_000]
    )
    def test_text_that_is_no_json(self, text: str | bytes) -> None:
        with pytest.raises(Rejected) as caught:
            parse_json(text)
        assert caught.value.reason == "schema"

    @pytest.mark.parametrize("sent", [None, [], "text", 7])
    def test_json_that_is_no_object(self, sent: Any) -> None:
        assert "JSON object" in refusal(sent).detail

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"PrimaryEntityName": None}, "PrimaryEntityName"),
            ({"MessageName": "Assign"}, "MessageName"),
            ({"MessageName": None}, "MessageName"),
            ({"InputParameters": []}, "InputParameters"),
            ({"InputParameters": "text"}, "InputParameters"),
            ({"InputParameters": [{"key": "Target", "value": None}]}, "InputParameters"),
            ({"InputParameters": [{"key": "Target", "value": {"Attributes": ["x"]}}]}, "Attributes"),
            ({"InputParameters": [{"key": "Targets", "value": {"Entities": [7]}}]}, "Targets"),
            ({"PostEntityImages": [{"name": "x"}]}, "PostEntityImages"),
            ({"OperationCreatedOn": "yesterday"}, "OperationCreatedOn"),
            ({"OperationCreatedOn": 7}, "OperationCreatedOn"),
        ],
    )
    def test_names_the_row_and_the_field(self, change: dict[str, Any], field: str) -> None:
        rejected = refusal({**actual("actual-1"), **change})

        assert rejected.reason == "schema"
        assert (rejected.id, rejected.field) == (guid("actual-1"), field)
        assert field in rejected.detail

    def test_a_row_without_an_id(self) -> None:
        sent = context("invoice", "some")
        sent["PrimaryEntityId"] = "00000000-0000-0000-0000-000000000000"
        sent["InputParameters"][0]["value"] |= {"Id": "INV-1", "Attributes": []}

        rejected = refusal(sent)

        assert (rejected.field, rejected.entity) == ("PrimaryEntityId", "invoice")
        assert "INV-1" in rejected.detail

    def test_a_message_whose_rows_dataverse_left_out_because_it_was_too_large(self) -> None:
        stripped = ("InputParameters", "PreEntityImages", "PostEntityImages", "ParentContext")
        sent = {name: part for name, part in proforma("proforma-1").items() if name not in stripped}

        rejected = refusal(sent)

        assert rejected.reason == "too_large"
        assert rejected.id == guid("proforma-1")
        assert "read the row by its id" in rejected.detail

    def test_a_date_of_the_builder_is_one_of_the_wire(self) -> None:
        assert wire_date("2017-09-26T00:04:07Z", "-0700") == "/Date(1506384247000-0700)/"


class TestWhatNoMapShouldEverSee:
    """Values that the bus or a table would refuse become texts, which a map refuses by name, or rows are refused."""

    @pytest.mark.parametrize(
        "value",
        [
            2**63,
            {"Value": 2**63},
            {"Value": {"Value": {"Value": 1}}},
            {"LogicalName": "account", "Id": guid("x"), "Name": {"deep": Decimal("1.5")}},
            {"LogicalName": 7, "Id": guid("x")},
            {"__value": [1, 2]},
            [[[1]], {"Value": 5}],
        ],
    )
    def test_the_event_of_such_a_row_is_plain_json(self, value: Any) -> None:
        [event] = row_events(actual("actual-1", cr123_odd=value), AT)

        text = json.dumps(event.detail)
        assert all(abs(number) < 2**63 for number in map(int, re.findall(r":(-?\d+)[,}]", text)))

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
    def test_a_moment_outside_the_calendar_is_refused_by_name(self, moment: str) -> None:
        assert refusal({**actual("actual-1"), "OperationCreatedOn": moment}).field == "OperationCreatedOn"

    @pytest.mark.parametrize("version", ["9" * 30, "9" * 5_000, -1, 2**63, True])
    def test_a_row_version_that_is_none_is_no_version(self, version: Any) -> None:
        context = actual("actual-1")
        context["InputParameters"][0]["value"]["RowVersion"] = version

        [event] = row_events(context, AT)

        assert event.detail["row_version"] is None

    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ('"a\\ud83db"', "a\ufffdb"),
            ('{"\\udc00": ["\\ud83d\\ude00"]}', {"\ufffd": ["\U0001f600"]}),
            (b'"\xed\xa0\xbd"', "\ufffd"),
        ],
    )
    def test_half_a_surrogate_pair_is_replaced(self, text: str | bytes, read: object) -> None:
        assert parse_json(text) == read

    @pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5_000])
    def test_a_text_that_only_python_reads_is_not_json(self, text: str) -> None:
        with pytest.raises(Rejected):
            parse_json(text)

    def test_an_image_collection_that_is_no_list_is_no_image(self) -> None:
        events = row_events(multiple(actual("a"), actual("b")) | {"PostEntityImagesCollection": 7}, AT)

        assert [event.detail["id"] for event in events] == [guid("a"), guid("b")]

    @pytest.mark.parametrize("pairs", [[{"key": ["list"], "value": 1}], [{"key": None, "value": 1}], 7, "text"])
    def test_columns_that_are_not_named_are_refused(self, pairs: Any) -> None:
        context = actual("actual-1")
        context["InputParameters"][0]["value"]["Attributes"] = pairs

        with pytest.raises(Rejected, match="Attributes"):
            row_events(context, AT)


class TestSeveralRows:
    def test_with_a_list_for_refusals_a_bad_row_does_not_stop_its_neighbours(self) -> None:
        several = multiple(actual("a"), actual("b"), actual("c"))
        several["InputParameters"][0]["value"]["Entities"][1] = "no row"
        refused: list[Rejected] = []

        events = row_events(several, AT, refused)

        assert [event.detail["id"] for event in events] == [guid("a"), guid("c")]
        assert [one.field for one in refused] == ["Targets"]
        with pytest.raises(Rejected, match="Targets"):
            row_events(several, AT)

    def test_a_stripped_message_names_its_row_and_what_happened(self) -> None:
        event = stripped_event(actual("a", message="Update", changed=[], at="2026-08-27T16:05:00Z"), AT)

        assert event.detail_type == "msdyn_actual.Stripped"
        assert event.detail == {
            "entity": "msdyn_actual",
            "id": guid("a"),
            "message": "Update",
            "occurred_at": "2026-08-27T16:05:00Z",
            "correlation_id": event.detail["correlation_id"],
            "organization_id": event.detail["organization_id"],
        }
        assert stripped_event(multiple(actual("a"), actual("b")), AT).detail["id"] is None
