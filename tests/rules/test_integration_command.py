"""``invoicing integration`` on the command line, over the tables that the environment names."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest

from local import cli
from operate import integration
from project_invoicing import bootstrap
from project_invoicing.config import settings
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.journals.cases import custom_columns
from tests.rules.stories import cost
from tests.rules.test_integration_lines import BOUGHT, billed, with_accounts
from tests.rules.test_reconciliation import Side

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def side(books: Books) -> Iterator[Side]:
    books.use(with_accounts())
    with custom_columns():
        made = Side(books)
        made.arrive(cost("steel", "3", **BOUGHT))
        books.journalise()
        billed(made, "line 300", "300", "steel")
        billed(made, "line 200", "200", "never came")
        yield made


@pytest.fixture
def command(side: Side, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    names = side.books.world.names
    tables = ("staging", "journals", "proposals", "ledger", "setup", "master_data", "dataverse")
    environment = {f"{name.upper()}_TABLE": getattr(names, f"{name}_table") for name in tables}

    def call(*arguments: str) -> tuple[int, str, str]:
        os.environ.update(environment)
        settings.cache_clear()
        code = cli.main(["integration", *arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    def today(*_: object) -> str:
        return side.books.world.at

    with (
        patch.dict(os.environ, environment),
        patch.object(bootstrap, "dataverse", lambda: side.dataverse),
        patch.object(integration, "utc_text", today),
    ):
        yield call
    settings.cache_clear()


def test_iws_02_the_balances_are_printed_line_by_line_as_tables_json_or_csv(command: Command) -> None:
    code, text, _ = command("balances")
    assert (code, "missing actual" in text, "200140" in text, "vendor invoice 300.00" in text) == (0, True, True, True)
    told = json.loads(command("balances", "--json", "--all")[1])
    assert [(one["state"], one["difference"]) for one in told["lines"]] == [
        ("missing_actual", "200.00"),
        ("reconciled", "0.00"),
    ]
    _, text, _ = command("balances", "--csv")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["id"], row["difference"], row["actual"]) == (guid("line 200"), "200.00", guid("never came"))
    assert json.loads(command("balances", "--json", "--from", "2026-08-28")[1])["lines"] == []


def test_what_is_asked_wrongly_is_refused(command: Command) -> None:
    for asked, told in (
        (("balances", "--company", "NONE"), "NONE"),
        (("balances", "--from", "2026-08-28", "--to", "2026-08-01"), "which is before"),
        (("balances", "--repair"), "EVENT_BUS_NAME"),
        (("errors", "--company", "NONE"), "NONE"),
    ):
        code, _, error = command(*asked)
        assert (code, told in error) == (2, True), error


def test_iws_04_where_the_other_side_cannot_be_read_the_command_says_so_and_ends_with_1(command: Command) -> None:
    with patch.object(bootstrap, "dataverse", lambda: None):
        code, text, _ = command("balances")
        assert (code, "only our side is known" in text) == (1, True)
        assert "only our side is known" in command("balances", "--csv")[2]


def test_iws_07_the_errors_are_printed_with_what_to_do(command: Command, side: Side) -> None:
    assert "Nothing has failed" in command("errors", "--from", "2026-01-01")[1]
    side.arrive(cost("lost", category="none"))
    side.books.import_staging()
    code, text, _ = command("errors", "--from", "2026-01-01")
    assert (code, guid("lost") in text, "What to do" in text) == (0, True, True)
    (row,) = json.loads(command("errors", "--from", "2026-01-01", "--json")[1])["rows"]
    assert (row["kind"], row["reason"]) == ("actual", "reference_missing")
    (row,) = csv.DictReader(io.StringIO(command("errors", "--from", "2026-01-01", "--csv")[1]))
    assert row["id"] == guid("lost")
