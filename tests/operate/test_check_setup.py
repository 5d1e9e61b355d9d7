"""``invoicing check setup``: a file is checked before it is loaded, without a stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import ROOT
from local.cli import main

SETUP = ROOT / "events" / "scenarios" / "plain-month" / "setup.yaml"


def test_a_set_up_that_lacks_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "setup", str(SETUP), "--on", "2026-08-31", "--strict"]) == 0
    assert capsys.readouterr().out.endswith("setup.yaml is valid and lacks nothing that can be checked\n")


def test_what_is_lacking_is_said_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "setup.yaml"
    text = SETUP.read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(text) if "customer_balance" in line)
    file.write_text("\n".join(line for number, line in enumerate(text) if number != at), "utf-8")
    command = ["check", "setup", str(file), "--on", "2026-08-31"]
    assert (main(command), main([*command, "--strict"])) == (0, 1)
    out = capsys.readouterr().out
    assert "has no account for customer_balance, which every invoice posts to" in out
    assert out.count("setup.yaml is valid; 1 warning") == 2
    assert f"{file}:" in out


def test_what_is_wrong_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "setup.yaml"
    file.write_text("companies: {}\n", "utf-8")
    assert main(["check", "setup", str(file)]) == 2
    assert "currencies: is missing and must be given" in capsys.readouterr().err


def test_a_day_is_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", "setup", str(SETUP), "--on", "August"])
    assert ended.value.code == 2
    assert "--on is written as 2026-08-31, not 'August'" in capsys.readouterr().err
