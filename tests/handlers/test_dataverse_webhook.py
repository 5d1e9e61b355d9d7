"""dataverse_webhook: who may send, what becomes of a message, and what the sender is told."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import EndpointConnectionError

from project_invoicing.dataverse.webhook_keys import sign
from project_invoicing.errors import Conflict
from project_invoicing.store import client
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.table_maps.receive import MAX_BODY_BYTES
from tests.builders import Context, actual, connection, guid, multiple, proforma, to_json
from tests.dataverse import FakeDataverse
from tests.event_samples import WEBHOOK_KEY
from tests.handlers.samples import sample
from tests.site import Site, running

SECRET = "canary-signing-secret-0001"
OTHER = "canary-other-key-000000002"
NOW_SECONDS = "1788166800"  # of tests.site.NOW


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as made:
        yield made


def stripped(context: Context) -> Context:
    """A context as Dataverse sends it above 256 KB."""
    left: Context = deepcopy(context)
    for part in (
        "ParentContext",
        "InputParameters",
        "PreEntityImages",
        "PostEntityImages",
        "PostEntityImagesCollection",
    ):
        left.pop(part, None)
    return left


def kept(site: Site) -> list[dict[str, Any]]:
    return site.items(site.names.staging_table, "REJECTED#")


def signed(body: str, timestamp: str = NOW_SECONDS, secret: str = SECRET) -> dict[str, str]:
    return {"x-webhook-timestamp": timestamp, "x-webhook-signature": sign(secret, timestamp, body.encode())}


class BusFails:
    """What PutEvents answers: an error, or how many entries fail, one for each request; then it works again."""

    def __init__(self, *failures: Exception | int) -> None:
        self.failures = list(failures)
        self.asked = 0

    def __call__(self, params: dict[str, Any], **_: Any) -> None:
        self.asked += 1
        failure = self.failures[0] if self.failures else None
        if isinstance(failure, Exception):
            self.failures.pop(0)
            raise failure

    def answer(self, parsed: dict[str, Any], **_: Any) -> None:
        count = self.failures[0] if self.failures else None
        if isinstance(count, int):
            self.failures.pop(0)
            parsed["FailedEntryCount"] = count
            for entry in parsed["Entries"][:count]:
                entry |= {"ErrorCode": "InternalFailure", "ErrorMessage": "try again"}

    def __enter__(self) -> BusFails:
        events: Any = client.event_bridge().meta.events
        events.register_first("provide-client-params.events.PutEvents", self)
        events.register_last("after-call.events.PutEvents", self.answer)
        return self

    def __exit__(self, *_: object) -> None:
        events: Any = client.event_bridge().meta.events
        events.unregister("provide-client-params.events.PutEvents", self)
        events.unregister("after-call.events.PutEvents", self.answer)


NO_ANSWER = EndpointConnectionError(endpoint_url="https://events")


class TestWhoMaySend:
    def test_a_message_with_the_key_in_its_header_or_in_its_query_is_taken(self, site: Site) -> None:
        body = to_json(actual("a"))
        assert site.post(body)[0] == 200
        assert site.post(body, headers={}, query={"code": site.key})[0] == 200
        assert site.post(body, headers={"X-Webhook-Key": site.key})[0] == 200

    @pytest.mark.parametrize(
        ("headers", "query"),
        [
            ({}, {}),
            ({"x-webhook-key": ""}, {}),
            ({"x-webhook-key": "wrong"}, {"code": "wrong"}),
            ({"authorization": "wrong"}, {}),
            ({"x-webhook-key": "ключ \udcff\x00"}, {}),
            ({}, {"code": "null"}),
        ],
    )
    def test_one_without_it_is_refused_and_leaves_nothing(
        self, site: Site, headers: dict[str, str], query: dict[str, str]
    ) -> None:
        status, answer = site.post(to_json(actual("a")), headers=headers, query=query)
        assert (status, answer["error"]) == (401, "unauthorized")
        site.stack.drain()
        assert site.staged() == {}
        assert kept(site) == []

    def test_a_null_key_opens_nothing(self, site: Site) -> None:
        site.change_secret(other_key=None)
        assert site.post(to_json(actual("a")), headers={"x-webhook-key": "None"})[0] == 401

    def test_two_keys_are_good_at_once(self, site: Site) -> None:
        site.change_secret(other_key=OTHER)
        for key in (site.key, OTHER):
            assert site.post(to_json(actual("a")), headers={"x-webhook-key": key})[0] == 200

    def test_a_secret_that_says_nothing_valid_is_a_defect_that_shows_no_key(self, site: Site, capsys: Any) -> None:
        site.change_secret(key="canary-short")
        assert site.post(to_json(actual("a"))) == (500, {"message": "Internal Server Error"})
        assert "canary-short" not in "".join(capsys.readouterr())


class TestSignatures:
    @pytest.fixture(autouse=True)
    def _secret(self, site: Site) -> None:
        site.change_secret(signing_secret=SECRET)

    def post(self, site: Site, body: str, headers: dict[str, str]) -> tuple[int, str]:
        status, answer = site.post(body, headers={"x-webhook-key": site.key, **headers})
        return status, str(answer.get("detail", ""))

    def test_a_signed_message_is_taken_once_and_refused_when_it_is_replayed(self, site: Site) -> None:
        body = to_json(actual("a"))
        assert self.post(site, body, signed(body))[0] == 200
        status, detail = self.post(site, body, signed(body))
        assert status == 401
        assert "received before" in detail
        upper = {name: value.upper() for name, value in signed(body).items()}
        assert self.post(site, body, upper)[0] == 401

    def test_an_unsigned_message_is_taken_unless_a_signature_is_required(self, site: Site) -> None:
        body = to_json(actual("a"))
        assert self.post(site, body, {})[0] == 200
        site.change_secret(signature_required=True)
        assert self.post(site, body, {}) == (
            401,
            "the message is not signed: send x-webhook-timestamp and x-webhook-signature",
        )
        assert self.post(site, body, signed(body))[0] == 200

    @pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (300, 200), (301, 401)])
    def test_a_signature_is_good_for_five_minutes(self, site: Site, seconds: int, status: int) -> None:
        body = to_json(actual("a"))
        assert self.post(site, body, signed(body, str(int(NOW_SECONDS) + seconds)))[0] == status

    @pytest.mark.parametrize(
        "change",
        [
            {"x-webhook-signature": "0" * 64},
            {"x-webhook-signature": "é"},
            {"x-webhook-timestamp": "1788166801"},
            {"x-webhook-timestamp": "not a number"},
            {"x-webhook-signature": None},
            {"x-webhook-timestamp": None},
        ],
    )
    def test_a_wrong_one_is_refused_even_where_none_is_required(
        self, site: Site, change: dict[str, str | None]
    ) -> None:
        body = to_json(actual("a"))
        headers = {name: value for name, value in {**signed(body), **change}.items() if value is not None}
        assert self.post(site, body, headers)[0] == 401

    def test_another_body_under_the_same_signature_is_refused(self, site: Site) -> None:
        assert self.post(site, to_json(actual("b")), signed(to_json(actual("a"))))[0] == 401

    def test_a_message_that_the_bus_did_not_take_may_come_again_as_it_was_signed(self, site: Site) -> None:
        body = to_json(actual("a"))
        with BusFails(NO_ANSWER):
            assert self.post(site, body, signed(body))[0] == 503
        assert self.post(site, body, signed(body))[0] == 200
        site.stack.drain()
        assert set(site.staged()) == {guid("a")}


class TestWhatBecomesOfAMessage:
    def test_create_update_and_delete_reach_staging(self, site: Site) -> None:
        link = connection("c", "a", "Unbilled Sales", "b", "Cost", row_version=5)
        gone = connection("c", "a", "Unbilled Sales", "b", "Cost", message="Delete", row_version=5)
        changed = actual("a", description="again", message="Update", changed=["msdyn_description"], row_version=9)
        assert site.send(actual("a", row_version=4), link, changed, gone) == [200] * 4
        (item,) = site.items(site.names.staging_table, guid("a"))
        assert "again" in item["a"]
        assert item[f"l_cost_{guid('c')[:8]}"] == f"{6:020d}|"

    def test_a_confirmed_proforma_reaches_the_header_sync(self, site: Site) -> None:
        assert site.send(proforma("p")) == [200]
        assert [one["proposal_id"] for one in site.result()["proposals"]] == ["INV-0001"]

    @pytest.mark.parametrize("message", ["CreateMultiple", "UpdateMultiple"])
    def test_each_row_of_a_multiple_is_an_event_of_its_own(self, site: Site, message: str) -> None:
        rows = [actual(f"a-{number}", row_version=number) for number in range(1, 24)]
        status, answer = site.post(to_json(multiple(*rows, message=message)))
        assert (status, answer["published"]) == (200, 23)
        site.stack.drain()
        assert set(site.staged()) == {guid(f"a-{number}") for number in range(1, 24)}

    def test_a_row_that_cannot_be_made_out_is_kept_and_its_neighbours_go_through(self, site: Site) -> None:
        several = multiple(actual("good"), actual("bad"), actual("fine"))
        bad = several["InputParameters"][0]["value"]["Entities"][1]
        bad["Id"], bad["Attributes"] = "no id", []
        several["PostEntityImagesCollection"][1] = []
        assert site.post(to_json(several))[1] == {"published": 2, "rejected": 1, "ignored": 0}
        site.stack.drain()
        assert set(site.staged()) == {guid("good"), guid("fine")}
        assert [item["re"] for item in kept(site)] == ["schema"]

    def test_a_message_about_a_table_that_no_map_reads_is_acknowledged(self, site: Site) -> None:
        about = actual("a") | {"PrimaryEntityName": "lead"}
        assert site.post(to_json(about)) == (200, {"published": 0, "rejected": 0, "ignored": 1})
        assert kept(site) == []

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ("not JSON", None),
            ("", None),
            ("[1, 2]", None),
            ('{"PrimaryEntityId": "x"}', "PrimaryEntityName"),
            (to_json(actual("a") | {"MessageName": "Merge"}), "MessageName"),
            (to_json(actual("a") | {"InputParameters": [{"key": "Target", "value": 7}]}), "InputParameters"),
            (b"\xff\xfe\xfa", None),
        ],
    )
    def test_what_cannot_be_read_is_kept_whole_once_and_answered_with_a_reason(
        self, site: Site, body: str | bytes, field: str | None
    ) -> None:
        for _ in range(2):
            status, answer = site.post(body)
            assert (status, answer["error"], answer["field"]) == (422, "schema", field)
            assert answer["detail"]
        assert len(kept(site)) == 1

    def test_two_unreadable_bodies_do_not_overwrite_each_other(self, site: Site) -> None:
        for body in ("one", "two"):
            site.post(body)
        assert {json.loads(item["ev"])["body"] for item in kept(site)} == {"one", "two"}

    def test_a_large_unreadable_body_is_kept_too(self, site: Site) -> None:
        body = "x" * MAX_BODY_BYTES
        assert site.post(body)[0] == 422
        (item,) = kept(site)
        assert len(item["ez"]) < 10_000
        assert site.post(body + "x") == (
            413,
            {"error": "too_large", "detail": "the body has 1048577 bytes, and 1048576 is the most"},
        )
        assert len(kept(site)) == 1

    def test_a_row_that_is_too_large_for_the_bus_is_kept_and_its_neighbour_goes_through(self, site: Site) -> None:
        several = multiple(actual("large", msdyn_description="x" * 300_000), actual("small"))
        assert site.post(to_json(several)) == (200, {"published": 1, "rejected": 1, "ignored": 0})
        site.stack.drain()
        assert set(site.staged()) == {guid("small")}
        assert [(row["id"], row["reason"]) for row in site.result()["rejected"]] == [(guid("large"), "too_large")]

    def test_a_row_that_cannot_even_be_kept_is_refused_and_its_neighbour_goes_through(self, site: Site) -> None:
        noise = Random(1).randbytes(350_000).hex()  # noqa: S311  what no compression makes small
        several = multiple(actual("large", msdyn_description=noise), actual("small"))
        status, answer = site.post(to_json(several))
        assert (status, answer["error"]) == (413, "too_large")
        site.stack.drain()
        assert (set(site.staged()), kept(site)) == ({guid("small")}, [])

    def test_what_is_rejected_is_kept_only_once_its_neighbours_are_on_the_bus(self, site: Site) -> None:
        several = multiple(actual("a"), actual("b"))
        several["InputParameters"][0]["value"]["Entities"][1] = "no row"
        with BusFails(NO_ANSWER):
            assert site.post(to_json(several))[0] == 503
        assert kept(site) == []
        assert site.post(to_json(several)) == (200, {"published": 1, "rejected": 1, "ignored": 0})
        assert len(kept(site)) == 1


class TestStripped:
    @pytest.fixture
    def site(self) -> Iterator[Site]:
        with running(FakeDataverse()) as made:
            yield made

    def test_the_row_of_a_stripped_message_is_read_by_its_id(self, site: Site) -> None:
        assert site.dataverse
        row = actual("a", row_version=3)
        site.dataverse.apply(row)
        with site.connected():
            assert site.send(stripped(row)) == [200]
        assert set(site.staged()) == {guid("a")}

    def test_the_header_says_so_where_the_body_does_not(self, site: Site) -> None:
        assert site.dataverse
        row = actual("a", row_version=3)
        site.dataverse.apply(row)
        left = stripped(row) | {"InputParameters": []}
        assert site.post(to_json(left))[0] == 422
        headers = {"x-webhook-key": site.key, "X-MS-Dynamics-Msg-Size-Exceeded": "true"}
        assert site.post(to_json(left), headers=headers)[0] == 200
        with site.connected():
            site.stack.drain()
        assert set(site.staged()) == {guid("a")}

    def test_a_stripped_multiple_has_no_id_and_sweeps_its_table(self, site: Site) -> None:
        assert site.dataverse
        rows = [actual(name, row_version=3) for name in "ab"]
        site.dataverse.apply(*rows)
        with site.connected():
            assert site.send(stripped(multiple(*rows))) == [200]
        assert set(site.staged()) == {guid("a"), guid("b")}

    def test_a_row_that_is_gone_by_then_is_no_error(self, site: Site) -> None:
        with site.connected():
            assert site.send(stripped(actual("a"))) == [200]
        assert site.staged() == {}
        assert site.dead_letters() == []

    def test_a_deleted_connection_without_its_image_is_found_by_its_id(self, site: Site) -> None:
        gone = connection("c", "a", "Unbilled Sales", "b", "Cost", message="Delete") | {"PreEntityImages": []}
        with site.connected():
            assert site.send(connection("c", "a", "Unbilled Sales", "b", "Cost", row_version=5)) == [200]
            assert site.send(gone) == [200]
        (item,) = site.items(site.names.staging_table, guid("a"))
        assert item[f"l_cost_{guid('c')[:8]}"] == f"{6:020d}|"

    def test_without_a_dataverse_it_stays_in_the_dead_letters_and_says_why(self) -> None:
        with running() as alone:
            assert alone.send(stripped(actual("a"))) == [200]
            (letter,) = alone.dead_letters()
        assert letter.function == "dataverse_catchup"
        assert "set the parameter DataverseUrl" in letter.error


class TestTheBus:
    def test_entries_that_fail_once_are_tried_again_within_the_message(self, site: Site) -> None:
        with BusFails(2) as bus:
            assert site.post(to_json(multiple(actual("a"), actual("b"), actual("c"))))[0] == 200
        assert bus.asked == 2

    def test_entries_that_fail_twice_make_dataverse_send_the_message_again(self, site: Site) -> None:
        body = to_json(multiple(actual("a"), actual("b"), actual("c")))
        with BusFails(2, 1):
            status, answer = site.post(body)
        assert (status, answer["error"]) == (503, "unavailable")
        assert site.post(body)[0] == 200
        site.stack.drain()
        assert set(site.staged()) == {guid("a"), guid("b"), guid("c")}

    def test_a_message_that_meets_its_own_repetition_is_sent_again(self, site: Site) -> None:
        with patch.object(Staging, "reject", side_effect=Conflict("another transaction was under way")):
            assert site.post("not JSON")[0] == 503
        assert site.post("not JSON")[0] == 422

    def test_a_bus_that_does_not_answer_makes_dataverse_send_the_message_again(self, site: Site) -> None:
        with BusFails(NO_ANSWER):
            assert site.post(to_json(actual("a")))[0] == 503


SAMPLES = {
    "create": 200,
    "update-with-post-image": 200,
    "delete": 200,
    "create-multiple": 200,
    "stripped": 200,
    "wrong-key": 401,
    "not-json": 422,
}


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_gets_its_answer(site: Site, name: str) -> None:
    site.change_secret(key=WEBHOOK_KEY)
    answer = site.stack.invoke("dataverse_webhook", sample(f"dataverse_webhook/{name}"))
    assert answer["statusCode"] == SAMPLES[name]
    assert answer["headers"] == {"content-type": "application/json"}
    assert json.loads(answer["body"])


def test_another_path_is_not_found(site: Site) -> None:
    assert site.stack.post("/other", {}, {}, b"", site.at)[0] == 404


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """What the functions log, down to DEBUG, botocore's lines too."""
    output = io.StringIO()
    listener, root = logging.StreamHandler(output), logging.getLogger()
    named = logging.getLogger("project-invoicing")
    levels = root.level, named.level
    (powertools,) = named.handlers
    before = powertools.setStream(output)  # type: ignore[attr-defined]
    root.addHandler(listener)
    root.setLevel(logging.INFO)
    named.setLevel(logging.DEBUG)
    try:
        yield output
    finally:
        root.removeHandler(listener)
        root.setLevel(levels[0])
        named.setLevel(levels[1])
        powertools.setStream(before)  # type: ignore[attr-defined]


def test_no_secret_and_no_row_is_ever_logged(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    site.change_secret(other_key=OTHER, signing_secret=SECRET)
    body = to_json(actual("a", description="canary customer"))
    right = {"x-webhook-key": site.key, **signed(body)}
    with everything_logged() as logged:
        answers = [
            site.post(body, headers=right),
            site.post(body, headers=right),
            site.post(body, headers={}, query={"code": OTHER}),
            site.post(body, headers={"x-webhook-key": "canary-wrong-key"}),
            site.post("canary body", headers={"x-webhook-key": OTHER}),
            site.post("x" * (MAX_BODY_BYTES + 1)),
        ]
        with BusFails(NO_ANSWER):
            answers.append(site.post(body))
        site.stack.drain()
    assert [status for status, _ in answers] == [200, 401, 200, 401, 422, 413, 503]
    output = logged.getvalue() + "".join(capfd.readouterr())
    assert output.count('"message":"webhook"') == len(answers)
    for secret in (site.key, OTHER, SECRET, right["x-webhook-signature"], "canary"):
        assert secret not in output
    assert not any(secret in json.dumps(answers) for secret in (site.key, OTHER, SECRET, "Traceback"))
