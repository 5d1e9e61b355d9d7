"""The webhooks of the stand-in for Dataverse: what is sent, to whom, and what becomes of what nobody took."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from random import Random
from typing import Any

import pytest

from dataverse_standin.contexts import LARGEST_MESSAGE
from dataverse_standin.rows import Lookup, Rows
from dataverse_standin.webhooks import (
    Authentication,
    DeliveryFaults,
    HttpHeader,
    HttpQueryString,
    JobState,
    Post,
    Step,
    WebhookKey,
    Webhooks,
    post_over_http,
)
from project_invoicing.dataverse.context import parse_json, row_events
from project_invoicing.errors import Rejected
from tests.builders import actual, connection, guid, proforma
from tests.sockets import loopback

NOW = datetime(2026, 8, 27, 16, 5, tzinfo=UTC)
RECEIVED = "2026-08-27T16:06:00Z"
ACTUAL_STEPS = [Step("msdyn_actual", "Create"), Step("msdyn_actual", "Update"), Step("msdyn_actual", "Delete")]


class Endpoint:
    """A webhook that remembers what it got, and answers with what it is told."""

    def __init__(self, *statuses: int) -> None:
        self.posts: list[Post] = []
        self.statuses = list(statuses)

    def __call__(self, post: Post) -> int:
        self.posts.append(post)
        return self.statuses.pop(0) if self.statuses else 200

    @property
    def contexts(self) -> list[dict[str, Any]]:
        return [parse_json(post.body) for post in self.posts]


@pytest.fixture
def rows() -> Rows:
    return Rows(lambda: NOW, seed="test")


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


def webhooks(
    rows: Rows,
    endpoint: Endpoint,
    steps: list[Step],
    authentication: Authentication | None = None,
    faults: DeliveryFaults | None = None,
) -> Webhooks:
    return Webhooks(rows, endpoint, steps, authentication or WebhookKey("secret"), faults=faults)


def columns(row: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: pair["value"] for pair in row["Attributes"]}


def target(context: dict[str, Any]) -> dict[str, Any]:
    found = {pair["key"]: pair["value"] for pair in context["InputParameters"]}["Target"]
    assert isinstance(found, dict)
    return found


ACTUAL = {
    "msdyn_transactiontypecode": 192350006,
    "msdyn_transactionclassification": 192350000,
    "msdyn_billingtype": 192350001,
    "msdyn_quantity": Decimal("8.00"),
    "msdyn_price": Decimal(100),
    "msdyn_amount": Decimal(800),
    "transactioncurrencyid": Lookup("transactioncurrency", guid("USD"), "USD"),
    "msdyn_project": Lookup("msdyn_project", guid("PRJ-1"), "PRJ-1"),
    "msdyn_salescontract": Lookup("salesorder", guid("CTR-1"), "CTR-1"),
    "msdyn_salescontractlineid": Lookup("salesorderdetail", guid("CTR-1-1"), "CTR-1-1"),
    "msdyn_accountcustomer": Lookup("account", guid("C-001"), "C-001"),
    "msdyn_bookableresource": Lookup("bookableresource", guid("Bob Kozack"), "Bob Kozack"),
    "msdyn_invoice": Lookup("invoice", guid("invoice-1")),
    "msdyn_startdatetime": datetime(2026, 8, 27, 8, 30, tzinfo=UTC),
    "msdyn_documentdate": date(2026, 8, 27),
    "msdyn_skipsync": False,
}


def test_an_actual_is_read_from_its_webhook_as_it_was_written(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS)
    rows.create("msdyn_actual", ACTUAL, id=guid("actual-1"))
    hooks.deliver()

    (event,) = row_events(endpoint.contexts[0], RECEIVED)

    detail = event.detail
    assert (detail["entity"], detail["id"], detail["message"]) == ("msdyn_actual", guid("actual-1"), "Create")
    assert (detail["row_version"], detail["occurred_at"]) == (1, "2026-08-27T16:05:00Z")
    (usual,) = row_events(
        actual(
            "actual-1",
            transaction_type="billed_sales",
            invoice="invoice-1",
            quantity="8.00",
            amount="800",
            start="2026-08-27T08:30:00Z",
            document_date="2026-08-27T00:00:00Z",
            skip_sync=False,
        ),
        RECEIVED,
    )
    platform = ("versionnumber", "createdon", "modifiedon", "statecode", "statuscode")
    assert {name: value for name, value in detail["row"].items() if name not in platform} == usual.detail["row"]


def test_a_connection_is_read_from_its_webhook_as_it_was_written(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, [Step("msdyn_transactionconnection", "Create")])
    values = {
        "msdyn_transaction1": guid("actual-1"),
        "msdyn_transaction1role": "Unbilled Sales",
        "msdyn_transaction1type": "msdyn_actual",
        "msdyn_transaction2": guid("actual-2"),
        "msdyn_transaction2role": "Cost",
        "msdyn_transaction2type": "msdyn_actual",
    }
    rows.create("msdyn_transactionconnection", values, id=guid("link-1"))
    hooks.deliver()

    (event,) = row_events(endpoint.contexts[0], RECEIVED)
    (usual,) = row_events(connection("link-1", "actual-1", "Unbilled Sales", "actual-2", "Cost"), RECEIVED)

    assert usual.detail["row"].items() <= event.detail["row"].items()


def test_a_confirmed_proforma_is_read_whole_from_an_update_of_its_status(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, [Step("invoice", "Update")])
    invoice = {
        "invoicenumber": "INV-0001",
        "msdyn_projectinvoicestatus": 192350000,
        "msdyn_ordertype": 192350001,
        "salesorderid": Lookup("salesorder", guid("CTR-1"), "CTR-1"),
        "customerid": Lookup("account", guid("C-001"), "C-001"),
        "transactioncurrencyid": Lookup("transactioncurrency", guid("USD"), "USD"),
        "totallineitemamount": Decimal("1600.00"),
        "billto_city": "Seattle",
    }
    rows.create("invoice", invoice, id=guid("invoice-1"))
    rows.update("invoice", guid("invoice-1"), {"msdyn_projectinvoicestatus": 192350002})
    hooks.deliver()

    (context,) = endpoint.contexts
    (event,) = row_events(context, RECEIVED)
    (usual,) = row_events(proforma("invoice-1", total="1600.00", bill_to={"city": "Seattle"}), RECEIVED)

    assert usual.detail["row"].items() <= event.detail["row"].items()
    assert (event.detail["message"], event.detail["row_version"]) == ("Update", 2)


def test_the_target_of_an_update_has_the_written_columns_alone_and_what_was_emptied(
    rows: Rows, endpoint: Endpoint
) -> None:
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS)
    rows.create("msdyn_actual", ACTUAL, id=guid("a"))
    rows.update("msdyn_actual", guid("a"), {"msdyn_amount": Decimal("9.50"), "msdyn_product": None})
    hooks.deliver()

    context = endpoint.contexts[1]
    written = columns(target(context))
    assert set(written) == {"msdyn_actualid", "msdyn_amount", "msdyn_product", "modifiedon"}
    assert written["msdyn_product"] is None
    (before,), (after,) = context["PreEntityImages"], context["PostEntityImages"]
    assert columns(before["value"])["msdyn_amount"]["Value"] == 800
    assert str(columns(after["value"])["msdyn_amount"]["Value"]) == "9.50"
    assert "msdyn_product" not in columns(after["value"])
    assert (before["value"]["RowVersion"], after["value"]["RowVersion"]) == ("1", "2")


def test_a_delete_has_the_id_in_its_target_and_the_row_in_its_pre_image(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS)
    rows.create("msdyn_actual", ACTUAL, id=guid("a"))
    rows.delete("msdyn_actual", guid("a"))
    hooks.deliver()

    context = endpoint.contexts[1]
    assert target(context)["__type"].startswith("EntityReference:")
    assert (target(context)["Id"], context["PostEntityImages"]) == (guid("a"), [])
    (event,) = row_events(context, RECEIVED)
    assert (event.detail["message"], event.detail["row_version"]) == ("Delete", 2)
    assert event.detail["row"]["msdyn_amount"] == "800"


def test_each_kind_of_value_is_wrapped_as_on_the_wire(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS)
    values = {**ACTUAL, "msdyn_accountingdate": "2026-08-31", "msdyn_amount": Decimal("123456789012345.1234567890")}
    rows.create("msdyn_actual", values, id=guid("a"))
    hooks.deliver()

    found = columns(target(endpoint.contexts[0]))
    contracts = "http://schemas.microsoft.com/xrm/2011/Contracts"
    assert found["msdyn_billingtype"] == {"__type": f"OptionSetValue:{contracts}", "Value": 192350001}
    assert found["msdyn_amount"]["__type"] == f"Money:{contracts}"
    assert b'"Value":123456789012345.1234567890}' in endpoint.posts[0].body
    assert found["msdyn_quantity"] == 8
    assert found["msdyn_skipsync"] is False
    assert found["msdyn_startdatetime"] == "/Date(1787819400000)/"
    assert found["msdyn_documentdate"] == "/Date(1787788800000)/"
    assert found["msdyn_accountingdate"] == "/Date(1788134400000)/"
    reference = found["transactioncurrencyid"]
    assert (reference["Id"], reference["LogicalName"], reference["Name"]) == (guid("USD"), "transactioncurrency", "USD")
    assert found["msdyn_invoice"]["Name"] is None


def test_a_context_is_of_an_asynchronous_step_after_the_operation(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS)
    with rows.transaction():
        rows.create("msdyn_actual", ACTUAL, id=guid("a"))
        rows.create("msdyn_actual", ACTUAL, id=guid("b"))
    hooks.deliver()

    first, second = endpoint.contexts
    assert (first["Stage"], first["Mode"], first["MessageName"], first["Depth"]) == (40, 1, "Create", 1)
    assert (first["PrimaryEntityName"], first["PrimaryEntityId"]) == ("msdyn_actual", guid("a"))
    assert first["OperationCreatedOn"] == "/Date(1787846700000)/"
    assert first["CorrelationId"] == second["CorrelationId"]
    assert first["OperationId"] != second["OperationId"]


def test_the_headers_say_what_it_is_and_the_key_is_in_the_query(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS, WebhookKey("s&c=ret"))
    rows.create("msdyn_actual", ACTUAL)
    hooks.deliver()

    (post,) = endpoint.posts
    assert post.query == "code=s%26c%3Dret"
    assert dict(post.headers) == {
        "Content-Type": "application/json; charset=utf-8",
        "x-ms-dynamics-organization": "contoso.crm.dynamics.com",
        "x-ms-dynamics-entity-name": "msdyn_actual",
        "x-ms-dynamics-request-name": "Create",
        "x-ms-correlation-request-id": endpoint.contexts[0]["CorrelationId"],
    }


def test_the_secret_may_be_in_a_header_of_any_name(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS, HttpHeader({"x-api-key": "secret"}))
    rows.create("msdyn_actual", ACTUAL)
    hooks.deliver()

    (post,) = endpoint.posts
    assert (post.query, post.headers["x-api-key"]) == ("", "secret")


def test_the_secret_may_be_a_query_parameter_of_any_name(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS, HttpQueryString({"sig": "secret", "v": "1"}))
    rows.create("msdyn_actual", ACTUAL)
    hooks.deliver()

    assert endpoint.posts[0].query == "sig=secret&v=1"


@pytest.mark.parametrize("fits", [True, False])
def test_above_256_kb_only_the_id_is_left(rows: Rows, endpoint: Endpoint, fits: bool) -> None:
    hooks = webhooks(rows, endpoint, [Step("invoice", "Create", post_image=None)])
    rows.create("invoice", {"name": "x" * (LARGEST_MESSAGE - 4_000 if fits else LARGEST_MESSAGE)}, id=guid("a"))
    hooks.deliver()

    (post,) = endpoint.posts
    context = json.loads(post.body)
    assert ("x-ms-dynamics-msg-size-exceeded" in post.headers) is not fits
    assert context["PrimaryEntityId"] == guid("a")
    gone = {"ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages"}
    assert (gone & set(context)) == (gone if fits else set())
    if not fits:
        with pytest.raises(Rejected, match="read the row by its id"):
            row_events(context, RECEIVED)


def test_rows_made_together_come_in_one_create_multiple(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, [Step("msdyn_actual", "CreateMultiple")])
    ids = rows.create_many("msdyn_actual", [ACTUAL, {**ACTUAL, "msdyn_amount": Decimal("1.10")}])
    alone = rows.create("msdyn_actual", ACTUAL)
    hooks.deliver()

    together, single = endpoint.contexts
    assert together["MessageName"] == "CreateMultiple"
    events = row_events(together, RECEIVED)
    assert [event.detail["id"] for event in events] == ids
    assert [event.detail["row"]["msdyn_amount"] for event in events] == ["800", "1.10"]
    assert [event.detail["id"] for event in row_events(single, RECEIVED)] == [alone]
    assert [job.ids for job in hooks.jobs] == [tuple(ids), (alone,)]


def test_rows_made_together_come_one_by_one_to_a_step_of_create(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS)
    ids = rows.create_many("msdyn_actual", [ACTUAL, ACTUAL])
    hooks.deliver()

    assert [context["PrimaryEntityId"] for context in endpoint.contexts] == ids


def test_only_what_a_step_is_registered_for_is_sent(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, [Step("invoice", "Update", columns=frozenset({"msdyn_projectinvoicestatus"}))])
    id = rows.create("invoice", {"name": "a"})
    rows.update("invoice", id, {"name": "b"})
    rows.create("account", {"name": "a"})
    assert hooks.deliver() == []

    rows.update("invoice", id, {"msdyn_projectinvoicestatus": 192350002})
    assert [job.ids for job in hooks.deliver()] == [(id,)]


def test_a_step_for_a_table_that_there_is_not_is_refused(rows: Rows, endpoint: Endpoint) -> None:
    with pytest.raises(ValueError, match="invoices"):
        webhooks(rows, endpoint, [Step("invoices", "Create")])


def test_what_is_rolled_back_is_never_sent(rows: Rows, endpoint: Endpoint) -> None:
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS)

    def fail() -> None:
        with rows.transaction():
            rows.create("msdyn_actual", ACTUAL)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()

    assert hooks.deliver() == []


@pytest.mark.parametrize("status", [502, 503, 504])
def test_the_sender_tries_once_more_when_the_gateway_says_so(rows: Rows, status: int) -> None:
    endpoint = Endpoint(status, 200)
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS)
    rows.create("msdyn_actual", ACTUAL)

    (job,) = hooks.deliver()

    assert (job.state, job.tries, hooks.failed) == (JobState.SUCCEEDED, 2, [])
    assert endpoint.posts[0] == endpoint.posts[1]


@pytest.mark.parametrize(("statuses", "tries"), [((503, 503, 200), 2), ((500, 200), 1), ((401,), 1), ((404,), 1)])
def test_any_other_failure_is_a_failed_job_that_nobody_repeats(
    rows: Rows, statuses: tuple[int, ...], tries: int
) -> None:
    endpoint = Endpoint(*statuses)
    hooks = webhooks(rows, endpoint, ACTUAL_STEPS)
    id = rows.create("msdyn_actual", ACTUAL)
    hooks.deliver()

    (job,) = hooks.failed
    assert (job.ids, job.tries) == ((id,), tries)
    assert job.error == f"The webhook answered {statuses[tries - 1]}."
    assert hooks.deliver() == []


def test_a_webhook_out_of_reach_is_a_failed_job(rows: Rows) -> None:
    def out_of_reach(post: Post) -> int:
        raise ConnectionRefusedError("refused")

    hooks = Webhooks(rows, out_of_reach, ACTUAL_STEPS, WebhookKey("secret"))
    rows.create("msdyn_actual", ACTUAL)

    (job,) = hooks.deliver()

    assert (job.state, job.tries) == (JobState.FAILED, 1)
    assert "refused" in job.error


def test_what_a_delivery_changes_is_delivered_too(rows: Rows) -> None:
    def confirm(post: Post) -> int:
        if parse_json(post.body)["MessageName"] == "Create":
            rows.update("msdyn_actual", guid("a"), {"msdyn_billingstatus": 192350001})
        return 200

    hooks = Webhooks(rows, confirm, ACTUAL_STEPS, WebhookKey("secret"))
    rows.create("msdyn_actual", ACTUAL, id=guid("a"))

    assert [job.step.message for job in hooks.deliver()] == ["Create", "Update"]


def test_messages_are_lost_doubled_and_reordered_by_chance_and_the_same_with_each_seed() -> None:
    def delivered(seed: int) -> list[str]:
        rows, endpoint = Rows(lambda: NOW, seed="test"), Endpoint()
        chance = Random(seed)  # noqa: S311 (the same in each run, that is what it is for)
        faults = DeliveryFaults(chance, lost=0.3, doubled=0.3, reordered=True)
        hooks = webhooks(rows, endpoint, ACTUAL_STEPS, faults=faults)
        ids = [rows.create("msdyn_actual", ACTUAL) for _ in range(40)]
        jobs = hooks.deliver()
        got = [context["PrimaryEntityId"] for context in endpoint.contexts]
        lost = {job.ids[0] for job in jobs if job.state is JobState.LOST}
        assert set(got) == set(ids) - lost
        assert lost
        assert len(got) > len(set(got))
        assert list(dict.fromkeys(got)) != [id for id in ids if id not in lost]
        return got

    assert delivered(1) == delivered(1)
    assert delivered(1) != delivered(2)


class _Answering(BaseHTTPRequestHandler):
    got: list[tuple[str, str | None, bytes]]
    status = 202

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, self.headers["x-ms-dynamics-entity-name"], body))
        if self.status:
            self.send_response(self.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def listening() -> Iterator[tuple[str, type[_Answering]]]:
    handler = type("Answering", (_Answering,), {"got": []})
    with loopback(), HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/dataverse", handler
        server.shutdown()
        thread.join()


@pytest.mark.engine
def test_a_webhook_is_posted_over_http(rows: Rows, listening: tuple[str, type[_Answering]]) -> None:
    url, handler = listening
    hooks = Webhooks(rows, post_over_http(url), ACTUAL_STEPS, WebhookKey("secret"))
    id = rows.create("msdyn_actual", ACTUAL)

    (job,) = hooks.deliver()

    assert job.state is JobState.SUCCEEDED
    ((path, entity, body),) = handler.got
    assert (path, entity) == ("/dataverse?code=secret", "msdyn_actual")
    assert json.loads(body)["PrimaryEntityId"] == id


@pytest.mark.engine
def test_no_answer_over_http_is_a_failed_job(rows: Rows, listening: tuple[str, type[_Answering]]) -> None:
    url, handler = listening
    handler.status = 0
    hooks = Webhooks(rows, post_over_http(url), ACTUAL_STEPS, WebhookKey("secret"))
    rows.create("msdyn_actual", ACTUAL)

    (job,) = hooks.deliver()

    assert (job.state, job.tries) == (JobState.FAILED, 1)
    assert "could not be reached" in job.error


def test_a_webhook_elsewhere_is_refused() -> None:
    with pytest.raises(ValueError, match="http://"):
        post_over_http("https://example.com")
