"""Batches for general ledgers: the pages, and what people do there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing import bootstrap, observe
from project_invoicing.domain.actor import Actor, How, Role
from project_invoicing.domain.history import Done
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.domain.ledger_answer import Outcome
from project_invoicing.domain.ledger_batch import BatchState
from project_invoicing.domain.refusals import Refused
from project_invoicing.store import client
from project_invoicing.use_cases.ledger_batches.inbox import Acknowledgements
from project_invoicing.use_cases.ledger_batches.occasions import asked_by
from project_invoicing.use_cases.requests.acknowledge_batch import AcknowledgeBatch
from tests.batches import asked
from tests.books import COMPANY, Books, small
from tests.contracts.cloudformation import resources
from tests.faults import refused
from tests.harness import envelope
from tests.workspace.calling import Api
from tests.workspace.oidc_issuer import OidcIssuer
from tests.workspace.person import Person

BATCH = {"company": COMPANY, "kind": "ledger", "number": "1"}
SAID: dict[str, Any] = {**BATCH, "number": 1}


@pytest.fixture
def books(moto: None) -> Books:
    made = Books((f"parameters.{COMPANY}.ledger", {"schedule": "daily"}))
    made.month()
    made.build()
    return made


def person(books: Books, *roles: str, companies: tuple[str, ...] = ()) -> Person:
    return Person(SimpleNamespace(world=books), roles, companies=companies)  # type: ignore[arg-type]


def test_who_may_see_another_company_alone_finds_no_batch_and_does_nothing_to_one(books: Books) -> None:
    asked(books, deliver={**SAID, "format": "beancount"})
    other = person(books, companies=("GBPM",))
    assert other.get("/ledger", company=COMPANY).status == 400  # as for a company that is not there
    for path in ("/ledger/batch", "/ledger/file"):
        assert other.get(path, **BATCH, name="manifest.json").status == 404
    for path, said in (
        ("deliver", {"format": "beancount"}),
        ("acknowledge", {"outcome": "accepted"}),
        ("void", {"message": "why"}),
    ):
        assert other.post(f"/ledger/batch/{path}", **BATCH, **said).status == 404
    with patch("project_invoicing.bus.Bus.publish", return_value=[]) as published:
        assert other.post("/ledger/build", company=COMPANY, kind="ledger").status == 404
    assert published.call_args_list == []
    assert COMPANY not in other.get("/ledger/missing").text
    assert "What the general ledger lacks" not in other.get("/").text


def test_no_door_lets_another_company_say_that_a_batch_was_voided(books: Books) -> None:
    eve = Actor("eve", "Eve", How.API, frozenset(Role), frozenset({"GBPM"}))
    for outcome in (Outcome.ACCEPTED, Outcome.VOIDED_THERE):
        said = AcknowledgeBatch.of({**SAID, "outcome": outcome, "message": "why"})
        with pytest.raises(Refused, match=f"may act for GBPM, and not for {COMPANY}"):
            Acknowledgements(SimpleNamespace(actor=eve)).answer(said)  # type: ignore[arg-type]


def test_the_batches_and_one_of_them_show_totals_files_and_states(books: Books) -> None:
    ann = person(books)
    listed = ann.get("/ledger")
    assert "1 2026-05 ready 2 9 4 640.00 USD 0" in listed.text
    assert listed.requests <= 3
    books.post(JOURNAL, "J-2", small(7))
    assert "J-2" in ann.get("/ledger/missing").text
    assert "Make batches on the page of the general ledger. 1 2026-05-" in ann.get("/close", period="2026-05").text
    asked(books, deliver={**SAID, "format": "beancount"})
    asked(
        books,
        acknowledge={**SAID, "outcome": "partly", "errors": [{"external_id": "USPM:PV-00000002", "message": "<b>"}]},
    )
    shown = ann.get("/ledger/batch", **BATCH)
    assert "State partly" in shown.text
    assert "Still open 1 200.00 USD" in shown.text
    assert "part-0001.beancount" in shown.text
    assert "<b>" not in shown.html.replace("&lt;b&gt;", "")
    assert shown.requests <= 8
    overview = ann.get("/").text
    assert "What the general ledger lacks" in overview
    assert "refused there 1 1 200.00 USD" in overview
    assert "Answer for them, or deliver them again. 1 1 200.00 USD" in ann.get("/close", period="2026-05").text
    assert ann.get("/ledger/batch", **{**BATCH, "number": "9"}).status == 404
    assert ann.get("/ledger", kind="nothing").status == 404


def test_a_file_is_loaded_by_a_link_that_is_good_for_a_minute(books: Books) -> None:
    asked(books, deliver={**SAID, "format": "beancount"})
    ann = person(books, "viewer")
    for more, key in (
        ({"name": "manifest.json"}, "ledger/USPM/2026-05/ledger/000001/manifest.json"),
        ({"name": "part-0001.beancount", "delivery": "1"}, "000001/beancount/1/part-0001.beancount"),
    ):
        answer = ann.get("/ledger/file", **BATCH, **more)
        assert answer.status == 303
        assert key in answer.location
        assert "X-Amz-Expires=60" in answer.location
    for name in ("../manifest.json", "answer-1.json", "lines.csv.gz"):
        assert ann.get("/ledger/file", **BATCH, name=name).status == 404


WHO = {"actor": "ann", "actor_name": "ann", "how": "workspace"}


def test_a_poster_builds_delivers_and_answers_and_an_administrator_voids(books: Books) -> None:
    poster = person(books, "poster")
    with patch("project_invoicing.bus.Bus.publish", return_value=[]) as published:
        told = poster.send("/ledger/build", company=COMPANY, kind="ledger")
    [[event]] = [call.args[0] for call in published.call_args_list]
    assert "Batches of what waits in USPM are being made" in told.text
    assert event.detail == {"version": 1, "company": "USPM", "kind": "ledger", **WHO}
    assert poster.post("/ledger/build", company=COMPANY, kind="all").status == 404
    with patch("project_invoicing.bus.Bus.publish", return_value=[]) as published:
        told = poster.send("/ledger/batch/deliver", **BATCH, format="beancount")
    [[event]] = [call.args[0] for call in published.call_args_list]
    assert "It is being delivered in beancount" in told.text
    assert event.detail == {
        "version": 1, "company": "USPM", "kind": "ledger", "number": 1, "format": "beancount", **WHO,
    }  # fmt: skip
    said = poster.send(
        "/ledger/batch/acknowledge", **BATCH, outcome="partly", external_number="GJ-1",
        errors="USPM:PV-00000002 period closed\nUSPM:PV-77777777 x",
    )  # fmt: skip
    assert "does not have USPM:PV-77777777" in said.text
    assert "name vouchers by the `external_id`" in said.text
    said = poster.send("/ledger/batch/acknowledge", **BATCH, outcome="accepted", external_number="GJ-1")
    assert "batch USPM-ledger-000001 is accepted." in said.text
    assert "It was voided there" not in said.text
    assert poster.post("/ledger/batch/void", **BATCH, message="x").status == 403
    assert poster.send("/ledger/batch/acknowledge", **BATCH, outcome="voided_there").text.count("say what became of it")
    with patch("project_invoicing.bus.Bus.publish", return_value=[]):
        assert "nothing of it is left" in poster.send("/ledger/batch/deliver", **BATCH, format="beancount").text
    voided = person(books, "administrator").send("/ledger/batch/void", **BATCH, message="wrong company")
    assert "State voided there" in voided.text
    assert books.batch(1).state is BatchState.VOIDED_THERE


def test_a_viewer_sees_and_changes_nothing(books: Books) -> None:
    viewer = person(books, "viewer")
    assert "Deliver" not in viewer.get("/ledger/batch", **BATCH).text.replace("Deliveries", "")
    for path in ("deliver", "acknowledge", "void"):
        assert viewer.post(f"/ledger/batch/{path}", **BATCH, outcome="accepted").status == 403
    assert "Make batches" not in viewer.get("/ledger").text
    assert viewer.post("/ledger/build", **BATCH).status == 403
    assert books.batch(1).state is BatchState.READY


def test_a_program_has_batches_made_by_the_function_that_writes_them(books: Books, issuer: OidcIssuer) -> None:
    api = Api.of(issuer, SimpleNamespace(world=books))  # type: ignore[arg-type]
    books.post(JOURNAL, "J-2", small(7))
    poster = api.token_of("poster")
    with patch("project_invoicing.bus.Bus.publish", return_value=[]) as published:
        for body, field in (
            ({"company": "XXXX"}, "no company XXXX"),
            ({"kind": "all"}, "kind"),
            ({"actor": "b"}, "actor"),
        ):
            status, problem = api.post("/api/v1/ledger/batches", body, poster)
            assert (status, field in problem["detail"]) == (422, True), problem
        assert published.call_args_list == []
        asked_for = {"company": COMPANY, "kind": "ledger"}
        assert api.post("/api/v1/ledger/batches", asked_for, poster) == (200, {"outcome": "asked"})
    [[event]] = [call.args[0] for call in published.call_args_list]
    assert event.detail == {"version": 1, **asked_for, "actor": "ann", "actor_name": "Ann", "how": "api"}
    for _ in range(2):  # the bus may bring it twice
        books.building().run(asked_by(envelope(event.detail, books.at, event.detail_type, "project-invoicing")))
    assert [(one.number, one.documents) for one in books.batches] == [(1, 2), (2, 1)]
    [made] = [one for one in bootstrap.ledger_batches().history(books.batch(2).id) if one.what is Done.CREATED]
    assert (made.who.called, made.who.how) == ("Ann", "api")


@pytest.mark.parametrize("is_missing", [True, False], ids=["missing", "denied"])
def test_a_bucket_that_takes_nothing_is_seen_on_the_page_and_by_an_alarm(books: Books, *, is_missing: bool) -> None:
    books.post(JOURNAL, "J-2", small(7))
    s3, name = client.s3(), str(books.names.ledger_bucket)
    code, status = ("NoSuchBucket", 404) if is_missing else ("AccessDenied", 403)
    with refused(s3, code, status), patch.object(observe.metrics, "add_metric") as counted:
        books.run("ledger_export")
    said = {call.kwargs["name"]: call.kwargs["value"] for call in counted.call_args_list}
    watched = {one["MetricName"]: one["Threshold"] for one in resources("AWS::CloudWatch::Alarm").values()}
    assert said["LedgerFilesMissing"] > watched["LedgerFilesMissing"]
    why = f"the bucket {name} refused a request: {code}"
    ann = person(books)
    assert why in ann.get("/ledger").text
    assert why in ann.get("/ledger/batch", **BATCH | {"number": "2"}).text

    books.run("ledger_export")
    assert why not in ann.get("/ledger").text
