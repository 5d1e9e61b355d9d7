"""A state that is kept is whole, and a stack that goes on with it knows everything again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import ROOT, demo, engines, kept, result, run, template
from local.cli import main
from local.cloudformation import TemplateError
from local.connected import connected
from local.functions import Handlers
from local.schedules import Cron, Schedules, seconds_of
from local.stack import Stack
from operate.invalid_input import InvalidInput
from project_invoicing.store import client
from tests.sockets import loopback

_SCENARIO = ROOT / "events" / "scenarios" / "plain-month"
_AT = "2026-09-10T00:00:00Z"


def _options(keep: Path) -> run.Options:
    return run.Options(_SCENARIO / "setup.yaml", _SCENARIO / "events.jsonl", "moto", keep=keep)


def _new_stack() -> Stack:
    client.forget()
    return Stack(template.read(ROOT / "template.yaml"), Handlers(verbose=False))


def test_the_end_state_of_a_scenario_is_there_again(tmp_path: Path) -> None:
    outcome = run.run(_options(tmp_path / "kept"))

    with engines.running("moto"), kept.held(tmp_path / "kept") as folder:
        stack = _new_stack()
        state = folder.read()
        assert state
        kept.restore(stack, state, folder.file)
        again = result.build(client.dynamodb(), stack.settings, _AT, [])
        stack.drain()  # nothing that was delivered before is delivered again
        assert not stack.dead_letters()
        assert result.build(client.dynamodb(), stack.settings, _AT, []) == again
        folder.save(stack, None)
        saved = folder.read()
    client.forget()
    assert {**again, "refused": []} == {**outcome.result, "refused": []}
    assert saved
    assert _sorted(saved) == _sorted(state)


def test_a_run_does_not_write_over_a_state(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(InvalidInput, match=r"state\.json is there already; name another folder, or remove it"):
        run.run(_options(tmp_path))
    assert (tmp_path / "state.json").read_text() == "{}"


def test_a_deployed_stack_is_not_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    files = ["--setup", str(_SCENARIO / "setup.yaml"), "--events", str(_SCENARIO / "events.jsonl")]
    assert main(["run", *files, "--deployed", "--keep", str(tmp_path)]) == 2
    assert "leave --deployed out" in capsys.readouterr().err


def test_letters_and_the_webhook_key_are_kept(tmp_path: Path) -> None:
    letters = [json.dumps({"number": number}) for number in range(25)]
    with engines.running("moto"), kept.held(tmp_path) as folder:
        stack = _new_stack()
        for letter in letters:
            boto3.client("sqs").send_message(QueueUrl=stack.queues["ActualsSyncDeadLetters"], MessageBody=letter)
        assert folder.save(stack, None)
        assert folder.save(stack, None) is False, "nothing has changed: the letters are still there"
        key, state = stack.webhook_key, folder.read()
    assert state
    assert sorted(state["queues"]["ActualsSyncDeadLetters"]) == sorted(letters)
    with engines.running("moto"):
        stack = _new_stack()
        assert stack.webhook_key != key
        kept.restore(stack, state, tmp_path)
        assert stack.webhook_key == key
        assert len(stack.dead_letters()) == len(letters)
    client.forget()


def test_the_last_state_is_whole_whenever_the_process_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with engines.running("moto"), kept.held(tmp_path) as folder:
        stack = _new_stack()
        folder.save(stack, None)
        before = folder.file.read_bytes()
        queue = stack.queues["ActualsSyncDeadLetters"]
        for name in ("os.fsync", "pathlib.Path.replace"):
            boto3.client("sqs").send_message(QueueUrl=queue, MessageBody='{"one": "more"}')
            with monkeypatch.context() as dying:
                dying.setattr(name, killed)
                with pytest.raises(Killed):
                    folder.save(stack, None)
            assert folder.file.read_bytes() == before
        folder.save(stack, None)
        state = folder.read()
    assert state
    assert len(state["queues"]["ActualsSyncDeadLetters"]) == 2
    assert folder.file.stat().st_mode & 0o077 == 0
    client.forget()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"format": 99}', "was written by another version: its format is 99"),
        ("[]", "is not the state of a local stack"),
        ('{"format"', "is not the state of a local stack"),
    ],
)
def test_a_state_that_cannot_be_read_says_why(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with kept.held(tmp_path) as folder, pytest.raises(InvalidInput, match=why):
        folder.read()


def test_a_table_that_the_template_does_not_have_is_another_version(tmp_path: Path) -> None:
    with engines.running("moto"):
        stack = _new_stack()
        state: dict[str, Any] = {"tables": {"OtherTable": []}, "queues": {}, "secrets": {}}
        with pytest.raises(InvalidInput, match=r"another version: template\.yaml has no OtherTable"):
            kept.restore(stack, state, tmp_path)
    client.forget()


def test_a_folder_belongs_to_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        kept.held(tmp_path / "one"),
        pytest.raises(InvalidInput, match="in use by process"),
        kept.held(tmp_path / "one"),
    ):
        pass
    with kept.held(tmp_path / "one"):
        pass
    with pytest.raises(InvalidInput, match="cannot be used: No such file"), kept.held(tmp_path / "none" / "two"):
        pass


def test_the_rows_of_dataverse_are_kept_with_their_kinds() -> None:
    with loopback(), connected(demo.BEGINS, demo.ZONE, engine="moto") as site:
        site.business.engagement(unit="Contoso Robotics US", cost_rate=100, bill_rate=200, resource="Bob Kozack")
        state = json.loads(json.dumps(site.rows.state()))
        before = {entity: site.rows.select(entity) for entity in state["tables"]}
        version, (one, *_) = site.rows.version, site.rows.select("bookableresource")
        site.rows.delete("bookableresource", one["bookableresourceid"])
        site.webhooks.deliver()
        site.rows.restore(state)
        assert {entity: site.rows.select(entity) for entity in before} == before
        assert site.rows.version == version
        assert site.webhooks.deliver() == []
        assert site.rows.create("account", {}) not in {row["accountid"] for row in before["account"]}


def test_schedules_run_at_their_rates() -> None:
    now = 0.0
    wall = datetime(2026, 8, 31, 2, 29, 59, tzinfo=UTC)
    schedules = Schedules(template.read(ROOT / "template.yaml").functions, lambda: now, lambda: wall)
    assert list(schedules.due()) == []
    now = 299
    assert list(schedules.due()) == []
    now = 300
    assert sorted(schedules.due()) == ["audit_sealing", "outbox_relay", "staging_import"]
    assert list(schedules.due()) == []
    now = 10_000  # a machine that slept
    assert "journal_posting" in list(schedules.due())
    assert list(schedules.due()) == []
    wall += timedelta(seconds=1)
    assert list(schedules.due()) == ["reconciliation"]
    assert list(schedules.due()) == []
    wall = datetime(2026, 8, 31, 15, 33, tzinfo=UTC)  # busy for some minutes
    assert list(schedules.due()) == ["reference_rates"]
    wall = datetime(2026, 9, 2, 9, 0, tzinfo=UTC)  # asleep for two nights
    assert list(schedules.due()) == []


@pytest.mark.parametrize(
    ("cron", "at", "not_at"),
    [
        ("cron(30 2 * * ? *)", "2026-08-31T02:30", "2026-08-31T02:31"),
        ("cron(0/15 8-17 ? * MON-FRI *)", "2026-08-31T09:45", "2026-08-30T09:45"),
        ("cron(0 6 1 JAN,JUL ? 2026)", "2026-07-01T06:00", "2026-08-01T06:00"),
    ],
)
def test_a_cron_names_its_minutes(cron: str, at: str, not_at: str) -> None:
    assert Cron(cron).is_at(datetime.fromisoformat(at))
    assert not Cron(cron).is_at(datetime.fromisoformat(not_at))


@pytest.mark.parametrize("text", ["cron(0 6 L * ? *)", "cron(61 6 * * ? *)", "cron(0 6)", "every day"])
def test_a_schedule_that_is_not_known_here_is_said_so(text: str) -> None:
    with pytest.raises(TemplateError, match=r"numbers, names, lists, ranges and steps|is written as rate"):
        Cron(text)


@pytest.mark.usefixtures("moto")
def test_a_letter_that_a_killed_redrive_has_hidden_is_kept(tmp_path: Path) -> None:
    stack, sqs = _new_stack(), boto3.client("sqs")
    url = stack.queues["StagingImportDeadLetters"]
    for body in ("first", "second"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    with kept.held(tmp_path / "kept") as folder:
        folder.save(stack, None)
        (taken,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=300)["Messages"]
        folder.save(stack, None)
        assert sorted(_letters(folder)) == ["first", "second"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=taken["ReceiptHandle"])
        folder.save(stack, None)
        assert _letters(folder) == [{"first": "second", "second": "first"}[taken["Body"]]]


def _letters(folder: kept.Folder) -> list[str]:
    state = folder.read()
    assert state
    return list(state["queues"]["StagingImportDeadLetters"])


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [("rate(1 minute)", 60), ("rate(2 hours)", 7_200), ("rate(1 day)", 86_400), ("cron(30 2 * * ? *)", None)],
)
def test_a_rate_in_seconds(schedule: str, seconds: int | None) -> None:
    assert seconds_of(schedule) == seconds


def _sorted(state: dict[str, Any]) -> dict[str, Any]:
    tables = {
        id: sorted(json.dumps(item, sort_keys=True, default=str) for item in items)
        for id, items in state["tables"].items()
    }
    return {**state, "tables": tables}
