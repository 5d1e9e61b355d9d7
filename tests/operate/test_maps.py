"""``invoicing map``: a command to the deployed function, and what it answered for a person."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local.cli import main
from project_invoicing.domain.codes import TableMapName
from tests.builders import actual
from tests.site import Site, running


class Lambda:
    """Calls the functions of the site by the names that they have in the stack ``trial``."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803  as boto3 has it
        name = FunctionName.removeprefix("trial-").replace("-", "_")
        answer = self.site.stack.invoke(name, json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:sts::123456789012:assumed-role/Accountants/ann@contoso.example"}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with running() as made:
        monkeypatch.setattr(boto3, "client", lambda service, **_: Lambda(made))
        yield made


def test_a_map_is_paused_listed_and_resumed(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "pause", "actuals", "--stack-prefix", "trial", "--reason", "month's end"]) == 0
    assert capsys.readouterr().out.startswith("actuals                   paused since 20")
    site.send(actual("a"))
    assert main(["map", "list", "--stack-prefix", "trial"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(TableMapName)
    assert [line.endswith("Z: month's end") for line in lines if line.startswith("actuals ")] == [True]
    assert main(["map", "resume", "actuals", "--stack-prefix", "trial"]) == 0
    assert "1 event that was kept is on the bus" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["resume", "actuals"], "refused: actuals is running"),
        (["stop", "actual"], "refused: there is no table map 'actual'"),
        (["stop"], "map stop: say which map"),
    ],
)
def test_what_is_refused_is_said_in_words(
    site: Site, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert main(["map", *arguments, "--stack-prefix", "trial"]) == 2
    assert problem in capsys.readouterr().err
