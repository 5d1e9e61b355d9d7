"""The file of variables for ``sam local invoke``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local import ROOT
from local.sam_local import written
from local.template import read
from operate.invalid_input import InvalidInput

SDK = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture(autouse=True)
def sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    for name, value in SDK.items():
        monkeypatch.setenv(name, value)


def test_it_has_every_variable_of_every_function_while_the_stack_is_up(tmp_path: Path) -> None:
    template = read(ROOT / "template.yaml", DataverseUrl="http://127.0.0.1:5000")
    file = tmp_path / "env.json"
    with written(file, template):
        (given,) = json.loads(file.read_text(encoding="utf-8")).values()
    assert not file.exists()

    away = "http://host.docker.internal"
    assert given["DATAVERSE_URL"] == f"{away}:5000"
    for function in template.functions:
        own = {name: value for name, value in function.environment.items() if name != "DATAVERSE_URL"}
        assert own.items() <= given.items(), function.name
    assert (given["AWS_ENDPOINT_URL"], given["AWS_REGION"]) == (f"{away}:4566", "us-east-1")
    assert given["AWS_ACCESS_KEY_ID"] == given["AWS_SECRET_ACCESS_KEY"] == "local"


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "env.json"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(InvalidInput, match="name a new file"), written(file, read(ROOT / "template.yaml")):
        raise AssertionError
    assert file.read_text(encoding="utf-8") == "mine"
