"""``invoicing check dataverse``: an organization is compared with the table maps, through the client that reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import urllib3

from dataverse_standin import Registration, Rows, Settings, Step, running
from dataverse_standin.metadata import BEHAVIORS, Column, Kind, code, lookup, text
from local.cli import main
from local.connected import STEPS
from operate import check_dataverse, organization
from operate.check_dataverse import Finding
from project_invoicing import bootstrap
from project_invoicing.config import settings as settings_of
from project_invoicing.dataverse.maps import OVERRIDES_VARIABLE, table_maps
from project_invoicing.dataverse.tokens import ClientCredentials
from project_invoicing.dataverse.web_api import WebApi
from tests.sockets import loopback


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    with loopback():
        yield


@pytest.fixture(autouse=True)
def _own_maps() -> Iterator[None]:
    yield
    table_maps.cache_clear()


def registered(*steps: Step) -> Settings:
    return Settings(registrations=(Registration("invoicing", "https://stack/dataverse", steps),))


def asking(settings: Settings, url: str) -> WebApi:
    pool = urllib3.PoolManager()
    secret = {"tenant_id": settings.tenant, "client_id": settings.client_id, "client_secret": settings.client_secret}
    return WebApi(url, ClientCredentials(url, lambda: json.dumps(secret | {"authority": url}), pool), pool=pool)


def found(settings: Settings, *, notes: bool = False) -> list[Finding]:
    """What the maps lack in an organization with these settings."""
    maps = table_maps().values()
    with running(Rows(lambda: datetime.now(UTC)), settings) as server:
        told = organization.read(asking(settings, server.url), [one.entity for one in maps])
    return [one for one in check_dataverse.findings(maps, told) if notes or one.problem != "note"]


def only(listed: list[Finding]) -> Finding:
    (one,) = listed
    return one


def test_an_organization_as_readme_describes_it_lacks_nothing() -> None:
    assert found(registered(*STEPS)) == []


def test_a_table_without_change_tracking_is_named() -> None:
    settings = registered(*STEPS)
    settings.untracked = frozenset({"invoice"})
    one = only(found(settings))
    assert (one.map, one.kind, one.name, one.problem) == ("invoices", "change tracking", "invoice", "missing")
    assert "Track changes" in one.to_do


@pytest.mark.parametrize(
    ("depth", "problem", "said"),
    [("", "missing", "does not have it"), ("Basic", "differs", "for Basic only"), ("Deep", "differs", "for Deep only")],
)
def test_a_privilege_that_is_missing_or_too_narrow_is_named(depth: str, problem: str, said: str) -> None:
    settings = registered(*STEPS)
    settings.privileges = {"prvReadinvoice": depth}
    one = only(found(settings))
    assert (one.name, one.problem) == ("Read on invoice", problem)
    assert said in one.detail


def test_what_is_written_back_needs_write() -> None:
    settings = registered(*STEPS)
    settings.privileges = {"prvWritemsdyn_actual": ""}
    assert (only(found(settings)).map, only(found(settings)).name) == ("actuals_write_back", "Write on msdyn_actual")


def test_a_column_of_another_name_is_missing_and_those_that_may_be_meant_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(OVERRIDES_VARIABLE, json.dumps({"actuals": {"project": "cr1_work", "skip_sync": "msdyn_skip"}}))
    table_maps.cache_clear()
    by_name = {one.name: one for one in found(registered(*STEPS))}
    assert by_name.keys() == {"cr1_work", "msdyn_skip"}
    assert by_name["cr1_work"].to_do.endswith("similar ones: msdyn_project")
    assert '{"actuals": {"skip_sync": "…"}}' in by_name["msdyn_skip"].to_do
    assert by_name["msdyn_skip"].to_do.endswith("similar ones: msdyn_skipsync")


def test_a_column_of_another_type_or_look_up_to_another_table_differs() -> None:
    settings = registered(*STEPS)
    settings.columns = {"msdyn_actual": {"msdyn_amount": text(), "msdyn_project": lookup("account")}}
    details = {one.name: one.detail for one in found(settings)}
    assert details["msdyn_project"] == "project: points to account; the map expects msdyn_project"
    assert details["msdyn_amount"].startswith("amount: is String; the map reads decimal")


@pytest.mark.parametrize("kind", BEHAVIORS)
def test_a_date_of_another_behaviour_differs_with_the_setting_to_write(kind: Kind) -> None:
    settings = registered(*STEPS)
    settings.columns = {"invoice": {"msdyn_invoicedate": Column(kind)}}
    listed = found(settings)
    if kind is Kind.INSTANT:
        assert only(listed).to_do == f'{OVERRIDES_VARIABLE} {{"invoices": {{"dates": {{"invoice_date": "instant"}}}}}}'
    else:
        assert listed == []


def test_columns_for_documents_have_to_be_there_and_a_choice_needs_all_its_codes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = {"document_link": "cr1_link", "document_state": "cr1_state", "codes": {"document_state": {"1": "ready"}}}
    monkeypatch.setenv(OVERRIDES_VARIABLE, json.dumps({"invoices_write_back": named}))
    table_maps.cache_clear()
    settings = registered(*STEPS)
    settings.columns = {"invoice": {"cr1_state": code({1: "Ready"})}}
    by_name = {one.name: (one.problem, one.detail) for one in found(settings)}
    missing = "sent, delivered, opened, complained, bounced, unknown, failed"
    assert by_name == {
        "cr1_link": ("missing", "document link: the table has no such column"),
        "cr1_state": ("differs", f"document_state: is Picklist; the map has no code for {missing}"),
    }


def test_codes_without_a_word_are_notes_and_hold_nothing_up() -> None:
    notes = [one for one in found(registered(*STEPS), notes=True) if one.name == "msdyn_transactiontypecode"]
    assert "192350004 Project contract" in only(notes).detail


def test_steps_that_are_missing_are_named_message_by_message() -> None:
    others = [step for step in STEPS if step.entity not in ("invoice", "account")]
    names = [one.name for one in found(registered(*others))]
    messages = ("Create", "Update", "Delete", "Merge")
    assert names == [*(f"{one} of account" for one in messages), "Create of invoice", "Update of invoice"]


def test_a_multiple_message_counts_as_its_single_one() -> None:
    others = [step for step in STEPS if (step.entity, step.message) != ("invoice", "Create")]
    assert found(registered(*others, Step("invoice", "CreateMultiple"))) == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step("invoice", "Create", asynchronous=False), "synchronous"),
        (Step("invoice", "Create", enabled=False), "disabled"),
        (Step("invoice", "Create", post_image=None), "no post image"),
        (Step("invoice", "Create", image_columns=frozenset({"customerid"})), "its post image has no billto_city"),
        (Step("invoice", "Update", columns=frozenset({"customerid"})), "its filter leaves out"),
        (Step("msdyn_transactionconnection", "Delete", pre_image=None), "no pre image"),
    ],
)
def test_a_step_that_is_registered_otherwise_differs(step: Step, said: str) -> None:
    others = [one for one in STEPS if (one.entity, one.message) != (step.entity, step.message)]
    one = only(found(registered(*others, step)))
    assert one.problem == "differs"
    assert said in one.detail


def test_what_may_not_be_read_is_said_not_to_be_checked() -> None:
    maps = table_maps().values()
    settings = registered(*STEPS)
    with running(Rows(lambda: datetime.now(UTC)), settings) as server:
        told = organization.read(asking(settings, server.url), [one.entity for one in maps])
    unread = organization.Organization(told.tables, None, None)
    problems = {(one.kind, one.problem) for one in check_dataverse.findings(maps, unread) if one.problem != "note"}
    assert problems == {("privilege", "not checked"), ("webhook step", "not checked")}


def test_a_table_that_is_not_there_is_named_once() -> None:
    maps = [table_maps()["invoices"]]
    one = only(check_dataverse.findings(maps, organization.Organization({"invoice": None}, {}, ())))
    assert (one.kind, one.problem) == ("table", "missing")
    assert one.to_do.endswith("invoicing map stop invoices")


# --- the command ---


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    settings = registered(*STEPS)
    with running(Rows(lambda: datetime.now(UTC)), settings) as server:
        monkeypatch.setenv("DATAVERSE_URL", server.url)
        monkeypatch.setenv("DATAVERSE_CREDENTIALS", "the-secret")
        settings_of.cache_clear()
        monkeypatch.setattr(bootstrap, "dataverse", lambda: asking(settings, server.url))
        yield settings
    settings_of.cache_clear()


def test_the_command_exits_with_0_where_nothing_is_missing_and_with_1_else(
    command: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "dataverse"]) == 0
    assert "Nothing is missing." in capsys.readouterr().out
    command.untracked = frozenset({"invoice"})
    assert main(["check", "dataverse", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [one["problem"] for one in report["findings"] if one["problem"] != "note"] == ["missing"]
    assert {one["map"]: one["problems"] for one in report["maps"]}["invoices"] == 1


def test_maps_that_stay_stopped_can_be_left_out(command: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    command.privileges = {"prvReadaccount": "", "prvReadinvoice": ""}
    assert main(["check", "dataverse", "--without", "master_data", "--without", "invoices"]) == 0
    assert "contracts" not in capsys.readouterr().out
    assert main(["check", "dataverse", "--without", "invoices"]) == 1
    assert main(["check", "dataverse", "--without", "invoice"]) == 2
    assert "--without: there is no table map 'invoice'; did you mean invoices" in capsys.readouterr().err


@pytest.mark.usefixtures("command")
def test_a_webhook_that_is_not_there_is_not_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "dataverse", "--webhook", "invoices"]) == 2
    assert "there is no webhook 'invoices'; there are: invoicing" in capsys.readouterr().err


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATAVERSE_URL", "", "set DATAVERSE_URL and DATAVERSE_CREDENTIALS"),
        ("DATAVERSE_URL", "contoso", "DATAVERSE_URL is 'contoso'; write a URL"),
        ("DATAVERSE_CREDENTIALS", "", "set DATAVERSE_URL and DATAVERSE_CREDENTIALS"),
        (OVERRIDES_VARIABLE, '{"x"', "TABLE_MAP_OVERRIDES is not JSON"),
        (OVERRIDES_VARIABLE, '{"actual": {}}', "no table map 'actual'"),
    ],
)
def test_settings_that_are_wrong_are_not_valid(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    settings_of.cache_clear()
    table_maps.cache_clear()
    assert main(["check", "dataverse"]) == 2
    assert said in capsys.readouterr().err


def test_an_organization_that_does_not_answer_is_one_sentence(
    command: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command.faults.unavailable_next = 100
    assert main(["check", "dataverse"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("127.0.0.1: Dataverse answered 503")
    assert "check DATAVERSE_URL and the network" in error
    assert error.count("\n") == 1
